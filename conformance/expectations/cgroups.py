"""config-linux.md, Memory, CPU, PIDs: the limits in force where the process is.

A limit is compared with the control file of the cgroup that the process is in. What a kernel without the controller cannot
show is not testable; conversions to cgroup v2 that the text does not fix (shares, reservation) are left out.
"""

import errno
import re
from collections.abc import Callable, Iterable, Sequence

from conformance.expectations.calls import results
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    running,
    violated,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call
from conformance.record.record import Record
from conformance.record.snapshot import Process

_SIGCHLD = 17
_MOST_FORKS = 64
"""A larger limit is not exercised: that many processes are no polite thing to make."""
_PAGE_SIZES = (4096, 16384, 65536)
"""The kernel keeps memory limits in pages; which of these it has is not known here."""
MOST_MEMORY = 1 << 62
"""Above this the kernel may show its own notion of "no limit"."""
_SHARES = (2, 1 << 18)
"""The kernel moves shares into this range."""
_LIST = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*")
_LARGEST_LIST_NUMBER = 4096


def version(host: Host, controller: str) -> str | None:
    """Return "v1" or "v2", by which hierarchy has the controller in this lane; None if no hierarchy has."""
    if controller not in host.controllers:
        return None
    if controller in host.cgroup_mounts:
        return "v1"
    return "v2" if "" in host.cgroup_mounts else None


# Limits as the control files show them


def limit_of(config: Config, pointer: str) -> int | None:
    """Return the limit if it is a positive number: what zero and negative ones mean is told elsewhere or not at all."""
    value = lookup(config, f"/linux/resources/{pointer}")
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def exactly(limit: int) -> frozenset[int]:
    """Accept the number itself alone."""
    return frozenset({limit})


def in_pages(limit: int) -> frozenset[int]:
    """Accept the number, and what the kernel makes of it with pages of any size."""
    return frozenset({limit - limit % size for size in _PAGE_SIZES} | {limit})


def _in_shares(limit: int) -> frozenset[int]:
    return frozenset({min(max(limit, _SHARES[0]), _SHARES[1])})


def control(record: Record, file: str, field: int = 0) -> int | str:
    """Return the number in a control file of the container's cgroup, or the word that stands for it.

    Raises Inconclusive if it could not be read.
    """
    content = running(record).cgroups.values.get(file)
    fields = content.split() if content is not None else []
    if len(fields) <= field:
        raise Inconclusive(f"{file} could not be read")
    text = fields[field]
    return int(text) if re.fullmatch(r"-?\d+", text) else text


def number(
    requirement: str,
    *,
    pointer: str,
    controller: str,
    v1: str,
    v2: tuple[str, int] | None,
    accepted: Callable[[int], frozenset[int]] = exactly,
) -> Expectation:
    """Expect a number in the control file `v1`, or in that field of the file `v2` where the text settles it."""

    def applies(config: Config, host: Host) -> Applicability:
        limit = limit_of(config, pointer)
        if limit is None or limit > MOST_MEMORY:
            return False
        where = version(host, controller)
        if where is None:
            return NotTestable(f"this lane has no {controller} controller")
        if where == "v1":
            # The kernel gives an idle cgroup shares of its own.
            return not (v1 == "cpu.shares" and lookup(config, "/linux/resources/cpu/idle"))
        return v2 is not None and v2[0] not in (lookup(config, "/linux/resources/unified") or {})

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        file, field = (v1, 0) if version(host, controller) == "v1" or v2 is None else v2
        limit, observed = limit_of(config, pointer) or 0, control(record, file, field)
        if observed not in accepted(limit):
            violated(expected={file: limit}, observed={file: observed}, evidence=dict(running(record).cgroups.directories))
        return Evidence({file: limit}, {file: observed})

    return Expectation(requirement=requirement, applies=applies, judge=judge)


# Processors and memory nodes


def _listed(text: object) -> frozenset[int]:
    """Read a list such as 0-3,7; empty for anything else."""
    if not isinstance(text, str) or not _LIST.fullmatch(text):
        return frozenset()
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if int(last or first) > _LARGEST_LIST_NUMBER:
            return frozenset()
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _cpuset(name: str, *, number: Callable[[Host], int], allowed: Callable[[Process], Iterable[int]]) -> Expectation:
    pointer, file = f"/linux/resources/cpu/{name}", f"cpuset.{name}"

    def applies(config: Config, host: Host) -> Applicability:
        if not _listed(lookup(config, pointer)) or file in (lookup(config, "/linux/resources/unified") or {}):
            return False
        if version(host, "cpuset") is None:
            return NotTestable("this lane has no cpuset controller")
        return number(host) > 1 or NotTestable("this host has one alone: nothing to choose from")

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        wanted, content = _listed(lookup(config, pointer)), running(record).cgroups.values.get(file)
        if content is None:
            raise Inconclusive(f"{file} could not be read")
        used = frozenset(allowed(running(record).process))
        # Where none of the wanted ones is there, the kernel lets a v2 cgroup use those of its parent.
        if _listed(content) != wanted or (used & wanted and not used <= wanted):
            violated(expected={file: sorted(wanted)}, observed={file: content, "allowed": sorted(used)})
        return Evidence({file: sorted(wanted)}, {file: content, "allowed": sorted(used)})

    return Expectation(requirement=f"linux.cpu.{name}.effect", applies=applies, judge=judge)


# Processes


def _limits_pids(config: Config, host: Host) -> Applicability:
    if limit_of(config, "pids/limit") is None or "pids.max" in (lookup(config, "/linux/resources/unified") or {}):
        return False
    return version(host, "pids") is not None or NotTestable("this lane has no pids controller")


def forks(limit: int) -> Action:
    """Fork as often as the limit says: with the program itself that is one process too many."""
    return Action(f"{limit} forks", (Call("clone", (_SIGCHLD, 0, 0, 0, 0), pause_if_zero=True, times=limit),), destructive=True)


def _fork_attempts(config: Config, _host: Host) -> Sequence[Action]:
    limit = limit_of(config, "pids/limit")
    return [forks(limit)] if limit is not None and limit <= _MOST_FORKS else []


def _judge_pids(config: Config, host: Host, record: Record) -> Evidence:
    limit, observed = limit_of(config, "pids/limit") or 0, control(record, "pids.max")
    if observed != limit:
        violated(expected={"pids.max": limit}, observed={"pids.max": observed})
    outcome = "not exercised"
    if _fork_attempts(config, host):
        fork = results(config, record, forks(limit))[0]
        if not fork.errno:
            violated(expected=f"EAGAIN for process number {limit + 1}", observed="it was made", evidence=fork)
        if fork.errno != errno.EAGAIN:
            raise Inconclusive(f"fork failed for another reason: {errno.errorcode.get(fork.errno, fork.errno)}")
        outcome = "EAGAIN"
    return Evidence({"pids.max": limit, "fork beyond": "EAGAIN"}, {"pids.max": observed, "fork beyond": outcome})


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(requirement="linux.pids.limit.effect", applies=_limits_pids, probes=_fork_attempts, judge=_judge_pids),
    number(
        "linux.memory.limit.effect",
        pointer="memory/limit",
        controller="memory",
        v1="memory.limit_in_bytes",
        v2=("memory.max", 0),
        accepted=in_pages,
    ),
    number(
        "linux.memory.reservation.effect",
        pointer="memory/reservation",
        controller="memory",
        v1="memory.soft_limit_in_bytes",
        v2=None,
        accepted=in_pages,
    ),
    number("linux.cpu.quota.effect", pointer="cpu/quota", controller="cpu", v1="cpu.cfs_quota_us", v2=("cpu.max", 0)),
    number("linux.cpu.period.effect", pointer="cpu/period", controller="cpu", v1="cpu.cfs_period_us", v2=("cpu.max", 1)),
    number(
        "linux.cpu.shares.effect",
        pointer="cpu/shares",
        controller="cpu",
        v1="cpu.shares",
        v2=None,
        accepted=_in_shares,
    ),
    _cpuset("cpus", number=lambda host: len(host.cpus), allowed=lambda process: process.cpus_allowed),
    _cpuset("mems", number=lambda host: host.numa_nodes, allowed=lambda process: process.mems_allowed),
)
