"""Mount propagation: of the root filesystem (rootfsPropagation) and of single mounts (shared, slave, private, unbindable).

mountinfo tells it in the optional fields: shared:N, master:N, unbindable. A mount made a slave while nothing was shared
with it becomes private, so `slave` alone demands no master: that is judged where a case has seen to a shared source.
"""

from collections.abc import Callable
from dataclasses import dataclass

from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    Unexercised,
    running,
    violated,
)
from conformance.expectations.mounted import (
    Entry,
    below,
    by_id,
    entries,
    judge_each,
    look_at_mounts,
    mount_of,
    options_given,
    own_namespace,
    places,
    visible,
    within,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.record.snapshot import Mount, Snapshot


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of propagation, and how a mount shows it."""

    name: str
    check: Callable[[Mount], bool]


KINDS = (
    Kind("shared", lambda mount: mount.shared is not None),
    Kind("slave", lambda mount: mount.shared is None),
    Kind("private", lambda mount: mount.shared is None and mount.master is None),
    Kind("unbindable", lambda mount: mount.unbindable),
)
"""mount_namespaces(7), shared subtrees."""

OPTIONS = frozenset(prefix + kind.name for prefix in ("", "r") for kind in KINDS)
ROOTFS_VALUES = (None, "", *(kind.name for kind in KINDS))


def has_option(name: str, config: Config) -> tuple[Entry, ...]:
    """Return the visible entries with this propagation option and no other.

    None where rootfsPropagation has a value beyond the spec's: what a runtime makes of "rshared" is its own affair.
    """
    if name not in options_given(config) or lookup(config, "/linux/rootfsPropagation") not in ROOTFS_VALUES:
        return ()
    return tuple(entry for entry in visible(config) if OPTIONS & set(entry.options) == {name})


def describe(mount: Mount) -> str:
    """`/mnt shared:3 master:2`, as mountinfo has it."""
    fields = [f"shared:{mount.shared}"] if mount.shared is not None else []
    fields += [f"master:{mount.master}"] if mount.master is not None else []
    fields += ["unbindable"] if mount.unbindable else []
    return " ".join([mount.point, *(fields or ["private"])])


def _came_along(record: Record, entry: Entry, mount: Mount) -> list[Mount]:
    """Sub-mounts of an rbind that its source brought: those that no path of the config and no device has put there."""
    if "rbind" not in entry.options or within(entry.destination, "/dev"):
        return []
    snapshot = running(record)
    inner = list(below(snapshot, mount))
    numbers = {found.mount for found in places(record).values() if found is not None and found.mount_root}
    devices = {device.get("path") for device in lookup(record.config, "/linux/devices", ()) or ()}
    own = [child for child in inner if child.id in numbers or child.point in devices]
    own += [deeper for child in own for deeper in below(snapshot, child)]
    return [child for child in inner if child not in own]


def _judge_option(kind: Kind, *, recursive: bool) -> Judge:
    name = ("r" if recursive else "") + kind.name

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        def one(entry: Entry) -> Evidence:
            mount = mount_of(record, entry)
            for each in [mount, *(_came_along(record, entry, mount) if recursive else ())]:
                if not kind.check(each):
                    violated(expected=f"{name} on {entry.destination}", observed=describe(each), evidence=each)
            return Evidence(name, describe(mount))

        return judge_each(has_option(name, config), one)

    return judge


def _applies_option(name: str) -> Callable[[Config, Host], Applicability]:
    return lambda config, _host: bool(has_option(name, config))


def root_mount(record: Record) -> Mount:
    """Return the mount that is the container's root, by its own statx; raises Inconclusive if it cannot be told."""
    place = places(record).get("/")
    if place is None:
        raise Inconclusive("the program may not look at /")
    return by_id(running(record), place.mount)


def _applies_rootfs(value: str) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, _host: Host) -> Applicability:
        over_root = any(entry.destination == "/" for entry in entries(config))
        return lookup(config, "/linux/rootfsPropagation") == value and own_namespace(config, "mount") and not over_root

    return applies


def _judge_rootfs(kind: Kind) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        mount = root_mount(record)
        _only_root(running(record), record, mount)
        if not kind.check(mount):
            violated(expected=f"rootfs {kind.name}", observed=describe(mount), evidence=mount)
        return Evidence(f"rootfs {kind.name}", describe(mount))

    return judge


def _judge_rootfs_slave(config: Config, _host: Host, record: Record) -> Evidence:
    """Judge a rootfs that the case has made a shared mount of the host: only a slave of it receives its events.

    A mount namespace that is joined was there before that mount, so there is nothing in it to be a slave of.
    """
    if not own_namespace(config, "mount"):
        raise Unexercised
    mount = root_mount(record)
    if lookup(record.config, "/linux/rootfsPropagation") != "slave":
        raise Unexercised
    if mount.master is None:
        violated(expected="rootfs slave of the host's shared mount", observed=describe(mount), evidence=mount)
    return Evidence("rootfs slave of the host's shared mount", describe(mount))


def _only_root(snapshot: Snapshot, record: Record, mount: Mount) -> None:
    """Raise Inconclusive where another path of the config has put the mount that is the root now."""
    others = [
        path for path, place in places(record).items() if path != "/" and place and place.mount == mount.id and place.mount_root
    ]
    if others or mount not in snapshot.mounts:
        raise Inconclusive(f"{others} lead to the root as well")


EXPECTATIONS: tuple[Expectation, ...] = (
    *(
        Expectation(
            requirement=f"config.mounts.options.{'r' if recursive else ''}{kind.name}",
            applies=_applies_option(("r" if recursive else "") + kind.name),
            probes=lambda config, _host: look_at_mounts(config),
            judge=_judge_option(kind, recursive=recursive),
        )
        for kind in KINDS
        for recursive in (False, True)
    ),
    *(
        Expectation(
            requirement=f"linux.rootfspropagation.{kind.name}",
            applies=_applies_rootfs(kind.name),
            probes=lambda config, _host: look_at_mounts(config),
            judge=_judge_rootfs(kind),
        )
        for kind in KINDS
        if kind.name != "slave"
    ),
    Expectation(
        requirement="linux.rootfspropagation.slave",
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge_rootfs_slave,
    ),
)
