"""Scheduling policy and priorities, of the program and of what it starts; security labels and the umask."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.expectations import labels, scheduling
from conformance.expectations.contract import Inconclusive, NotTestable, Violation
from conformance.record.probe import CallResult
from conformance.record.record import Record
from tests.expectations.records import answered, host, judged, named, process, record, snapshot

POLICY = named(scheduling.EXPECTATIONS, "config.process.scheduler.policy.effect")
PRIORITY = named(scheduling.EXPECTATIONS, "config.process.iopriority.whole-group")
AFFINITY = named(scheduling.EXPECTATIONS, "config.process.execcpuaffinity.not-init")
APPARMOR = named(labels.EXPECTATIONS, "config.process.apparmor.effect")
SELINUX = named(labels.EXPECTATIONS, "config.process.selinux.effect")
UMASK = named(labels.EXPECTATIONS, "config.process.user.umask.unset")
DEADLINE = {"policy": "SCHED_DEADLINE", "runtime": 10, "deadline": 30, "period": 50}


def config(**scheduler: Any) -> dict[str, Any]:
    return {"process": {"scheduler": scheduler}}


def seen(made: dict[str, Any], **members: Any) -> Record:
    return record(made, running=snapshot(process=process(scheduling=replace(process().scheduling, **members))))


def test_policy() -> None:
    made = config(policy="SCHED_BATCH")
    judged(POLICY, seen(made, policy=3))
    with pytest.raises(Violation):
        judged(POLICY, seen(made, policy=0))
    with pytest.raises(Inconclusive):
        judged(POLICY, record(made))


@pytest.mark.parametrize(
    ("member", "made", "right", "wrong"),
    [
        ("nice", {"policy": "SCHED_OTHER", "nice": -5}, {"policy": 0, "nice": -5}, {"policy": 0, "nice": 0}),
        ("priority", {"policy": "SCHED_FIFO", "priority": 7}, {"policy": 1, "priority": 7}, {"policy": 1, "priority": 1}),
        ("runtime", DEADLINE, {"policy": 6, "runtime": 10}, {"policy": 6, "runtime": 30}),
        ("deadline", DEADLINE, {"policy": 6, "deadline": 30}, {"policy": 0, "deadline": 30}),
        ("period", DEADLINE, {"policy": 6, "period": 50}, {"policy": 6, "period": 30}),
        ("period", DEADLINE | {"period": 0}, {"policy": 6, "period": 30}, {"policy": 6, "period": 0}),
    ],
)
def test_values(member: str, made: dict[str, Any], right: dict[str, int], wrong: dict[str, int]) -> None:
    expectation = named(scheduling.EXPECTATIONS, f"config.process.scheduler.{member}.effect")
    judged(expectation, seen(config(**made), **right))
    with pytest.raises(Violation):
        judged(expectation, seen(config(**made), **wrong))


def test_what_is_not_set_or_cannot_be_is_not_judged() -> None:
    nice = named(scheduling.EXPECTATIONS, "config.process.scheduler.nice.effect")
    assert nice.applies(config(policy="SCHED_OTHER"), host()) is False
    assert nice.applies(config(policy="SCHED_FIFO", nice=3), host()) is False
    assert POLICY.applies(config(policy="SCHED_ISO"), host()) is False
    assert isinstance(POLICY.applies(config(policy="SCHED_RR"), host(capabilities=0)), NotTestable)
    assert POLICY.applies(config(policy="SCHED_BATCH"), host(capabilities=0)) is True


def io(name: str, level: int, *values: tuple[int, int]) -> Record:
    made = {"process": {"ioPriority": {"class": name, "priority": level}}}
    return answered(PRIORITY, made, CallResult(77), *(io_class << 13 | io_level for io_class, io_level in values))


def test_io_priority_of_the_program_and_its_child() -> None:
    judged(PRIORITY, io("IOPRIO_CLASS_BE", 6, (2, 6), (2, 6)))
    judged(PRIORITY, io("IOPRIO_CLASS_IDLE", 4, (3, 7), (3, 7)))
    for wrong in (((2, 6), (2, 4)), ((0, 0), (0, 0)), ((3, 6), (3, 6))):
        with pytest.raises(Violation):
            judged(PRIORITY, io("IOPRIO_CLASS_BE", 6, *wrong))
    realtime = {"process": {"ioPriority": {"class": "IOPRIO_CLASS_RT", "priority": 0}}}
    assert isinstance(PRIORITY.applies(realtime, host(capabilities=0)), NotTestable)


def test_a_child_that_could_not_be_made_shows_nothing() -> None:
    made = {"process": {"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 6}}}
    with pytest.raises(Inconclusive):
        judged(PRIORITY, answered(PRIORITY, made, -11, 2 << 13 | 6, -11))


def test_the_affinity_of_further_processes_is_not_that_of_init() -> None:
    made = {"process": {"execCPUAffinity": {"final": "0"}}}
    twin = seen({}, affinity=frozenset({0, 1}))
    right, wrong = seen(made, affinity=frozenset({0, 1})), seen(made, affinity=frozenset({0}))
    right.twin = wrong.twin = twin
    judged(AFFINITY, right)
    with pytest.raises(Violation):
        judged(AFFINITY, wrong)
    with pytest.raises(Inconclusive):
        judged(AFFINITY, seen(made))


@pytest.mark.parametrize(
    ("expectation", "member", "module", "right"),
    [(APPARMOR, "apparmorProfile", "apparmor", "it (enforce)"), (SELINUX, "selinuxLabel", "selinux", "it")],
)
def test_labels(expectation: Any, member: str, module: str, right: str) -> None:
    made = {"process": {member: "it"}}
    active = host(lsms=frozenset({module}))
    judged(expectation, record(made, running=snapshot(process=process(label=right))), active)
    with pytest.raises(Violation):
        judged(expectation, record(made, running=snapshot(process=process(label="unconfined"))), active)
    with pytest.raises(Inconclusive):
        judged(expectation, record(made, running=snapshot()), active)
    assert isinstance(expectation.applies(made, host()), NotTestable)
    assert expectation.applies({"process": {}}, active) is False


def test_umask_of_the_caller() -> None:
    made: dict[str, Any] = {"process": {"user": {"uid": 0}}}
    judged(UMASK, record(made, running=snapshot(process=process(umask=0o022))))
    judged(UMASK, record(made, running=snapshot(process=process(umask=0o037)), umask=0o037))
    with pytest.raises(Violation):
        judged(UMASK, record(made, running=snapshot(process=process(umask=0o022)), umask=0o037))
