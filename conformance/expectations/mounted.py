"""The entries of `mounts`, and the mounts they have become in a running container.

A mount is identified by the id that the program's own statx gives for its destination. What other entries,
masked or read-only paths cover is left out of judging: there the config itself hides the mount.
"""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from conformance.expectations.contract import Evidence, Inconclusive, running, violated
from conformance.expectations.places import Place, look, seen
from conformance.record.config import Config, lookup, remembered
from conformance.record.probe import Action
from conformance.record.record import Record
from conformance.record.snapshot import Mount, Snapshot

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `mounts`, with its destination made absolute and normal."""

    index: int
    destination: str
    type: str
    source: str
    options: tuple[str, ...]
    bind: bool
    """It is a bind mount, by its options alone (config.md, Mounts)."""
    remount: bool
    """It changes a mount that is there instead of making one."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A bind mount whose source lies in the root filesystem: `path` is the container's own name for the source."""

    entry: Entry
    path: str


@lru_cache(maxsize=1024)
def absolute(path: str) -> str:
    """Return the normal form of a path that counts from the container's root."""
    return posixpath.normpath("/" + path.lstrip("/"))


def within(path: str, ancestor: str) -> bool:
    """Whether `path` is `ancestor` or lies below it, by name; `ancestor` is normal."""
    if not path.startswith(ancestor):
        return False
    return len(path) == len(ancestor) or ancestor.endswith("/") or path[len(ancestor)] == "/"


def nested(path: str, other: str) -> bool:
    """Whether one of the two is within the other."""
    return other in _ancestry(path) or path in _ancestry(other)


def covered(path: str, by: Iterable[str]) -> bool:
    """Whether `path` is within any of the others: the same as to ask of each, and quicker."""
    return not _ancestry(path).isdisjoint(by)


@lru_cache(maxsize=1024)
def _ancestry(path: str) -> frozenset[str]:
    """Return all that `path` is within."""
    slashes = [position for position, letter in enumerate(path) if letter == "/"]
    return frozenset((path, *(path[: position + more] for position in slashes for more in (0, 1))))


@remembered
def entries(config: Config) -> tuple[Entry, ...]:
    """Return the entries of `mounts` in order."""
    return tuple(_entry(index, mount) for index, mount in enumerate(config.get("mounts") or ()))


def _entry(index: int, mount: Mapping[str, Any]) -> Entry:
    options = tuple(mount.get("options") or ())
    return Entry(
        index,
        absolute(mount["destination"]),
        mount.get("type") or "",
        mount.get("source") or "",
        options,
        bind="bind" in options or "rbind" in options,
        remount="remount" in options,
    )


def own_namespace(config: Config, kind: str) -> bool:
    """Whether the container gets a new namespace of this kind."""
    return (kind, False) in _namespaces(config)


def user_namespace(config: Config) -> bool:
    """Whether the container is in a user namespace of its own, new or joined."""
    return not _namespaces(config).isdisjoint((("user", False), ("user", True)))


@remembered
def _namespaces(config: Config) -> frozenset[tuple[str, bool]]:
    """Return the listed types, whatever a broken config has there, and whether with a path."""
    return frozenset((str(each.get("type")), bool(each.get("path"))) for each in lookup(config, "/linux/namespaces", ()) or ())


@remembered
def masked_paths(config: Config) -> tuple[str, ...]:
    """Return the absolute ones of linux.maskedPaths, normal."""
    return tuple(absolute(path) for path in lookup(config, "/linux/maskedPaths", ()) or () if path.startswith("/"))


@remembered
def readonly_paths(config: Config) -> tuple[str, ...]:
    """Return the absolute ones of linux.readonlyPaths, normal."""
    return tuple(absolute(path) for path in lookup(config, "/linux/readonlyPaths", ()) or () if path.startswith("/"))


@remembered
def visible(config: Config) -> tuple[Entry, ...]:
    """Return the entries whose mount the config does not change or cover again, by name.

    Empty without a mount namespace of its own. Filesystem types that runtimes replace by design are left out:
    "cgroup" becomes whatever hierarchy the host has.
    """
    if not own_namespace(config, "mount"):
        return ()
    listed = entries(config)
    covers = (*masked_paths(config), *readonly_paths(config))
    return tuple(
        entry
        for entry in listed
        if entry.destination != "/"
        and (entry.bind or not entry.type.startswith("cgroup"))
        and not entry.remount
        and not any(other.destination == entry.destination for other in listed if other is not entry)
        and not covered(entry.destination, (other.destination for other in listed[entry.index + 1 :]))
        and not covered(entry.destination, covers)
    )


@remembered
def options_given(config: Config) -> frozenset[str]:
    """Return the options that any visible entry has: most options are in no entry, and then none has to be looked at."""
    return frozenset(option for entry in visible(config) for option in entry.options)


@remembered
def twins(config: Config) -> tuple[Twin, ...]:
    """Return the visible bind mounts whose source is a path below root.path, both relative or both absolute."""
    root = posixpath.normpath(lookup(config, "/root/path", "") or "/")
    found = []
    for entry in visible(config):
        source = posixpath.normpath(entry.source) if entry.source else "."
        if entry.bind and source != root and within(source, root) and root not in {".", "/"}:
            found.append(Twin(entry, absolute(source[len(root) :])))
    destinations = [entry.destination for entry in entries(config)]
    return tuple(twin for twin in found if not covered(twin.path, destinations))


@remembered
def looked_at(config: Config) -> tuple[str, ...]:
    """Return every path that says where the config's mounts are: what is mounted on, and the sources below the root."""
    mounted_on = [entry.destination for entry in entries(config)]
    return ("/", *mounted_on, *masked_paths(config), *readonly_paths(config), *(twin.path for twin in twins(config)))


def look_at_mounts(config: Config) -> tuple[Action, ...]:
    """Return the probes that `mount_of` needs."""
    return (look(looked_at(config)),)


@remembered
def places(record: Record) -> Mapping[str, Place | None]:
    """Return where the paths of `looked_at` lead."""
    return seen(record, looked_at(record.config))


def mount_of(record: Record, entry: Entry) -> Mount:
    """Return the mount that a visible entry has become.

    Raises Violation if nothing is mounted on its destination, Inconclusive where the mount cannot be told for sure.
    """
    snapshot, found = running(record), places(record)
    if entry.destination not in found:
        raise Inconclusive(f"the program may not look at {entry.destination}")
    place = found[entry.destination]
    elsewhere = _mounts_elsewhere(found, entry)
    if place is None or not place.mount_root:
        hidden = any(mount.point == entry.destination for mount in snapshot.mounts)
        others = [mount.point for mount in snapshot.mounts if mount.id in elsewhere and mount.point != "/"]
        if hidden or covered(entry.destination, others):
            raise Inconclusive(f"another mount may cover {entry.destination}")
        violated(expected=f"a mount on {entry.destination}", observed="none", evidence=_points(snapshot))
    mount = by_id(snapshot, place.mount)
    if mount.id in elsewhere:
        raise Inconclusive(f"another path of the config leads to {entry.destination} as well")
    return mount


def by_id(snapshot: Snapshot, number: int | None) -> Mount:
    """Return the mount with that id; raises Inconclusive if there is none."""
    for mount in snapshot.mounts:
        if mount.id == number:
            return mount
    raise Inconclusive("statx names no mount of mountinfo")


def below(snapshot: Snapshot, mount: Mount) -> Iterator[Mount]:
    """Yield the mounts that are mounted inside `mount`, at any depth."""
    for child in snapshot.mounts:
        if child.parent == mount.id and child.id != mount.id:
            yield child
            yield from below(snapshot, child)


def brought_along(record: Record, entry: Entry, mount: Mount) -> list[Mount]:
    """Return the mounts inside that came with the entry's source: other entries, masks and devices have put none there."""
    config = record.config
    devices = [absolute(device["path"]) for device in lookup(config, "/linux/devices", ()) or ()]
    made = [other.destination for other in entries(config) if other.destination != entry.destination]
    others = [
        path for path in (*made, *masked_paths(config), *readonly_paths(config), *devices) if within(path, entry.destination)
    ]
    inside = below(running(record), mount) if entry.bind else ()
    return [child for child in inside if not covered(child.point, others)]


def read_only(mount: Mount) -> bool:
    """Whether nothing can be written through this mount: the mount itself or its filesystem is read-only."""
    return "ro" in mount.options or "ro" in mount.super_options


def judge_each(items: Iterable[Item], judge: Callable[[Item], Evidence]) -> Evidence:
    """Judge every item; pass with the evidence of those that could be judged, raise Inconclusive if none could."""
    judged: list[Evidence] = []
    reasons: list[str] = []
    for item in items:
        try:
            judged.append(judge(item))
        except Inconclusive as reason:
            reasons.append(str(reason))
    if not judged:
        raise Inconclusive(reasons[0] if reasons else "nothing in the config can be judged")
    return Evidence([evidence.expected for evidence in judged], [evidence.observed for evidence in judged])


def _mounts_elsewhere(found: Mapping[str, Place | None], entry: Entry) -> set[int | None]:
    """Ids of mounts that the config's other paths lead to, but for those that hold the destination by name and came before."""
    holders = _ancestry(entry.destination)
    return {mount for path, mount in _mounted_on(found) if path not in holders}


@remembered
def _mounted_on(found: Mapping[str, Place | None]) -> tuple[tuple[str, int | None], ...]:
    """Return the paths on which something is mounted, and its id."""
    return tuple((path, place.mount) for path, place in found.items() if place is not None and place.mount_root)


def _points(snapshot: Snapshot) -> list[str]:
    return [mount.point for mount in snapshot.mounts]
