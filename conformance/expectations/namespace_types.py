"""config-linux.md, Namespaces: each type of namespace that is asked for is there, and new clocks are set as configured.

Two processes are in one namespace exactly if /proc/PID/ns shows one inode number for both: what one of them sees of the
resource is then what the other sees. So a new number says all of isolation that a kernel can say.
"""

from collections.abc import Mapping
from typing import Any

from conformance.expectations.contract import (
    Applicability,
    Applies,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    NotTestable,
    Unexercised,
    running,
    violated,
)
from conformance.expectations.namespaces import LINKS, is_new
from conformance.expectations.tolerance import must_be_accepted
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record
from specs.version import SpecVersion

SHARED: Mapping[str, str] = {
    "network": "the runtime's interfaces",
    "mount": "the runtime's mount table",
    "ipc": "the runtime's System V and POSIX message objects",
    "uts": "the runtime's host and domain name",
    "user": "the runtime's ids",
    "cgroup": "the runtime's view of the cgroup hierarchy",
    "time": "the runtime's clocks",
}
"""What a container without a namespace of its own would share; for pid namespaces see namespaces.py."""
_CLOCKS = frozenset({"monotonic", "boottime"})
_TIME_SINCE = SpecVersion.parse("1.1.0")


def _lacking(kind: str, host: Host) -> NotTestable | None:
    if LINKS[kind] not in host.namespaces:
        return NotTestable(f"this kernel has no {kind} namespaces")
    if kind == "user" and not host.user_namespaces:
        return NotTestable("user namespaces cannot be made here")
    return None


def _makes(kind: str) -> Applies:
    def applies(config: Config, host: Host) -> Applicability:
        return is_new(config, kind) and (_lacking(kind, host) or True)

    return applies


def _isolated(kind: str) -> Judge:
    def judge(_config: Config, host: Host, record: Record) -> Evidence:
        link = LINKS[kind]
        observed, outside = running(record).namespaces.get(link), host.namespaces[link]
        if observed is None:
            raise Inconclusive(f"/proc/PID/ns/{link} was not there")
        if observed == outside:
            violated(expected=f"another {link} namespace than {outside}", observed=f"{SHARED[kind]}: {link} {observed}")
        return Evidence(f"another {link} namespace than {outside}", f"{link} {observed}")

    return judge


# All types are supported


def _new(config: Config) -> list[str]:
    return [kind for kind in LINKS if is_new(config, kind)]


def _added(record: Record) -> list[str]:
    """Return the types that only the config with the oddity asks for."""
    if record.twin is None:
        return []
    return [kind for kind in _new(record.config) if kind not in _new(record.twin.config)]


def _judge_supported(_config: Config, host: Host, record: Record) -> Evidence:
    added = _added(record)
    if not added:
        raise Inconclusive("nothing was seen of the same config without the namespace")
    if any(_lacking(kind, host) for kind in added):
        raise Inconclusive(f"this host lacks namespaces: {', '.join(added)}")
    if "time" in added and (not record.runtime.spec_version or SpecVersion.parse(record.runtime.spec_version) < _TIME_SINCE):
        raise Unexercised("the runtime declares a version of the spec that knows no time namespaces")
    return must_be_accepted(record, despite=f"namespaces of type {', '.join(added)}", oddities=_new)


# Clocks of a time namespace


def _offsets(config: Config, host: Host) -> Mapping[str, Mapping[str, Any]]:
    """Return the offsets of clocks that the kernel has, where a new time namespace can get them."""
    if not is_new(config, "time") or LINKS["time"] not in host.namespaces:
        return {}
    given = lookup(config, "/linux/timeOffsets") or {}
    return {clock: offset for clock, offset in given.items() if clock in _CLOCKS and isinstance(offset, Mapping)}


def _clock(part: str, position: int) -> Expectation:
    def applies(config: Config, host: Host) -> Applicability:
        if is_new(config, "time") and lookup(config, "/linux/timeOffsets") and (lacking := _lacking("time", host)):
            return lacking
        return any(part in offset for offset in _offsets(config, host).values())

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        wanted = {clock: offset[part] for clock, offset in _offsets(config, host).items() if part in offset}
        shown = running(record).process.timens_offsets
        if not wanted.keys() <= shown.keys():
            raise Inconclusive("/proc/PID/timens_offsets was not there")
        observed = {clock: shown[clock][position] for clock in wanted}
        if observed != wanted:
            violated(expected={part: wanted}, observed={part: observed}, evidence=dict(shown))
        return Evidence({part: wanted}, {part: observed})

    return Expectation(requirement=f"linux.timeoffsets.{part}.effect", applies=applies, judge=judge)


EXPECTATIONS: tuple[Expectation, ...] = (
    *(Expectation(requirement=f"linux.namespaces.type.{kind}", applies=_makes(kind), judge=_isolated(kind)) for kind in SHARED),
    Expectation(requirement="linux.namespaces.type.supported", judge=_judge_supported, sees="runtime", judges_refusal=True),
    _clock("secs", 0),
    _clock("nanosecs", 1),
)
