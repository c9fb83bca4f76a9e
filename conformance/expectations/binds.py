"""Bind mounts: that they are made, and of what.

Whether a bind mount shows its source is seen without any help of the host where the source lies in the root filesystem:
the program then has two names for one file, and statx gives both the same device and inode.
"""

import stat
from collections.abc import Iterable

from conformance.expectations.contract import Evidence, Expectation, Inconclusive, running, violated
from conformance.expectations.mounted import Twin, below, by_id, judge_each, look_at_mounts, mount_of, places, twins, within
from conformance.expectations.places import Place
from conformance.record.config import Config
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.record.snapshot import Mount

_OWN_NUMBERS = frozenset({"overlay", "fuse", "aufs", "9p", "virtiofs"})
"""Filesystems that give a file other device and inode numbers than the directory that they show."""


def _same_file(first: Place, second: Place) -> bool:
    return (first.device, first.inode) == (second.device, second.inode)


def _both_ends(record: Record, twin: Twin) -> tuple[Mount, Place, Place]:
    """Return a bind mount, what its destination leads to, and what its source is by the container's own name for it.

    Raises Inconclusive where the root filesystem is not the bundle's directory itself but, say, an overlay of it.
    """
    mount, found = mount_of(record, twin.entry), places(record)
    destination, source, root = found[twin.entry.destination], found.get(twin.path), found["/"]
    if destination is None or source is None or root is None:
        raise Inconclusive(f"the program sees nothing at {twin.path}")
    if by_id(running(record), root.mount).fstype in _OWN_NUMBERS:
        raise Inconclusive("the root filesystem gives files numbers of its own")
    return mount, destination, source


def _definition(config: Config) -> tuple[Twin, ...]:
    return tuple(twin for twin in twins(config) if twin.entry.type in {"", "none", "bind"})


def _dummy(config: Config) -> tuple[Twin, ...]:
    return tuple(twin for twin in twins(config) if twin.entry.type not in {"", "none", "bind"})


def _judge_definition(config: Config, _host: Host, record: Record) -> Evidence:
    return _same_devices(_definition(config), record)


def _judge_dummy(config: Config, _host: Host, record: Record) -> Evidence:
    return _same_devices(_dummy(config), record)


def _same_devices(bound: Iterable[Twin], record: Record) -> Evidence:
    def one(twin: Twin) -> Evidence:
        mount, destination, source = _both_ends(record, twin)
        if destination.device != source.device:
            violated(expected=f"{twin.path} bound on {mount.point}", observed=f"{mount.fstype} of its own", evidence=mount)
        return Evidence(f"{twin.path} bound on {mount.point}", f"both on device {destination.device}")

    return judge_each(bound, one)


def _judge_file(config: Config, _host: Host, record: Record) -> Evidence:
    def one(twin: Twin) -> Evidence:
        _mount, destination, source = _both_ends(record, twin)
        if not stat.S_ISREG(source.mode):
            raise Inconclusive("no source is a file")
        if not _same_file(destination, source):
            violated(expected=f"{twin.entry.destination} is {twin.path}", observed=destination, evidence=source)
        return Evidence(f"{twin.entry.destination} is {twin.path}", f"inode {destination.inode}")

    return judge_each(twins(config), one)


def _relative_sources(config: Config) -> tuple[Twin, ...]:
    return tuple(twin for twin in twins(config) if not twin.entry.source.startswith("/"))


def _judge_relative_source(config: Config, _host: Host, record: Record) -> Evidence:
    def one(twin: Twin) -> Evidence:
        _mount, destination, source = _both_ends(record, twin)
        if not stat.S_ISDIR(source.mode):
            raise Inconclusive("no source is a directory")
        if not _same_file(destination, source):
            violated(expected=f"{twin.entry.source} of the bundle", observed=destination, evidence=source)
        return Evidence(f"{twin.entry.source} of the bundle", f"inode {destination.inode}")

    return judge_each(_relative_sources(config), one)


def _tails(record: Record, mount: Mount, top: str, claimed: set[int | None]) -> set[str]:
    """Where, below `top`, mounts of nobody's making in the config are mounted inside `mount`."""
    inner = below(running(record), mount)
    return {child.point[len(top) :] for child in inner if within(child.point, top) and child.id not in claimed}


def _trees(record: Record, twin: Twin) -> tuple[set[str], set[str]]:
    """Return the sub-mounts below the source and those below the destination, as paths relative to each."""
    mount, found = mount_of(record, twin.entry), places(record)
    source = found.get(twin.path)
    if source is None:
        raise Inconclusive(f"the program sees nothing at {twin.path}")
    claimed = {each.mount for path, each in found.items() if each and each.mount_root and path != "/"}
    holder = by_id(running(record), source.mount)
    return _tails(record, holder, twin.path, claimed), _tails(record, mount, mount.point, claimed)


def _bind(config: Config) -> tuple[Twin, ...]:
    return tuple(twin for twin in twins(config) if "rbind" not in twin.entry.options)


def _judge_bind(config: Config, _host: Host, record: Record) -> Evidence:
    def one(twin: Twin) -> Evidence:
        source, destination = _trees(record, twin)
        if source & destination:
            violated(expected=f"{twin.path} on {twin.entry.destination} without sub-mounts", observed=sorted(destination))
        return Evidence(f"{twin.path} on {twin.entry.destination}", f"left out: {sorted(source)}")

    return judge_each(_bind(config), one)


def _rbind(config: Config) -> tuple[Twin, ...]:
    return tuple(twin for twin in twins(config) if "rbind" in twin.entry.options and "bind" not in twin.entry.options)


def _judge_rbind(config: Config, _host: Host, record: Record) -> Evidence:
    def one(twin: Twin) -> Evidence:
        source, destination = _trees(record, twin)
        if source - destination:
            violated(expected=f"{twin.path} on {twin.entry.destination} with {sorted(source)}", observed=sorted(destination))
        return Evidence(f"{twin.path} on {twin.entry.destination}", f"came along: {sorted(destination)}")

    return judge_each(_rbind(config), one)


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        requirement="config.mounts.source.bind-definition",
        applies=lambda config, _host: bool(_definition(config)),
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge_definition,
    ),
    Expectation(
        requirement="config.mounts.type.bind-dummy",
        applies=lambda config, _host: bool(_dummy(config)),
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge_dummy,
    ),
    Expectation(
        requirement="config.mounts.source.bind-file",
        applies=lambda config, _host: bool(twins(config)),
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge_file,
    ),
    Expectation(
        requirement="config.mounts.source.bind-relative-to-bundle",
        applies=lambda config, _host: bool(_relative_sources(config)),
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge_relative_source,
    ),
    Expectation(
        requirement="config.mounts.options.bind",
        applies=lambda config, _host: bool(_bind(config)),
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge_bind,
    ),
    Expectation(
        requirement="config.mounts.options.rbind",
        applies=lambda config, _host: bool(_rbind(config)),
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge_rbind,
    ),
)
