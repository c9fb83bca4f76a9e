"""The chapter on seccomp, judged on hand-made filters."""

import errno
from dataclasses import replace
from typing import Any

import pytest

from conformance.bpf.cbpf import Action
from conformance.expectations.contract import Expectation, Inconclusive, NotTestable, Violation
from conformance.expectations.seccomp import EXPECTATIONS, attempt
from conformance.expectations.seccomp_refusals import EXPECTATIONS as REFUSALS
from conformance.expectations.seccomp_samples import native_samples
from conformance.record.probe import Answer, CallResult
from conformance.record.record import Record
from conformance.record.snapshot import SeccompFilter
from specs.linux.syscalls import numbers
from tests.expectations.records import accepted, host, judged, named, process, record, refused, snapshot

X86_64, I386 = numbers("x86_64"), numbers("i386")
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ARGUMENT_0 = 16
"""Offset of the first argument in struct seccomp_data; its upper half follows."""


def _expectation(name: str) -> Expectation:
    return named(EXPECTATIONS, f"linux.seccomp.{name}")


def _filter(returns: dict[int, int], default: int) -> SeccompFilter:
    """Make a filter that looks at the number of the call alone."""
    tests = [row for number, word in returns.items() for row in ((_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, word))]
    return SeccompFilter(flags=0, instructions=((_LOAD, 0, 0, 0), *tests, (_RETURN, 0, 0, default)))


def _comparing(number: int, value: int, word: int, *, halves: int = 2) -> SeccompFilter:
    """Make a filter that answers with `word` where the first argument of that call equals `value`, in these halves."""
    rows: list[tuple[int, int, int, int]] = []
    for half in range(halves):
        rows += [(_LOAD, 0, 0, _ARGUMENT_0 + 4 * half), (_JUMP_IF_EQUAL, 0, 0, value >> 32 * half & 0xFFFFFFFF)]
    tests = [(_LOAD, 0, 0, 0), (_JUMP_IF_EQUAL, 0, 0, number), *rows]
    end = len(tests) + 1
    jumps = [(code, 0, end - at - 1 if code == _JUMP_IF_EQUAL else 0, k) for at, (code, _, _, k) in enumerate(tests)]
    return SeccompFilter(flags=0, instructions=(*jumps, (_RETURN, 0, 0, word), (_RETURN, 0, 0, Action.ALLOW)))


def _config(*entries: dict[str, Any], default: str = "SCMP_ACT_ALLOW", **members: Any) -> dict[str, Any]:
    return {"linux": {"seccomp": {"defaultAction": default, "syscalls": list(entries), **members}}}


def _entry(*names: str, action: str = "SCMP_ACT_ERRNO", **members: Any) -> dict[str, Any]:
    return {"names": list(names), "action": action, **members}


def _runs(config: dict[str, Any], *filters: SeccompFilter, mode: int = 2) -> Record:
    return record(config, running=snapshot(process=process(seccomp_mode=mode), seccomp=filters))


DENIES = _config(_entry("mkdirat", errnoRet=95))
RIGHT = _filter({X86_64["mkdirat"]: Action.ERRNO | 95}, Action.ALLOW)
OTHER_ERRNO = _filter({X86_64["mkdirat"]: Action.ERRNO | 1}, Action.ALLOW)
ALLOWING = _filter({}, Action.ALLOW)


def test_there_has_to_be_a_filter() -> None:
    judged(_expectation("effect"), _runs(DENIES, RIGHT))
    for wrong in (_runs(DENIES, RIGHT, mode=0), _runs(DENIES, ALLOWING)):
        with pytest.raises(Violation):
            judged(_expectation("effect"), wrong)
    assert _expectation("effect").applies({}, host()) is False
    assert _expectation("effect").applies(_config(), host()) is False


def test_actions_of_entries_whatever_their_errno() -> None:
    action = _expectation("syscalls.action.effect")
    judged(action, _runs(DENIES, OTHER_ERRNO))
    with pytest.raises(Violation):
        judged(action, _runs(DENIES, ALLOWING))


def test_errno_of_entries() -> None:
    given, default = _expectation("syscalls.errnoret.effect"), _expectation("syscalls.errnoret.default")
    judged(given, _runs(DENIES, RIGHT))
    with pytest.raises(Violation):
        judged(given, _runs(DENIES, OTHER_ERRNO))
    with pytest.raises(Inconclusive):
        judged(given, _runs(DENIES, ALLOWING))
    judged(default, _runs(_config(_entry("mkdirat")), OTHER_ERRNO))
    with pytest.raises(Violation):
        judged(default, _runs(_config(_entry("mkdirat")), RIGHT))


def test_the_program_has_to_get_that_errno() -> None:
    (sample,) = [sample for sample in native_samples(DENIES, host()) if sample.ruled]
    for name, right, wrong in (
        ("syscalls.action.effect", -errno.EPERM, 0),
        ("syscalls.errnoret.effect", -95, -errno.EFAULT),
    ):
        made = _runs(DENIES, RIGHT)
        made.answers = {attempt(sample): Answer((CallResult(right),))}
        judged(_expectation(name), made)
        made.answers = {attempt(sample): Answer((CallResult(wrong),))}
        with pytest.raises(Violation):
            judged(_expectation(name), made)


@pytest.mark.parametrize(("given", "right"), [({"defaultErrnoRet": 83}, 83), ({}, errno.EPERM)])
def test_default(given: dict[str, int], right: int) -> None:
    config = _config(_entry("faccessat2", action="SCMP_ACT_ALLOW"), default="SCMP_ACT_ERRNO", **given)
    allowed = {X86_64["faccessat2"]: int(Action.ALLOW)}
    name = "defaulterrnoret.effect" if given else "defaulterrnoret.default"
    judged(_expectation(name), _runs(config, _filter(allowed, Action.ERRNO | right)))
    judged(_expectation("defaultaction.effect"), _runs(config, _filter(allowed, Action.ERRNO | 7)))
    with pytest.raises(Violation):
        judged(_expectation(name), _runs(config, _filter(allowed, Action.ERRNO | 7)))
    with pytest.raises(Violation):
        judged(_expectation("defaultaction.effect"), _runs(config, _filter(allowed, Action.ALLOW)))


def test_calls_newer_than_the_newest_named_are_left_out() -> None:
    config = _config(_entry("read", action="SCMP_ACT_ALLOW"), default="SCMP_ACT_ERRNO")
    assert _expectation("defaultaction.effect").applies(config, host()) is False
    assert _expectation("syscalls.action.effect").applies(_config(_entry("uprobe", "cachestat")), host()) is False


def test_conditions_on_64_bits() -> None:
    value = 0x1_0000_0005
    config = _config(_entry("getpgid", args=[{"index": 0, "op": "SCMP_CMP_EQ", "value": value}]))
    for name in ("syscalls.args.effect", "syscalls.args.op.values"):
        judged(_expectation(name), _runs(config, _comparing(X86_64["getpgid"], value, Action.ERRNO | 1)))
        for wrong in (
            _comparing(X86_64["getpgid"], value, Action.ERRNO | 1, halves=1),
            _filter({X86_64["getpgid"]: Action.ERRNO | 1}, Action.ALLOW),
            ALLOWING,
        ):
            with pytest.raises(Violation):
                judged(_expectation(name), _runs(config, wrong))


@pytest.mark.parametrize(
    ("operator", "met", "missed"),
    [
        ("EQ", {6}, {5, 7}),
        ("NE", {5, 7}, {6}),
        ("LT", {5}, {6, 7}),
        ("LE", {5, 6}, {7}),
        ("GE", {6, 7}, {5}),
        ("GT", {7}, {5, 6}),
    ],
)
def test_operators(operator: str, met: set[int], missed: set[int]) -> None:
    config = _config(_entry("getpgid", args=[{"index": 0, "op": f"SCMP_CMP_{operator}", "value": 6}]))
    ruled = {sample.arguments[0]: sample.ruled for sample in native_samples(config, host()) if sample.operators}
    assert met <= {value for value, rules in ruled.items() if rules}
    assert missed <= {value for value, rules in ruled.items() if not rules}


def test_masked_comparison() -> None:
    condition = {"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 0xF0, "valueTwo": 0x20}
    ruled = {s.arguments[0]: s.ruled for s in native_samples(_config(_entry("getpgid", args=[condition])), host()) if s.operators}
    assert all(rules == (value & 0xF0 == 0x20) for value, rules in ruled.items())
    assert set(ruled.values()) == {True, False}


@pytest.mark.parametrize(
    "entries",
    [
        [_entry("mkdirat"), _entry("mkdirat", action="SCMP_ACT_KILL")],
        [_entry("mkdirat", args=[{"index": 0, "op": "SCMP_CMP_GT", "value": 1}, {"index": 0, "op": "SCMP_CMP_LT", "value": 9}])],
        [_entry("mkdirat", args=[{"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 1, "valueTwo": 2}])],
        [_entry("mkdirat", args=[{"index": 6, "op": "SCMP_CMP_EQ", "value": 1}])],
        [_entry("mkdirat", action="SCMP_ACT_NOTIFY")],
        [_entry("not_a_call")],
        [_entry("mkdirat", action="SCMP_ACT_KILL", errnoRet=5)],
    ],
)
def test_what_can_be_read_in_two_ways_is_left_out(entries: list[dict[str, Any]]) -> None:
    assert not [sample for sample in native_samples(_config(*entries), host()) if sample.ruled]


def test_foreign_calls() -> None:
    config = _config(_entry("mkdirat", "socket"), architectures=["SCMP_ARCH_X86", "SCMP_ARCH_X86_64"])
    expectation = _expectation("architectures.effect")
    judged(expectation, _runs(config, _filter({I386["mkdirat"]: Action.ERRNO | 1}, Action.ALLOW)))
    with pytest.raises(Violation):
        judged(expectation, _runs(config, OTHER_ERRNO))
    assert expectation.applies(DENIES, host()) is False
    only_foreign = _config(_entry("mkdirat"), architectures=["SCMP_ARCH_AARCH64"])
    assert _expectation("syscalls.action.effect").applies(only_foreign, host()) is False


def test_nothing_seen() -> None:
    for expectation in EXPECTATIONS:
        if expectation.applies(DENIES, host()) is True:
            with pytest.raises(Inconclusive):
                judged(expectation, record(DENIES))
            with pytest.raises(Inconclusive):
                judged(expectation, record(DENIES, running=snapshot(process=process(seccomp_mode=2))))
    assert isinstance(_expectation("effect").applies(DENIES, host(seccomp=False)), NotTestable)


@pytest.mark.parametrize(
    ("requirement", "config"),
    [
        ("linux.seccomp.defaulterrnoret.unsupported-error", _config(defaultErrnoRet=5)),
        ("linux.seccomp.syscalls.errnoret.unsupported-error", _config(_entry("read", action="SCMP_ACT_TRAP", errnoRet=5))),
    ],
)
def test_an_errno_that_cannot_be_is_refused(requirement: str, config: dict[str, Any]) -> None:
    expectation = named(REFUSALS, requirement)
    judged(expectation, refused(config))
    with pytest.raises(Violation):
        judged(expectation, accepted(config))
    assert expectation.applies(DENIES, host()) is False


def test_the_flag_that_the_kernel_tells_of() -> None:
    log = _expectation("flags.log")
    config = _config(_entry("getpgid"), flags=["SECCOMP_FILTER_FLAG_LOG"])
    plain = _filter({}, Action.ALLOW)
    judged(log, record(config, running=snapshot(seccomp=(plain, replace(plain, flags=2)))))
    with pytest.raises(Violation):
        judged(log, record(config, running=snapshot(seccomp=(plain,))))
    with pytest.raises(Inconclusive):
        judged(log, record(config, running=snapshot(seccomp=(replace(plain, flags=None),))))
    assert log.applies(_config(_entry("getpgid")), host()) is False
    assert isinstance(log.applies(config, host(seccomp=False)), NotTestable)
