"""The lifecycle's own wording of what the operations do: the same judges, seen to pass and to fail."""

from typing import Any

import pytest

from conformance.expectations.contract import Expectation, Inconclusive, Violation
from conformance.expectations.lifecycle import EXPECTATIONS
from conformance.record.leak import Leak
from conformance.record.operation import StateReading, Status
from conformance.record.record import Record
from tests.expectations.records import host, named, operation, process, record, snapshot

CONFIG = {"process": {"args": ["/probe", "argument"]}, "annotations": {"colour": "blue"}}
INIT = snapshot(process=process(cmdline=("runtime", "init")))
PROGRAM = snapshot(process=process(cmdline=("/probe", "argument")))


def life(**changes: Any) -> Record:
    operations = [operation("create"), operation("start", started=2.0), operation("delete", started=9.0)]
    started = {"program_started": [3.0], "leaks": ()}
    return record(CONFIG, **{"created": INIT, "running": PROGRAM, "operations": operations, **started, **changes})


def rereading() -> list[StateReading]:
    later = operation("state", started=3.0)
    return [StateReading(operation=later, document={"annotations": {"colour": "red"}}, actual=Status.RUNNING)]


CASES: dict[str, list[dict[str, Any]]] = {
    "runtime.lifecycle.step02-program-not-run": [{"created": PROGRAM}, {"program_started": [1.0]}],
    "runtime.lifecycle.step08-run-program": [{"program_started": []}],
    "runtime.lifecycle.step12-destroyed": [{"leaks": (Leak("mount", "/x"),)}],
    "runtime.lifecycle.step02-config-frozen": [{"running": INIT}, {"states": rereading()}],
}


def judge(expectation: Expectation, made: Record) -> Any:
    return expectation.judge(made.config, host(), made)


@pytest.mark.parametrize(("requirement", "wrongs"), CASES.items())
def test_right_and_wrong(requirement: str, wrongs: list[dict[str, Any]]) -> None:
    expectation = named(EXPECTATIONS, requirement)
    judge(expectation, life())
    for wrong in wrongs:
        with pytest.raises(Violation):
            judge(expectation, life(**wrong))


@pytest.mark.parametrize("requirement", CASES)
def test_not_seen(requirement: str) -> None:
    nothing = {"created": None, "running": None, "leaks": None, "operations": [operation("start", 1, started=2.0)]}
    with pytest.raises(Inconclusive):
        judge(named(EXPECTATIONS, requirement), life(**nothing))


def test_create_without_an_id_fails() -> None:
    expectation = named(EXPECTATIONS, "runtime.create.error-missing-args")
    for status, outcome in ((1, None), (0, Violation), (None, Inconclusive)):
        made = life()
        made.operations.append(operation("create", status, note="no id"))
        if outcome is None:
            judge(expectation, made)
        else:
            with pytest.raises(outcome):
                judge(expectation, made)
