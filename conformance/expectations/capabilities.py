"""config.md, Linux Process: the five capability sets, and names that nobody can grant.

The config lists the sets that the runtime leaves to the program; what the program then has follows from the rules of
execve(2) in capabilities(7). A runtime can neither grant what it lacks itself nor what the kernel refuses, so most sets
are known as bounds only: what has to be in it, and what may be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.expectations.contract import (
    Applicability,
    Applies,
    Evidence,
    Expectation,
    Judge,
    running,
    violated,
)
from conformance.expectations.tolerance import must_be_accepted
from conformance.record.config import Config, lookup, remembered
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.record.snapshot import Process
from specs.linux.capabilities import CAPABILITIES, names

_ALL = (1 << 64) - 1
_SETS = ("bounding", "effective", "inheritable", "permitted", "ambient")


@dataclass(frozen=True, slots=True)
class Bounds:
    """A capability set known in part: it holds at least `least`, and nothing but `most`."""

    least: int
    most: int

    def __or__(self, other: "Bounds") -> "Bounds":
        return Bounds(self.least | other.least, self.most | other.most)

    def __and__(self, other: "Bounds") -> "Bounds":
        return Bounds(self.least & other.least, self.most & other.most)

    def admits(self, observed: int) -> bool:
        """Whether a set can be `observed`."""
        return not self.least & ~observed and not observed & ~self.most


@remembered
def listed(config: Config, which: str) -> int | None:
    """Return the bit mask of the known names listed for a set, None where the config leaves the set out."""
    given = lookup(config, f"/process/capabilities/{which}")
    if not isinstance(given, list):
        return None
    return sum({1 << CAPABILITIES[name] for name in given if isinstance(name, str) and name in CAPABILITIES})


def kept(config: Config, host: Host, process: Process) -> Mapping[str, Bounds]:
    """Return each set as the runtime leaves it to execve.

    A set that the config leaves out is taken as observed, where execve does not change it.
    """
    bounding = _bounds(listed(config, "bounding"), host.capabilities, process.cap_bounding)
    # capset(2) refuses to add what the bounding set does not hold to the inheritable set.
    inheritable = _bounds(listed(config, "inheritable"), host.capabilities & bounding.least, process.cap_inheritable)
    permitted = _bounds(listed(config, "permitted"), host.capabilities, None)
    # The kernel raises in the ambient set only what is both permitted and inheritable.
    ambient = _bounds(listed(config, "ambient"), permitted.least & inheritable.least, process.cap_ambient)
    return {"bounding": bounding, "inheritable": inheritable, "permitted": permitted, "ambient": ambient}


@remembered
def after_execve(config: Config, host: Host, process: Process) -> Mapping[str, Bounds]:
    """Return each set as the rules of execve(2) make it of what was kept, for a file without capabilities of its own."""
    before = kept(config, host, process)
    permitted = before["ambient"]
    if lookup(config, "/process/user/uid", 0) == 0:
        # For uid 0 the file counts as having all of them, inheritable and permitted.
        permitted = before["inheritable"] | before["bounding"] | before["ambient"]
        if process.no_new_privs:
            permitted = permitted & before["permitted"]
    return {**before, "permitted": permitted, "effective": permitted}


def _bounds(mask: int | None, grantable: int, observed: int | None) -> Bounds:
    if mask is not None:
        return Bounds(mask & grantable, mask)
    return Bounds(0, _ALL) if observed is None else Bounds(observed, observed)


def _lists(which: str) -> Applies:
    def applies(config: Config, _host: Host) -> Applicability:
        return listed(config, which) is not None

    return applies


def _has(which: str, read: Callable[[Process], int]) -> Judge:
    """Judge a set of the running program: as execve makes it, or, which no text excludes, just as it is listed."""

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        process = running(record).process
        observed, mask = read(process), listed(config, which) or 0
        ruled = after_execve(config, host, process)[which]
        if not ruled.admits(observed) and not Bounds(mask & host.capabilities, mask).admits(observed):
            violated(
                expected={"at least": names(ruled.least), "at most": names(ruled.most)},
                observed=names(observed),
                evidence={"listed": names(mask)},
            )
        return Evidence({"listed": names(mask), "at least, after execve": names(ruled.least)}, names(observed))

    return judge


def _names(config: Config) -> list[str]:
    given = (lookup(config, f"/process/capabilities/{which}") for which in _SETS)
    return [name for listing in given if isinstance(listing, list) for name in listing if isinstance(name, str)]


def _unmappable(config: Config) -> list[str]:
    return sorted({name for name in _names(config) if name not in CAPABILITIES})


def _ungrantable(config: Config, host: Host) -> list[str]:
    return sorted({name for name in _names(config) if name not in CAPABILITIES or not host.can(CAPABILITIES[name])})


def _lists_unmappable(config: Config, _host: Host) -> Applicability:
    return bool(_unmappable(config))


def _lists_ungrantable(config: Config, host: Host) -> Applicability:
    return bool(_ungrantable(config, host))


def _unmappable_warns(config: Config, _host: Host, record: Record) -> Evidence:
    """Judge by the container running: that a warning can be seen by the caller is promised nowhere."""
    return must_be_accepted(record, despite=f"unknown capabilities {', '.join(_unmappable(config))}", oddities=_unmappable)


def _ungrantable_passes(config: Config, host: Host, record: Record) -> Evidence:
    ungrantable = ", ".join(_ungrantable(config, host))
    return must_be_accepted(
        record, despite=f"capabilities that cannot be granted: {ungrantable}", oddities=lambda of: _ungrantable(of, host)
    )


_READ: tuple[tuple[str, Callable[[Process], int]], ...] = (
    ("bounding", lambda process: process.cap_bounding),
    ("effective", lambda process: process.cap_effective),
    ("inheritable", lambda process: process.cap_inheritable),
    ("permitted", lambda process: process.cap_permitted),
    ("ambient", lambda process: process.cap_ambient),
)

EXPECTATIONS = (
    *(
        Expectation(requirement=f"config.process.capabilities.{which}.effect", applies=_lists(which), judge=_has(which, read))
        for which, read in _READ
    ),
    Expectation(
        requirement="config.process.capabilities.unmappable-warn",
        applies=_lists_unmappable,
        judge=_unmappable_warns,
        sees="runtime",
        judges_refusal=True,
    ),
    Expectation(
        requirement="config.process.capabilities.no-fail",
        applies=_lists_ungrantable,
        judge=_ungrantable_passes,
        sees="runtime",
        judges_refusal=True,
    ),
)
