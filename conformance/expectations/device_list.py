"""config-linux.md, Allowed Device list: what the last entry about a device says, holds.

Judged are reading and writing of devices that runtimes have no reason to allow by themselves; making nodes is usually
allowed to all. Entries that the kernel of cgroup v1 reads in its own way are left out: "all" with numbers or with some of
the letters, and denials of a part of what another entry allows.
"""

import errno
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from conformance.bpf import devices_v1, ebpf
from conformance.expectations.calls import AT_FDCWD, c_string, results
from conformance.expectations.cgroups import version
from conformance.expectations.contract import Applicability, Evidence, Expectation, Inconclusive, NotTestable, running, violated
from conformance.expectations.namespaces import entries
from conformance.record.config import Config, lookup, remembered
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Result
from conformance.record.record import Record

Kind = Literal["b", "c"]
_KINDS: tuple[Kind, ...] = ("b", "c")
_MODES: Mapping[Kind, int] = {"b": stat.S_IFBLK | 0o600, "c": stat.S_IFCHR | 0o600}
_LETTERS: Mapping[str, int] = {"r": 0, "w": 1}
"""Letters that are judged, and the flag of open(2) that asks for each."""
_O_NONBLOCK = 0o4000
_DRIVERLESS = range(120, 128)
"""Majors for local use (kernel, admin-guide/devices.rst): opening one that is allowed gives ENXIO, one that is not EPERM."""
_USUAL_MAJORS = frozenset({5, *range(136, 144)})
_USUAL = frozenset({(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (10, 200)})
"""What runtimes allow whatever the list says: default devices, terminals, and formerly tun."""
_SOMEWHERE = (121, 97)
"""Numbers to look at where an entry leaves them open."""
_EVERY_ID = ((0, 0, 4294967295),)


@dataclass(frozen=True, slots=True)
class Device:
    """A device by its numbers."""

    kind: Kind
    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.kind} {self.major}:{self.minor}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry; numbers that are not set are None, and so is a type that is not set."""

    allow: bool
    kind: str | None
    major: int | None
    minor: int | None
    access: str

    @property
    def general(self) -> bool:
        """It is about all devices."""
        return self.kind in {None, "a"}

    def matches(self, device: Device) -> bool:
        """Whether it is about this device."""
        numbers = self.major in {None, device.major} and self.minor in {None, device.minor}
        return self.general or (self.kind == device.kind and numbers)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the list says about one access to one device, and the entries that have a say in it, the decisive one last."""

    device: Device
    letter: str
    rules: tuple[Rule, ...]
    partial: bool
    """An entry about the device has one of the letters and not the other."""

    @property
    def allowed(self) -> bool:
        """What the decisive entry says."""
        return self.rules[-1].allow


@remembered
def rules(config: Config) -> tuple[Rule, ...]:
    """Return the entries; none if one of them can be read in two ways."""
    given = lookup(config, "/linux/resources/devices") or ()
    found = tuple(_rule(entry) for entry in given if isinstance(entry, Mapping))
    return () if any(_unclear(rule) for rule in found) else found


def _rule(entry: Mapping[str, Any]) -> Rule:
    return Rule(bool(entry.get("allow")), entry.get("type"), entry.get("major"), entry.get("minor"), entry.get("access") or "")


def _unclear(rule: Rule) -> bool:
    numbered = rule.major is not None or rule.minor is not None
    if rule.general:
        return numbered or set(rule.access) != set("rwm")
    negative = (rule.major or 0) < 0 or (rule.minor or 0) < 0
    return rule.kind not in _KINDS or negative or not rule.access or not set(rule.access) <= set("rwm")


@remembered
def rulings(config: Config) -> tuple[Ruling, ...]:
    """Return what the list settles about devices that it names, and about some that it does not."""
    found = rules(config)
    listed = {(entry.get("major"), entry.get("minor")) for entry in lookup(config, "/linux/devices") or ()}
    devices = dict.fromkeys(device for rule in found for device in _examples(rule) if not _usual(device, listed))
    everything = [_ruling(found, device, letter) for device in devices for letter in _LETTERS]
    return tuple(ruling for ruling in everything if ruling is not None)


def _examples(rule: Rule) -> list[Device]:
    major = _SOMEWHERE[0] if rule.major is None else rule.major
    minor = _SOMEWHERE[1] if rule.minor is None else rule.minor
    return [Device(kind, major, minor) for kind in _KINDS if rule.general or rule.kind == kind]


def _usual(device: Device, listed: set[tuple[Any, Any]]) -> bool:
    numbers = (device.major, device.minor)
    return device.major in _USUAL_MAJORS or numbers in _USUAL or numbers in listed


def _ruling(found: Sequence[Rule], device: Device, letter: str) -> Ruling | None:
    """Return what is settled about one access; None where nothing is, or the kernel of v1 would see it differently."""
    relevant = tuple(rule for rule in found if rule.matches(device) and letter in rule.access)
    if not relevant:
        return None
    since = max((i + 1 for i, rule in enumerate(relevant) if rule.general), default=0)
    special = relevant[since:]
    alike = len({(rule.major, rule.minor) for rule in special}) <= 1
    agreed = len({rule.allow for rule in special}) <= 1
    # With "all" allowed, one denial counts even after a narrower permission, so both have to name the same.
    partial = any(rule.matches(device) and set(rule.access) & set(_LETTERS) not in ({*_LETTERS}, set()) for rule in found)
    return Ruling(device, letter, relevant, partial) if alike or agreed else None


# Which rulings show what


def _any(_ruling: Ruling) -> bool:
    return True


def _some_letters(ruling: Ruling) -> bool:
    return ruling.partial


def _disagreed(ruling: Ruling) -> bool:
    return any(rule.allow != ruling.allowed for rule in ruling.rules)


def _no_type(ruling: Ruling) -> bool:
    return ruling.rules[-1].kind is None


def _no_number(ruling: Ruling) -> bool:
    last = ruling.rules[-1]
    return not last.general and (last.major is None or last.minor is None)


# Looking


def try_device(device: Device) -> Action:
    """Make a node, open it to read and to write, and remove it."""
    node = c_string(f"/.device-{device.kind}-{device.major}-{device.minor}")
    number = (device.minor & 0xFF) | (device.major << 8) | ((device.minor & ~0xFF) << 12)
    return Action(
        f"open device {device}",
        (
            Call("mknodat", (AT_FDCWD, node, _MODES[device.kind], number)),
            *(Call("openat", (AT_FDCWD, node, _O_NONBLOCK | flag, 0)) for flag in _LETTERS.values()),
            Call("close", (Result(1),)),
            Call("close", (Result(2),)),
            Call("unlinkat", (AT_FDCWD, node, 0)),
        ),
    )


def _tried(found: Sequence[Ruling]) -> list[Device]:
    return list(dict.fromkeys(ruling.device for ruling in found if ruling.device.major in _DRIVERLESS))


def _opened(config: Config, record: Record, ruling: Ruling) -> bool | None:
    """Return whether the program was let through to the driver that does not exist; None where that was not to be seen."""
    if ruling.device not in _tried([ruling]):
        return None
    try:
        made, *opens = results(config, record, try_device(ruling.device))
    except Inconclusive:
        return None
    if made.errno:
        return None
    attempt = opens[list(_LETTERS).index(ruling.letter)]
    return {errno.EPERM: False, errno.ENXIO: True, 0: True}.get(attempt.errno)


def _computed(host: Host, record: Record, ruling: Ruling) -> bool | None:
    """Return what the cgroup decides by its list or programs; None where that cannot be told."""
    snapshot, device, programs = running(record), ruling.device, running(record).device_programs
    try:
        if version(host, "devices") == "v1":
            lines = snapshot.cgroups.values.get("devices.list")
            # A cgroup that allows by default does not show its exceptions.
            if lines is None or any(line.startswith("a ") for line in lines.splitlines()):
                return None
            return devices_v1.allows(
                lines.splitlines(), kind=device.kind, major=device.major, minor=device.minor, access=ruling.letter
            )
        if programs is None:
            return None
        allowed = ebpf.allows(programs, kind=device.kind, major=device.major, minor=device.minor, access=ruling.letter)
    except ValueError:
        return None
    # Several programs: another's, of a cgroup above, may deny what the runtime allows.
    return allowed if allowed or len(programs) == 1 else None


def _judge_ruling(config: Config, host: Host, record: Record, ruling: Ruling) -> str | None:
    """Return what was seen, None if nothing was; raises Violation.

    A denial that only the program met with may come from a cgroup above, so it accuses nobody.
    """
    computed, tried = _computed(host, record, ruling), _opened(config, record, ruling)
    wrong = computed is False if ruling.allowed else True in {computed, tried}
    word = {True: "allowed", False: "denied", None: "not seen"}
    if wrong:
        violated(
            expected=f"{ruling.letter} of {ruling.device}: {word[ruling.allowed]}",
            observed={"by the cgroup's rules": word[computed], "as tried": word[tried]},
            evidence=running(record).cgroups.values.get("devices.list"),
        )
    agreeing = [how for how, seen in (("computed", computed), ("tried", tried)) if seen is ruling.allowed]
    return f"{ruling.letter} of {ruling.device} {word[ruling.allowed]}: {', '.join(agreeing)}" if agreeing else None


def _expectation(requirement: str, shows: Callable[[Ruling], bool]) -> Expectation:
    def chosen(config: Config) -> list[Ruling]:
        return [ruling for ruling in rulings(config) if shows(ruling)]

    def applies(config: Config, host: Host) -> Applicability:
        if not chosen(config) or any(entry["type"] == "user" for entry in entries(config)):
            return False
        usable = version(host, "devices") == "v1" or ("" in host.cgroup_mounts and "devices" not in host.cgroup_mounts)
        return (usable and host.euid == 0) or NotTestable("this lane has no device controller")

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        if running(record).process.uid_map != _EVERY_ID:
            raise Inconclusive("in a user namespace nobody may restrict devices")
        found = [_judge_ruling(config, host, record, ruling) for ruling in chosen(config)]
        seen = [text for text in found if text]
        if not seen:
            raise Inconclusive("neither the cgroup's rules nor the program showed anything")
        return Evidence("as the last entry says", seen)

    return Expectation(
        requirement=requirement,
        applies=applies,
        judge=judge,
        probes=lambda config, _host: [try_device(device) for device in _tried(chosen(config))],
    )


EXPECTATIONS: tuple[Expectation, ...] = (
    _expectation("linux.device-list.allow.effect", _any),
    _expectation("linux.device-list.access.letters", _some_letters),
    _expectation("linux.device-list.order", _disagreed),
    _expectation("linux.device-list.type.default", _no_type),
    _expectation("linux.device-list.major-minor.default", _no_number),
)
