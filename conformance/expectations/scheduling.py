"""config.md, Linux Process: scheduler, ioPriority and execCPUAffinity.

What the config leaves unset is not judged: that 0 is to be used then is said in lower case only.
"""

from collections.abc import Sequence

from conformance.expectations.calls import number, results
from conformance.expectations.contract import (
    Applicability,
    Applies,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    NotTestable,
    equal,
    running,
    violated,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Result
from conformance.record.record import Record
from specs.linux.scheduler import IOPRIO_CLASS_SHIFT, IOPRIO_CLASSES, POLICIES

_CAP_SYS_ADMIN = 21
_CAP_SYS_NICE = 23
_BY_NICE = {"SCHED_OTHER", "SCHED_BATCH"}
_REAL_TIME = {"SCHED_FIFO", "SCHED_RR"}
_DEADLINE = {"SCHED_DEADLINE"}
_SIGCHLD = 17
_IOPRIO_WHO_PROCESS = 1
_WITHOUT_LEVEL = "IOPRIO_CLASS_IDLE"

CHILD_PRIORITY = Action(
    "ask for the I/O priority of itself and of a child",
    (
        Call("clone", (_SIGCHLD, 0, 0, 0, 0), pause_if_zero=True),
        Call("ioprio_get", (_IOPRIO_WHO_PROCESS, 0)),
        Call("ioprio_get", (_IOPRIO_WHO_PROCESS, Result(0))),
    ),
    destructive=True,
)


def _policy(config: Config) -> str:
    name = lookup(config, "/process/scheduler/policy")
    return name if isinstance(name, str) else ""


def _sets(member: str, policies: set[str]) -> Applies:
    def applies(config: Config, host: Host) -> Applicability:
        value = lookup(config, f"/process/scheduler/{member}")
        if _policy(config) not in policies or value is None:
            return False
        if _policy(config) in _REAL_TIME | _DEADLINE and not host.can(_CAP_SYS_NICE):
            return NotTestable(f"without CAP_SYS_NICE {_policy(config)} cannot be set")
        return True

    return applies


def _policy_set(config: Config, _host: Host, record: Record) -> Evidence:
    scheduling = running(record).process.scheduling
    return equal(expected=POLICIES[_policy(config)], observed=scheduling.policy, evidence=scheduling)


def _value(member: str) -> Judge:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        scheduling = running(record).process.scheduling
        if scheduling.policy != POLICIES[_policy(config)]:
            violated(expected={"policy": POLICIES[_policy(config)]}, observed=scheduling)
        expected = lookup(config, f"/process/scheduler/{member}")
        if member == "period" and not expected:
            # The kernel makes the deadline of a period that is 0: sched_setattr(2).
            expected = lookup(config, "/process/scheduler/deadline")
        return equal(expected=expected, observed=getattr(scheduling, member), evidence=scheduling)

    return judge


def _sets_io_priority(config: Config, host: Host) -> Applicability:
    name = lookup(config, "/process/ioPriority/class")
    if name not in IOPRIO_CLASSES:
        return False
    if name == "IOPRIO_CLASS_RT" and not (host.can(_CAP_SYS_NICE) or host.can(_CAP_SYS_ADMIN)):
        return NotTestable("without CAP_SYS_NICE or CAP_SYS_ADMIN the class cannot be set")
    return True


def _asks_child(_config: Config, _host: Host) -> Sequence[Action]:
    return (CHILD_PRIORITY,)


def _whole_group(config: Config, _host: Host, record: Record) -> Evidence:
    name, level = (lookup(config, f"/process/ioPriority/{member}") for member in ("class", "priority"))
    _, itself, child = results(config, record, CHILD_PRIORITY)
    seen = [_io_priority(number(each)) for each in (itself, child)]
    expected = (IOPRIO_CLASSES[name], level)
    for io_class, io_level in seen:
        # The level of the idle class means nothing.
        if io_class != expected[0] or (io_level != level and name != _WITHOUT_LEVEL):
            violated(expected={"class": expected[0], "level": level}, observed={"program and its child": seen})
    return Evidence({"class": expected[0], "level": level}, {"program and its child": seen})


def _io_priority(value: int) -> tuple[int, int]:
    return value >> IOPRIO_CLASS_SHIFT, value & 7


def _sets_affinity(config: Config, _host: Host) -> Applicability:
    return lookup(config, "/process/execCPUAffinity") is not None


def _not_for_init(_config: Config, _host: Host, record: Record) -> Evidence:
    """Compare with the twin: a runtime may give its container another affinity than its own has."""
    if record.twin is None or record.twin.running is None:
        raise Inconclusive("the same config without execCPUAffinity was not seen to run")
    expected = record.twin.running.process.scheduling.affinity
    return equal(expected=sorted(expected), observed=sorted(running(record).process.scheduling.affinity))


EXPECTATIONS = (
    Expectation(
        requirement="config.process.scheduler.policy.effect",
        applies=_sets("policy", set(POLICIES) - {"SCHED_ISO"}),
        judge=_policy_set,
    ),
    *(
        Expectation(
            requirement=f"config.process.scheduler.{member}.effect", applies=_sets(member, policies), judge=_value(member)
        )
        for member, policies in (
            ("nice", _BY_NICE),
            ("priority", _REAL_TIME),
            ("runtime", _DEADLINE),
            ("deadline", _DEADLINE),
            ("period", _DEADLINE),
        )
    ),
    Expectation(
        requirement="config.process.iopriority.whole-group",
        applies=_sets_io_priority,
        probes=_asks_child,
        judge=_whole_group,
        sees="probe",
    ),
    Expectation(requirement="config.process.execcpuaffinity.not-init", applies=_sets_affinity, judge=_not_for_init),
)
