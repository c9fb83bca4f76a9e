"""Where a hook's path is looked up, what exists by then, and what its state says."""

from typing import Any

import pytest

from conformance.expectations import hook_places, hook_states
from conformance.expectations.contract import Expectation, Inconclusive, Violation
from conformance.expectations.hook_calls import CREATE_KINDS, KINDS
from conformance.record.hook import HookCall
from conformance.record.record import Record
from tests.expectations.records import HOST_NAMESPACES, hook_call, host, judged, named, process, record, snapshot

EXPECTATIONS = (*hook_places.EXPECTATIONS, *hook_states.EXPECTATIONS)
HOST_FILE, ROOTFS_FILE, OTHER = (8, 1), (8, 2), (8, 3)
INSIDE = {name: inode + 100 for name, inode in HOST_NAMESPACES.items()}
NEW = {"linux": {"namespaces": [{"type": kind} for kind in ("pid", "network", "cgroup", "time")]}}


def config(*kinds: str, count: int = 1) -> dict[str, Any]:
    return {"hooks": {kind: [{"path": "/x"}] * count for kind in kinds}} | NEW


def seen(*calls: HookCall, **changes: Any) -> Record:
    kinds = {call.kind: 0 for call in calls}
    made = config(*kinds, count=2)
    return record(made, **{"created": snapshot(process=process(pid=1000, ns_pids=(1000, 1))), "hooks": list(calls), **changes})


def about(name: str) -> Expectation:
    return named(EXPECTATIONS, name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["path-ns", "body-path-ns"])
def test_the_file_that_a_hook_executes_tells_where_its_path_was_looked_up(kind: str, name: str) -> None:
    right, wrong = (ROOTFS_FILE, HOST_FILE) if kind == "startContainer" else (HOST_FILE, ROOTFS_FILE)
    expectation = about(f"config.hooks.{kind.lower()}.{name}")
    judged(expectation, seen(hook_call(kind, executed=right, outside=HOST_FILE, inside=ROOTFS_FILE)))
    with pytest.raises(Violation):
        judged(expectation, seen(hook_call(kind, executed=wrong, outside=HOST_FILE, inside=ROOTFS_FILE)))


@pytest.mark.parametrize(
    ("executed", "outside", "inside"),
    [(None, HOST_FILE, None), (HOST_FILE, HOST_FILE, HOST_FILE), (OTHER, HOST_FILE, ROOTFS_FILE)],
    ids=["not seen", "one file", "an interpreter"],
)
def test_a_file_that_tells_nothing_is_not_judged(executed: Any, outside: Any, inside: Any) -> None:
    for kind in ("createRuntime", "startContainer"):
        made = seen(hook_call(kind, executed=executed, outside=outside, inside=inside))
        with pytest.raises(Inconclusive):
            judged(about(f"config.hooks.{kind.lower()}.path-ns"), made)


@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_the_namespaces_are_there_when_hooks_of_create_run(kind: str) -> None:
    expectation = about(f"config.hooks.{kind.lower()}.after-namespaces")
    judged(expectation, seen(hook_call(kind, container_namespaces=INSIDE)))
    judged(expectation, seen(hook_call(kind, container_namespaces=INSIDE | {"pid": 1, "cgroup": 7, "time": 8})))
    with pytest.raises(Violation):
        judged(expectation, seen(hook_call(kind, container_namespaces=INSIDE | {"net": 2})))
    with pytest.raises(Inconclusive):
        judged(expectation, seen(hook_call(kind, container_namespaces={})))


def test_create_container_hooks_run_before_pivot_root() -> None:
    expectation = about("config.hooks.createcontainer.before-pivot")
    inside = HOST_NAMESPACES | {"mnt": INSIDE["mnt"]}
    judged(expectation, seen(hook_call("createContainer", namespaces=inside)))
    for wrong in ({"namespaces": HOST_NAMESPACES}, {"namespaces": inside, "root_has_marker": False}):
        with pytest.raises(Violation):
            judged(expectation, seen(hook_call("createContainer", **wrong)))


def test_the_pid_outside() -> None:
    expectation = about("runtime.state.pid-runtime-ns-hooks")
    judged(expectation, seen(hook_call("prestart", state={"pid": 1000})))
    with pytest.raises(Violation):
        judged(expectation, seen(hook_call("prestart", state={"pid": 1})))
    with pytest.raises(Inconclusive):
        judged(expectation, seen(hook_call("prestart", state={"status": "creating"})))


def test_the_pid_inside() -> None:
    expectation = about("runtime.state.pid-container-ns-hooks")
    judged(expectation, seen(hook_call("startContainer", state={"pid": 1}, namespaces=INSIDE)))
    judged(expectation, seen(hook_call("createContainer", state={"pid": 1000})))  # left in the runtime's pid namespace
    for wrong in ({"pid": 1000}, {"pid": 0}):
        with pytest.raises(Violation):
            judged(expectation, seen(hook_call("startContainer", state=wrong, namespaces=INSIDE)))


@pytest.mark.parametrize("kind", CREATE_KINDS)
def test_status_during_create(kind: str) -> None:
    for status in ("creating", "created"):
        judged(about("runtime.state.status-creating"), seen(hook_call(kind, state={"status": status})))
    for wrong in ("running", "stopped", None):
        with pytest.raises(Violation):
            judged(about("runtime.state.status-creating"), seen(hook_call(kind, state={"status": wrong})))


def test_status_by_phase() -> None:
    expectation = about("config.hooks.state-fits-phase")
    judged(expectation, seen(hook_call("poststart", state={"status": "running"})))
    with pytest.raises(Violation):
        judged(expectation, seen(hook_call("poststart", state={"status": "created"})))
    with pytest.raises(Inconclusive):
        judged(expectation, seen(hook_call("poststop", state={"status": "anything"})))


def test_hooks_one_after_the_other() -> None:
    expectation = about("config.hooks.order-sequential")
    judged(expectation, seen(hook_call("prestart"), hook_call("prestart", index=1)))
    with pytest.raises(Violation):
        judged(expectation, seen(hook_call("prestart", crowded=True), hook_call("prestart", index=1)))
    with pytest.raises(Inconclusive):
        judged(expectation, seen(hook_call("prestart")))


def test_without_hooks_nothing_is_judged() -> None:
    for expectation in EXPECTATIONS:
        assert expectation.applies({}, host()) is False
        with pytest.raises(Inconclusive):
            expectation.judge(NEW, host(), record(NEW, created=snapshot()))
