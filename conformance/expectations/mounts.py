"""Mounts: their order, types and destinations; remount, and options that are the filesystem's own."""

import re
from collections.abc import Callable

from conformance.expectations.contract import (
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    running,
    violated,
)
from conformance.expectations.mount_options import OPTIONS, says_only
from conformance.expectations.mounted import (
    Entry,
    below,
    by_id,
    covered,
    entries,
    judge_each,
    look_at_mounts,
    mount_of,
    nested,
    own_namespace,
    places,
    readonly_paths,
    visible,
    within,
)
from conformance.expectations.places import look, place
from conformance.record.config import Config, remembered
from conformance.record.host import Host
from conformance.record.record import Record

COPIED = "/copied/marker"
"""What the case of tmpcopyup puts into the root filesystem, below the destination of a tmpfs."""
_LARGEST_PAGE_KIB = 64
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def _typed(config: Config, host: Host) -> tuple[Entry, ...]:
    return tuple(entry for entry in visible(config) if not entry.bind and entry.type in host.filesystems)


def _judge_type(config: Config, host: Host, record: Record) -> Evidence:
    def one(entry: Entry) -> Evidence:
        mount = mount_of(record, entry)
        if mount.fstype != entry.type:
            violated(expected=f"{entry.type} on {entry.destination}", observed=mount.fstype, evidence=mount)
        return Evidence(entry.type, f"{mount.fstype} on {mount.point}")

    return judge_each(_typed(config, host), one)


def _relative(config: Config) -> tuple[Entry, ...]:
    named = config.get("mounts") or ()
    return tuple(entry for entry in visible(config) if not named[entry.index]["destination"].startswith("/"))


def _judge_relative(config: Config, _host: Host, record: Record) -> Evidence:
    def one(entry: Entry) -> Evidence:
        return Evidence(f"a mount on {entry.destination}", mount_of(record, entry).point)

    return judge_each(_relative(config), one)


@remembered
def _pairs(config: Config) -> tuple[tuple[Entry, Entry], ...]:
    """Pairs of entries, earlier first, of which one lies over or inside the other, with nothing else on either destination."""
    listed = entries(config)
    if not own_namespace(config, "mount") or any(entry.remount or entry.destination == "/" for entry in listed):
        return ()
    found = []
    for first in listed:
        for second in listed[first.index + 1 :]:
            if not nested(first.destination, second.destination):
                continue
            others = {entry.destination for entry in listed if entry.index not in {first.index, second.index}}
            hidden = covered(first.destination, others) or covered(second.destination, others)
            if not hidden:
                found.append((first, second))
    return tuple(found)


def _judge_order(config: Config, _host: Host, record: Record) -> Evidence:
    def one(pair: tuple[Entry, Entry]) -> Evidence:
        first, second = pair
        if first.destination == second.destination:
            return _topmost(record, first, second)
        if within(second.destination, first.destination):
            return _inside(record, first, second)
        return _over(record, first, second)

    return judge_each(_pairs(config), one)


def _topmost(record: Record, first: Entry, second: Entry) -> Evidence:
    """Judge two filesystems on one destination: the later one is what a lookup reaches."""
    place = places(record).get(first.destination)
    if place is None or not place.mount_root or first.bind or second.bind or first.type == second.type:
        raise Inconclusive(f"the mounts on {first.destination} cannot be told apart")
    mount = by_id(running(record), place.mount)
    if mount.fstype == first.type:
        violated(expected=f"{second.type} over {first.type}", observed=f"{mount.fstype} on top", evidence=mount)
    if mount.fstype != second.type:
        raise Inconclusive(f"{mount.fstype} on {first.destination} is neither of the two")
    return Evidence(f"{second.type} over {first.type}", f"{mount.fstype} on top")


def _inside(record: Record, outer: Entry, inner: Entry) -> Evidence:
    """Judge a mount inside an earlier one: it is reached. Hidden below it, the order was the other one."""
    place = places(record).get(inner.destination)
    points = [mount.point for mount in running(record).mounts]
    if place is not None and place.mount_root:
        return Evidence(f"{inner.destination} inside {outer.destination}", "reached")
    if inner.destination in points and outer.destination in points:
        violated(expected=f"{inner.destination} inside {outer.destination}", observed="hidden below it", evidence=points)
    raise Inconclusive(f"{inner.destination} was not mounted")


def _over(record: Record, inner: Entry, outer: Entry) -> Evidence:
    """Judge a mount over an earlier one: that is hidden. Mounted inside the later one, the order was the other one."""
    snapshot, found = running(record), places(record)
    top, place = found.get(outer.destination), found.get(inner.destination)
    if top is None or not top.mount_root or "rbind" in outer.options:
        raise Inconclusive(f"what {outer.destination} holds cannot be told")
    if place is not None and place.mount_root:
        mount = by_id(snapshot, place.mount)
        same = [path for path, each in found.items() if each and each.mount == place.mount and path != inner.destination]
        if mount.point == inner.destination and not same and mount in list(below(snapshot, by_id(snapshot, top.mount))):
            violated(expected=f"{outer.destination} over {inner.destination}", observed="mounted inside it", evidence=mount)
        raise Inconclusive(f"{inner.destination} leads to another mount")
    if inner.destination not in [mount.point for mount in snapshot.mounts]:
        raise Inconclusive(f"{inner.destination} was not mounted")
    return Evidence(f"{outer.destination} over {inner.destination}", "hidden")


@remembered
def _remounts(config: Config) -> tuple[tuple[Entry, Entry], ...]:
    """Pairs of a tmpfs and the one later entry on its destination, which is a remount."""
    listed = entries(config)
    found = []
    for again in (entry for entry in listed if entry.remount):
        same = [entry for entry in listed if entry.destination == again.destination]
        others = [entry.destination for entry in listed[same[0].index + 1 :] if entry not in same]
        hidden = covered(again.destination, others) or covered(again.destination, readonly_paths(config))
        if len(same) == 2 and same[1] is again and same[0].type == "tmpfs" and not hidden:
            found.append((same[0], again))
    return tuple(found) if own_namespace(config, "mount") else ()


def _judge_remount(config: Config, _host: Host, record: Record) -> Evidence:
    def one(pair: tuple[Entry, Entry]) -> Evidence:
        first, again = pair
        place = places(record).get(first.destination)
        if place is None or not place.mount_root:
            raise Inconclusive(f"nothing is mounted on {first.destination}")
        mount = by_id(running(record), place.mount)
        stacked = [other for other in running(record).mounts if other.point == mount.point]
        if len(stacked) > 1:
            violated(expected=f"one mount on {mount.point}", observed=f"{len(stacked)}", evidence=stacked)
        asked = [option for option in OPTIONS if not option.clears and says_only(again, option.group, option.name)]
        for option in asked:
            if not option.check(mount):
                violated(expected=f"remounted {option.name}", observed=",".join(mount.options), evidence=mount)
        return Evidence([option.name for option in asked], ",".join(mount.options))

    return judge_each(_remounts(config), one)


def _data(config: Config) -> tuple[tuple[Entry, str, str], ...]:
    """Return the size and mode options of tmpfs entries, tmpfs(5), that can be compared with what mountinfo shows."""
    found = []
    for entry in visible(config):
        named = [option.partition("=") for option in entry.options if "=" in option]
        for name, _, value in named:
            single = sum(other[0] == name for other in named) == 1
            if not entry.bind and entry.type == "tmpfs" and single and _expected(name, value) is not None:
                found.append((entry, name, value))
    return tuple(found)


def _expected(name: str, value: str) -> int | None:
    """Return what an option asks for: KiB of `size`, bits of `mode`; None where it cannot be compared."""
    if name == "mode" and re.fullmatch(r"[0-7]{1,4}", value) and int(value, 8) != 0o1777:
        return int(value, 8)
    size = re.fullmatch(r"([1-9]\d*)([kmg]?)", value.lower()) if name == "size" else None
    return -(-int(size[1]) * _UNITS[size[2]] // 1024) if size else None


def _judge_data(config: Config, _host: Host, record: Record) -> Evidence:
    def one(asked: tuple[Entry, str, str]) -> Evidence:
        entry, name, value = asked
        mount = mount_of(record, entry)
        shown = dict(option.partition("=")[::2] for option in mount.super_options)
        wanted, found = _expected(name, value), _expected(name, shown.get(name, ""))
        slack = _LARGEST_PAGE_KIB if name == "size" else 0
        if wanted is None or found is None or not wanted <= found <= wanted + slack:
            violated(expected=f"{name}={value} on {entry.destination}", observed=",".join(mount.super_options), evidence=mount)
        return Evidence(f"{name}={value}", f"{name}={shown[name]}")

    return judge_each(_data(config), one)


def _judge_copied(_config: Config, _host: Host, record: Record) -> Evidence:
    """Judge a tmpfs over a directory in which the case has put COPIED."""
    action = look((COPIED,))
    if place(record, (COPIED,), COPIED) is None:
        violated(expected=f"{COPIED} copied into the tmpfs", observed="not there", evidence=record.answers[action])
    return Evidence(f"{COPIED} copied into the tmpfs", "there")


def _expectation(name: str, applies: Callable[[Config, Host], bool], judge: Judge) -> Expectation:
    return Expectation(
        requirement=f"config.mounts.{name}", applies=applies, judge=judge, probes=lambda config, _host: look_at_mounts(config)
    )


EXPECTATIONS: tuple[Expectation, ...] = (
    _expectation("linux-mount2", lambda config, host: bool(_typed(config, host)), _judge_type),
    _expectation("destination.linux-relative-to-root", lambda config, _host: bool(_relative(config)), _judge_relative),
    _expectation("order", lambda config, _host: bool(_pairs(config)), _judge_order),
    _expectation("options.remount", lambda config, _host: bool(_remounts(config)), _judge_remount),
    _expectation("options.unknown-as-data", lambda config, _host: bool(_data(config)), _judge_data),
    Expectation(
        requirement="config.mounts.options.tmpcopyup",
        probes=lambda _config, _host: (look((COPIED,)),),
        judge=_judge_copied,
        sees="probe",
    ),
)
