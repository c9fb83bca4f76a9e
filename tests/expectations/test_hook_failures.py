"""Hooks that fail or do not end: the container is stopped, delete goes on, the hook is aborted."""

from typing import Any

import pytest

from conformance.expectations import hooks
from conformance.expectations.contract import Expectation, Inconclusive, Violation
from conformance.expectations.hook_failures import AFTER_THE_FAILURE, EXPECTATIONS
from conformance.record.operation import StateReading
from conformance.record.record import Record
from tests.expectations.records import hook_call, host, judged, named, operation, record, snapshot

FAILING = {
    "prestart": "runtime.lifecycle.step03-prestart-fail",
    "createRuntime": "runtime.lifecycle.step04-createruntime-fail",
    "createContainer": "runtime.lifecycle.step05-createcontainer-fail",
    "startContainer": "runtime.lifecycle.step07-startcontainer-fail",
}
POSTSTART = named(EXPECTATIONS, "runtime.lifecycle.step09-poststart-fail")
WARNING = named(EXPECTATIONS, "runtime.lifecycle.step13-poststop-fail-warning")
CONTINUE = named(EXPECTATIONS, "runtime.lifecycle.step13-poststop-fail-continue")
TIMEOUT = named(EXPECTATIONS, "config.hooks.timeout.effect")
TWIN = record({}, created=snapshot(), running=snapshot())


def config(kind: str, count: int = 1, **members: Any) -> dict[str, Any]:
    return {"process": {"args": ["/probe"]}, "hooks": {kind: [{"path": "/x", **members}] * count}}


def failed(kind: str, **changes: Any) -> Record:
    name = "start" if kind == "startContainer" else "create"
    calls = [hook_call(kind, exit_status=3)]
    return record(config(kind), **{"hooks": calls, "operations": [operation(name, 1)], "twin": TWIN, **changes})


def judge(expectation: Expectation, made: Record) -> Any:
    return expectation.judge(made.config, host(), made)


@pytest.mark.parametrize(("kind", "requirement"), FAILING.items())
def test_the_program_never_runs(kind: str, requirement: str) -> None:
    expectation = named(EXPECTATIONS, requirement)
    assert judge(expectation, failed(kind)).kind == "refused"
    for wrong in ({"program_started": [1.0]}, {"hooks": [hook_call(kind, exit_status=3, container_exe="/probe")]}):
        with pytest.raises(Violation):
            judge(expectation, failed(kind, **wrong))
    unseen: tuple[dict[str, Any], ...] = ({"twin": None}, {"hooks": [hook_call(kind)]}, {"hooks": []})
    for nothing in unseen:
        with pytest.raises(Inconclusive):
            judge(expectation, failed(kind, **nothing))


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
def test_a_process_that_is_left_violates(kind: str) -> None:
    with pytest.raises(Violation):
        judge(named(EXPECTATIONS, FAILING[kind]), failed(kind, created=snapshot()))


def poststart(**changes: Any) -> Record:
    calls = [hook_call("poststart", exit_status=3)]
    operations = [operation("create"), operation("start", 1)]
    return record(config("poststart"), **{"hooks": calls, "operations": operations, "twin": TWIN, **changes})


def test_a_failing_poststart_hook_stops_the_container() -> None:
    assert judge(POSTSTART, poststart()).kind == "refused"
    with pytest.raises(Violation):
        judge(POSTSTART, poststart(snapshots={AFTER_THE_FAILURE: snapshot()}))
    for nothing in ({"twin": None}, {"hooks": [hook_call("poststart")]}, {"operations": [operation("start", None)]}):
        with pytest.raises(Inconclusive):
            judge(POSTSTART, poststart(**nothing))


def poststop(status: int | None = 0, **changes: Any) -> Record:
    calls = [hook_call("poststop", exit_status=3), hook_call("poststop", index=1, arrived=2.0, released=2.5)]
    return record(config("poststop", 2), **{"hooks": calls, "operations": [operation("delete", status)], **changes})


def test_whether_a_create_that_fails_ends_with_poststop_hooks_is_left_open() -> None:
    when = named(hooks.EXPECTATIONS, "config.hooks.poststop.when")
    early = [hook_call("poststop", operation="create")]
    with pytest.raises(Inconclusive):
        judged(when, record(config("poststop"), hooks=early, operations=[operation("create", 1)]))
    with pytest.raises(Violation):
        judged(when, record(config("poststop"), hooks=early, operations=[operation("create")]))
    judged(when, record(config("poststop"), hooks=[hook_call("poststop")], operations=[operation("create"), operation("delete")]))


def test_a_failing_poststop_hook_is_no_error_of_delete() -> None:
    judge(WARNING, poststop())
    with pytest.raises(Violation):
        judge(WARNING, poststop(1))
    for nothing in (poststop(None), poststop(operations=[]), poststop(hooks=[hook_call("poststop")])):
        with pytest.raises(Inconclusive):
            judge(WARNING, nothing)


def test_the_other_poststop_hooks_run_and_the_container_goes() -> None:
    judge(CONTINUE, poststop())
    reading = StateReading(operation=operation("state", started=3.0), document={"id": "test"})
    for wrong in ({"hooks": [hook_call("poststop", exit_status=3)]}, {"states": [reading]}):
        with pytest.raises(Violation):
            judge(CONTINUE, poststop(**wrong))


def stalled(*, aborted: bool, status: int | None = 1) -> Record:
    call = hook_call("createRuntime", exit_status=-1, aborted=aborted)
    return record(config("createRuntime", timeout=1), hooks=[call], operations=[operation("create", status)])


def test_a_hook_that_does_not_end_is_aborted() -> None:
    judge(TIMEOUT, stalled(aborted=True))
    with pytest.raises(Violation):
        judge(TIMEOUT, stalled(aborted=False))


def test_a_hook_that_ended_with_a_runtime_that_had_to_be_killed_was_not_aborted() -> None:
    with pytest.raises(Violation):
        judge(TIMEOUT, stalled(aborted=True, status=None))


def test_a_hook_that_ended_by_itself_shows_nothing() -> None:
    with pytest.raises(Inconclusive):
        judge(TIMEOUT, record(config("createRuntime", timeout=1), hooks=[hook_call("createRuntime")]))
    assert TIMEOUT.applies(config("createRuntime"), host()) is False
