"""Operations that are there, ids, what has ended, and what create makes."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.expectations.contract import Expectation, Inconclusive, Unexercised, Violation
from conformance.expectations.support import EXIT, EXPECTATIONS
from conformance.record.operation import Operation, StateReading, Status
from conformance.record.probe import Answer
from conformance.record.record import Record
from tests.expectations.records import (
    HOST_NAMESPACES,
    accepted,
    host,
    judged,
    named,
    operation,
    process,
    record,
    refused,
    snapshot,
)

SUPPORTED = named(EXPECTATIONS, "runtime.operations.all-supported")
RESOURCES = named(EXPECTATIONS, "runtime.lifecycle.step02-resources-created")
NO_PROCESS = named(EXPECTATIONS, "runtime.start.error-no-process")
KILL = named(EXPECTATIONS, "runtime.kill.noop-unless-alive")
AGAIN = named(EXPECTATIONS, "runtime.delete.id-reusable")
ONE = named(EXPECTATIONS, "runtime.state.id-unique-on-host")
ENDED = named(EXPECTATIONS, "runtime.lifecycle.step10-exit-causes")


def judge(expectation: Expectation, made: Record) -> Any:
    return expectation.judge(made.config, host(), made)


def reading(document: dict[str, object] | None, at: float, actual: Status = Status.STOPPED) -> StateReading:
    return StateReading(operation=operation("state", started=at, ended=at), document=document, actual=actual)


def life(**statuses: int) -> Record:
    names = ("create", "state", "start", "kill")
    operations = [operation(name, statuses.get(name, 0), before=Status.RUNNING) for name in names]
    operations.append(operation("delete", statuses.get("delete", 0), started=5.0, ended=5.0))
    return record(
        {},
        created=snapshot(),
        operations=operations,
        program_started=[1.0],
        states=[reading({"id": "test"}, 0.0)] if not statuses.get("state") else [],
        exit_code=-9,
        leaks=(),
    )


def test_every_operation_works() -> None:
    judge(SUPPORTED, life())
    judge(named(EXPECTATIONS, "runtime.scope.ops-on-own-container"), life())


@pytest.mark.parametrize("name", ["state", "kill", "delete"])
def test_an_operation_that_fails_on_a_running_container_violates(name: str) -> None:
    with pytest.raises(Violation):
        judge(SUPPORTED, life(**{name: 1}))


@pytest.mark.parametrize("name", ["create", "start"])
def test_a_container_that_cannot_be_made_here_shows_nothing(name: str) -> None:
    with pytest.raises(Inconclusive):
        judge(SUPPORTED, life(**{name: 1}))


def test_a_state_after_the_end_may_fail() -> None:
    made = life()
    made.operations.append(operation("state", 1, before=Status.ABSENT))
    judge(SUPPORTED, made)


def test_namespaces_are_made_by_create() -> None:
    config = {"linux": {"namespaces": [{"type": "ipc"}, {"type": "time"}, {"type": "network", "path": "/n"}]}}
    judge(RESOURCES, record(config, created=snapshot()))
    judge(RESOURCES, record(config, created=snapshot(namespaces={**snapshot().namespaces, "time": 8, "net": 2})))
    with pytest.raises(Violation):
        judge(RESOURCES, record(config, created=snapshot(namespaces=HOST_NAMESPACES)))
    with pytest.raises(Unexercised):
        judge(RESOURCES, record({}, created=snapshot()))


def test_without_process_start_fails_or_create_does() -> None:
    judged(NO_PROCESS, refused({}))
    with pytest.raises(Violation):
        judged(NO_PROCESS, accepted({}))
    with pytest.raises(Inconclusive):
        judged(NO_PROCESS, refused({}, twin_runs=False))
    assert NO_PROCESS.applies({"process": {}}, host()) is False


def killed(*readings: StateReading) -> Record:
    kill = replace(operation("kill", 1, started=2.0, ended=2.0), before=Status.STOPPED)
    return record({}, operations=[kill], states=list(readings))


STOPPED: dict[str, object] = {"id": "test", "status": "stopped"}


def test_kill_of_a_stopped_container_changes_nothing() -> None:
    judge(KILL, killed(reading(STOPPED, 1.0), reading(STOPPED, 3.0)))
    for after in (None, {**STOPPED, "status": "running"}):
        with pytest.raises(Violation):
            judge(KILL, killed(reading(STOPPED, 1.0), reading(after, 3.0)))
    with pytest.raises(Inconclusive):
        judge(KILL, killed(reading(STOPPED, 3.0)))
    with pytest.raises(Unexercised):
        judge(KILL, record({}))


def again(status: int) -> list[Operation]:
    return [operation("create"), operation("delete", started=1.0, ended=2.0), operation("create", status, started=3.0)]


def test_an_id_is_used_again() -> None:
    judge(AGAIN, record({}, operations=again(0)))
    with pytest.raises(Violation):
        judge(AGAIN, record({}, operations=again(1)))
    with pytest.raises(Unexercised):
        judge(AGAIN, record({}, operations=again(0)[:2]))


def twice(*pids: int, first_lives: bool = True) -> Record:
    made = record({}, created=snapshot(process=process(pid=7)), second_containers=list(pids))
    made.operations = [operation("create"), operation("create", 0, note="same id")]
    if first_lives:
        made.snapshots["after the second create"] = snapshot()
    return made


def test_an_id_has_one_container() -> None:
    for right in (twice(), twice(7), twice(9, first_lives=False)):
        judge(ONE, right)
    with pytest.raises(Violation):
        judge(ONE, twice(9))
    with pytest.raises(Unexercised):
        judge(ONE, record({}, created=snapshot()))


def test_how_a_container_ends() -> None:
    judge(ENDED, record({}, exit_code=-9))
    judge(ENDED, record({}, exit_code=5, answers={EXIT: Answer((), "gone", died=5)}))
    with pytest.raises(Violation):
        judge(ENDED, record({}, exit_code=-11, answers={EXIT: Answer((), "gone", died=-11)}))
    with pytest.raises(Inconclusive):
        judge(ENDED, record({}))
