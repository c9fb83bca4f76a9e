"""config-linux.md, Seccomp: what the filter in force decides about system calls, computed, and tried where that is harmless.

seccomp_samples.py tells what the config settles. Refused errno values are in seccomp_refusals.py.
"""

import errno
from collections.abc import Callable, Sequence

from conformance.bpf.cbpf import Action as Taken
from conformance.bpf.cbpf import evaluate
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    answer,
    running,
    violated,
)
from conformance.expectations.seccomp_samples import Sample, foreign_samples, native_samples
from conformance.record.config import Config, lookup, remembered
from conformance.record.host import Host
from conformance.record.probe import Action, Call
from conformance.record.record import Record
from conformance.record.snapshot import SeccompFilter
from specs.linux.seccomp import CARRIES_ERRNO, FILTER_FLAGS

_HARMLESS = frozenset({"mkdirat", "getpgid", "getsid", "sched_yield", "getpriority"})
"""Calls that change nothing even where no filter stops them, with any numbers as arguments: mkdirat needs a real path."""
_SECCOMP_MODE_FILTER = 2
_MOST_TRIES = 40
_LOG = "SECCOMP_FILTER_FLAG_LOG"
"""The one flag that the kernel tells of."""

Chosen = Callable[[Config, Host], Sequence[Sample]]
Select = Callable[[Sample], bool]


def attempt(sample: Sample) -> Action:
    """Make the call."""
    return Action(f"{sample.name}{sample.arguments}", (Call(sample.name, sample.arguments),))


def _attempts(samples: Sequence[Sample]) -> list[Sample]:
    """Return those that can be tried: an error is due, and would tell the filter from the kernel's own answer."""
    return [
        sample
        for sample in samples
        if sample.action == Taken.ERRNO and sample.name in _HARMLESS and sample.native and sample.errno < 4096
    ][:_MOST_TRIES]


def _filters(record: Record) -> tuple[SeccompFilter, ...]:
    filters = running(record).seccomp
    if filters is None:
        raise Inconclusive("the filters of the process could not be read")
    return filters


# Judging


def _decided(record: Record, sample: Sample) -> tuple[int, int]:
    filters = _filters(record)
    known, call = _decisions(filters), (sample.arch, sample.number, sample.arguments)
    if call not in known:
        decision = evaluate(filters, arch=sample.arch, number=sample.number, arguments=sample.arguments)
        known[call] = int(decision.action), decision.data
    return known[call]


@remembered
def _decisions(_filters: tuple[SeccompFilter, ...]) -> dict[tuple[int, int, tuple[int, ...]], tuple[int, int]]:
    """Return what these filters have been found to decide so far: several requirements speak of one call."""
    return {}


def _judge_actions(samples: Sequence[Sample], record: Record) -> Evidence:
    """Compare actions; the errno that comes with them is another requirement's."""
    for sample in samples:
        action, _ = _decided(record, sample)
        if action != sample.action:
            violated(expected=f"{sample}: {Taken(sample.action).name}", observed=Taken(action).name)
    tried = [sample for sample in _attempts(samples) if _stopped(record, sample)]
    return Evidence("as the config says", {"calls evaluated": len(samples), "calls tried": len(tried)})


def _stopped(record: Record, sample: Sample) -> bool:
    """Whether the program got an error; raises Violation where the call was let through."""
    try:
        result = answer(record, attempt(sample)).results[0]
    except Inconclusive:
        return False
    if sample.errno and not result.errno:
        violated(expected=f"{sample}: an error", observed=result.value)
    return True


def _judge_errno(samples: Sequence[Sample], record: Record) -> Evidence:
    seen = 0
    for sample in samples:
        action, data = _decided(record, sample)
        if action != sample.action:
            continue
        seen += 1
        if data != sample.errno:
            violated(expected=f"{sample}: errno {sample.errno}", observed=data)
        _tried_errno(record, sample)
    if not seen:
        raise Inconclusive("another action was taken on all these calls")
    return Evidence("the errno of the config", {"calls evaluated": len(samples), "calls tried": len(_attempts(samples))})


def _tried_errno(record: Record, sample: Sample) -> None:
    if not _attempts([sample]) or record.answers.get(attempt(sample)) is None:
        return
    result = answer(record, attempt(sample)).results[0]
    if result.value != -sample.errno:
        violated(expected=f"{sample}: {errno.errorcode.get(sample.errno, sample.errno)}", observed=result.value)


def _judge_filter(samples: Sequence[Sample], record: Record) -> Evidence:
    """Demand a filter, and that it does something: some call is not simply allowed."""
    mode = running(record).process.seccomp_mode
    if mode != _SECCOMP_MODE_FILTER:
        violated(expected={"Seccomp": _SECCOMP_MODE_FILTER}, observed={"Seccomp": mode})
    unlike = [sample for sample in samples if sample.action != Taken.ALLOW]
    if all(_decided(record, sample)[0] == Taken.ALLOW for sample in unlike):
        violated(expected=f"{unlike[0]}: {Taken(unlike[0].action).name}", observed="every call allowed")
    return Evidence({"Seccomp": _SECCOMP_MODE_FILTER}, {"Seccomp": mode, "filters": len(_filters(record))})


def _expectation(
    requirement: str,
    *,
    select: Select,
    judge: Callable[[Sequence[Sample], Record], Evidence] = _judge_actions,
    samples: Chosen = native_samples,
) -> Expectation:
    @remembered
    def chosen(config: Config, host: Host) -> list[Sample]:
        return [sample for sample in samples(config, host) if select(sample)]

    def applies(config: Config, host: Host) -> Applicability:
        if lookup(config, "/linux/seccomp") is None or not chosen(config, host):
            return False
        return host.seccomp or NotTestable("the harness itself is under a seccomp filter, or the kernel has none")

    return Expectation(
        requirement=f"linux.seccomp.{requirement}",
        applies=applies,
        probes=lambda config, host: [attempt(sample) for sample in _attempts(chosen(config, host))],
        judge=lambda config, host, record: judge(chosen(config, host), record),
    )


def _carries(sample: Sample) -> bool:
    return sample.action_name in CARRIES_ERRNO


def _asks_log(config: Config, host: Host) -> Applicability:
    if _LOG not in (lookup(config, "/linux/seccomp/flags") or ()):
        return False
    return host.seccomp or NotTestable("the harness itself is under a seccomp filter, or the kernel has none")


def _judge_log(_config: Config, _host: Host, record: Record) -> Evidence:
    flags = [each.flags for each in _filters(record)]
    known = [each for each in flags if each is not None]
    if not known:
        raise Inconclusive("the kernel does not tell the flags of a filter")
    if not any(each & FILTER_FLAGS[_LOG] for each in known):
        violated(expected=_LOG, observed=flags)
    return Evidence(_LOG, flags)


EXPECTATIONS: tuple[Expectation, ...] = (
    _expectation("effect", select=lambda sample: sample.action != Taken.ALLOW, judge=_judge_filter),
    _expectation("defaultaction.effect", select=lambda sample: not sample.ruled and not sample.operators),
    _expectation(
        "defaulterrnoret.effect",
        select=lambda sample: not sample.ruled and not sample.operators and sample.errno_given and _carries(sample),
        judge=_judge_errno,
    ),
    _expectation(
        "defaulterrnoret.default",
        select=lambda sample: not sample.ruled and not sample.operators and not sample.errno_given and _carries(sample),
        judge=_judge_errno,
    ),
    _expectation("syscalls.action.effect", select=lambda sample: sample.ruled and not sample.operators),
    _expectation(
        "syscalls.errnoret.effect",
        select=lambda sample: sample.ruled and sample.errno_given and _carries(sample),
        judge=_judge_errno,
    ),
    _expectation(
        "syscalls.errnoret.default",
        select=lambda sample: sample.ruled and not sample.errno_given and _carries(sample),
        judge=_judge_errno,
    ),
    _expectation("syscalls.args.effect", select=lambda sample: bool(sample.operators)),
    _expectation("syscalls.args.op.values", select=lambda sample: len(sample.operators) == 1),
    Expectation(requirement="linux.seccomp.flags.log", applies=_asks_log, judge=_judge_log),
    _expectation("architectures.effect", select=lambda _sample: True, samples=foreign_samples),
)
