"""Id-mapped mounts: the options idmap and ridmap, and uidMappings and gidMappings of a mount; mount_setattr(2).

The kernel marks such a mount `idmapped` in mountinfo. Whose the source is, the harness knows for what it made itself: the
user that it runs as. An id of the file system counts as an id inside of the mapping, and shows outside as the mapping has it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    must_be_refused,
    running,
    violated,
)
from conformance.expectations.mounted import (
    Entry,
    brought_along,
    judge_each,
    look_at_mounts,
    mount_of,
    user_namespace,
    visible,
    within,
)
from conformance.expectations.namespaces import is_new
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.record.snapshot import Mount

Kind = Literal["uid", "gid"]
Wants = Callable[[Config, Entry], bool]
_FIRST = (5, 12, 0)
_MARK = "idmapped"


def _given(config: Config, entry: Entry, kind: Kind) -> Sequence[Mapping[str, int]]:
    return lookup(config, f"/mounts/{entry.index}/{kind}Mappings") or ()


def _maps_given(config: Config, entry: Entry) -> bool:
    return bool(_given(config, entry, "uid") and _given(config, entry, "gid"))


def _maps_nothing(config: Config, entry: Entry) -> bool:
    return not _given(config, entry, "uid") and not _given(config, entry, "gid")


def _of_user_namespace(config: Config, entry: Entry) -> bool:
    return _maps_nothing(config, entry) and is_new(config, "user")


def _without_any(config: Config, entry: Entry) -> bool:
    return _maps_nothing(config, entry) and not user_namespace(config)


def _mapped(config: Config, entry: Entry) -> bool:
    return _maps_given(config, entry) or _of_user_namespace(config, entry)


def _entries(config: Config, option: str, wants: Wants) -> tuple[Entry, ...]:
    """Return bind mounts with this option ("" for any), of which the config says as much as is wanted."""
    return tuple(
        entry for entry in visible(config) if entry.bind and (option in entry.options or not option) and wants(config, entry)
    )


def _applies(option: str, wants: Wants) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        if not _entries(config, option, wants):
            return False
        return host.kernel >= _FIRST or NotTestable("Linux 5.12, which has id-mapped mounts")

    return applies


def _mounts(record: Record, entry: Entry) -> list[Mount]:
    mount = mount_of(record, entry)
    return [mount, *(brought_along(record, entry, mount) if "ridmap" in entry.options else ())]


def _judge_mark(option: str, wants: Wants) -> Callable[[Config, Host, Record], Evidence]:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        def one(entry: Entry) -> Evidence:
            mounts = _mounts(record, entry)
            for mount in mounts:
                if _MARK not in mount.options:
                    violated(expected=f"{mount.point}: {_MARK}", observed=mount.options, evidence=mount)
            return Evidence(_MARK, {mount.point: mount.options for mount in mounts})

        return judge_each(_entries(config, option, wants), one)

    return judge


def _outside(mappings: Iterable[Mapping[str, int]], number: int) -> int:
    """Return what an id of the file system shows as; raises Inconclusive if the mapping leaves it out."""
    for row in mappings:
        if row["containerID"] <= number < row["containerID"] + row["size"]:
            return row["hostID"] + number - row["containerID"]
    raise Inconclusive(f"the mapping says nothing of {number}")


def _mapping(config: Config, entry: Entry, kind: Kind) -> Sequence[Mapping[str, int]]:
    return _given(config, entry, kind) or lookup(config, f"/linux/{kind}Mappings") or ()


def _judge_owners(option: str, wants: Wants, *kinds: Kind) -> Callable[[Config, Host, Record], Evidence]:
    """Compare to whom the top directory of the mount belongs, as the harness sees it there."""

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        def one(entry: Entry) -> Evidence:
            mount_of(record, entry)
            if not any(within(entry.source, place) for place in (record.bundle, f"{record.bundle}-host")):
                raise Inconclusive("nobody knows to whom the source belongs")
            file = (running(record).files or {}).get(entry.destination)
            if file is None:
                raise Inconclusive(f"{entry.destination} was not looked at")
            expected = {kind: _outside(_mapping(config, entry, kind), host.euid) for kind in kinds}
            observed: dict[Kind, int] = {kind: file.uid if kind == "uid" else file.gid for kind in kinds}
            if observed != expected:
                violated(expected={entry.destination: expected}, observed={entry.destination: observed})
            return Evidence({entry.destination: expected}, {entry.destination: observed})

        return judge_each(_entries(config, option, wants), one)

    return judge


def _judge_used_or_refused(option: str) -> Callable[[Config, Host, Record], Evidence]:
    owners = _judge_owners(option, _of_user_namespace, "uid", "gid")

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        if record.refusal is not None:
            return Evidence("used, or refused with an error", record.refusal.describe(), kind="refused")
        return owners(config, host, record)

    return judge


def _judge_used(option: str) -> Callable[[Config, Host, Record], Evidence]:
    owners = _judge_owners(option, _of_user_namespace, "uid", "gid")

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        if record.refusal is not None:
            violated(expected="the mapping of the user namespace, which is allowed", observed=record.refusal.describe())
        return owners(config, host, record)

    return judge


def _judge_error(option: str) -> Callable[[Config, Host, Record], Evidence]:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        return must_be_refused(record, by="start", defect=f"{option}, no mappings, and no user namespace")

    return judge


def _of_option(option: str) -> tuple[Expectation, ...]:
    def expectation(name: str, wants: Wants, judge: Any, *, refusal: bool = False) -> Expectation:
        return Expectation(
            requirement=f"config.mounts.options.{option}{name}",
            applies=_applies(option, wants),
            probes=lambda config, _host: look_at_mounts(config),
            judge=judge,
            judges_refusal=refusal,
        )

    return (
        expectation("", _mapped, _judge_mark(option, _mapped)),
        expectation(".mapping-applied", _mapped, _judge_mark(option, _mapped)),
        expectation(".mount-setattr", _mapped, _judge_mark(option, _mapped)),
        expectation(".use-given", _maps_given, _judge_owners(option, _maps_given, "uid", "gid")),
        expectation(".use-userns", _of_user_namespace, _judge_used(option), refusal=True),
        expectation(".else-error", _of_user_namespace, _judge_used_or_refused(option), refusal=True),
        expectation(".no-userns-error", _without_any, _judge_error(option), refusal=True),
    )


def _of_kind(kind: Kind) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            requirement=f"config.mounts.{kind}mappings.{name}",
            applies=_applies("", _maps_given),
            probes=lambda config, _host: look_at_mounts(config),
            judge=judge,
        )
        for name, judge in (
            ("effect", _judge_owners("", _maps_given, kind)),
            ("mount-setattr", _judge_mark("", _maps_given)),
        )
    )


EXPECTATIONS: tuple[Expectation, ...] = (*_of_option("idmap"), *_of_option("ridmap"), *_of_kind("uid"), *_of_kind("gid"))
