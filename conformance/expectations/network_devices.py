"""config-linux.md, Network devices: moved into the container, with what they had and under the name that is asked for.

An interface is known again by its hardware address, which a move does not change.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    Unexercised,
    equal,
    must_be_refused,
    running,
    violated,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.record.snapshot import Link, Snapshot

_IFF_UP, _IFF_LOOPBACK = 0x1, 0x8
_RUNTIME = ""
"""The place of the runtime's own network namespace in `Record.outside`."""

Entries = Mapping[str, Mapping[str, Any]]


def _entries(config: Config) -> Entries:
    """Return interfaces by their names on the host, those of them that are objects."""
    found = lookup(config, "/linux/netDevices")
    return {key: value for key, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}


def _wanted(config: Config, host_name: str) -> str:
    return str(_entries(config)[host_name].get("name") or host_name)


def _is_template(name: str) -> bool:
    return name.endswith("%d")


def _lists_some(config: Config, _host: Host) -> Applicability:
    return bool(_entries(config))


def _lists(which: Callable[[Mapping[str, Any]], bool]) -> Callable[[Config, Host], Applicability]:
    return lambda config, _host: any(which(entry) for entry in _entries(config).values())


def _has_name(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("name")) and not _is_template(str(entry["name"]))


def _has_template(entry: Mapping[str, Any]) -> bool:
    return _is_template(str(entry.get("name") or ""))


def _has_none(entry: Mapping[str, Any]) -> bool:
    return not entry.get("name")


def _before(config: Config, record: Record) -> Mapping[str, Link]:
    """Return what the listed interfaces were, by their names on the host; those that are not there are left out."""
    there = record.outside.get("before")
    if there is None:
        raise Inconclusive("nobody looked at the host's network interfaces")
    return {link.name: link for link in there[_RUNTIME] if link.name in _entries(config)}


def _movable(config: Config, record: Record) -> Mapping[str, Link]:
    """Return those of them that can be moved and known again; raises Inconclusive where there is none."""
    found = {name: link for name, link in _before(config, record).items() if not link.flags & _IFF_LOOPBACK}
    if (
        not found
        or len({link.address for link in found.values()}) < len(found)
        or not all(link.address for link in found.values())
    ):
        raise Inconclusive("there is no interface that could be known again by its hardware address")
    return found


def _arrived(config: Config, record: Record, seen: Snapshot | None = None) -> Mapping[str, tuple[Link, Link]]:
    """Return (what it was, what it is in the container) of the listed interfaces that are there, by host name.

    Looked at is the running container, if no other snapshot is given.
    """
    inside = (seen or running(record)).links
    if inside is None:
        raise Inconclusive("nobody looked at the container's network interfaces")
    by_address = {link.address: link for link in inside}
    return {
        name: (link, by_address[link.address]) for name, link in _movable(config, record).items() if link.address in by_address
    }


def _arrived_some(
    config: Config, record: Record, which: Callable[[Mapping[str, Any]], bool] | None = None
) -> Mapping[str, tuple[Link, Link]]:
    found = _arrived(config, record)
    if which is not None:
        found = {name: pair for name, pair in found.items() if which(_entries(config)[name])}
    if not found:
        raise Inconclusive("no such interface is in the container")
    return found


def _available(config: Config, _host: Host, record: Record) -> Evidence:
    expected, observed = sorted(_movable(config, record)), sorted(_arrived(config, record))
    return equal(expected=expected, observed=observed, evidence=running(record).links)


def _moved(config: Config, _host: Host, record: Record) -> Evidence:
    outside = record.outside.get("running")
    if outside is None:
        raise Inconclusive("nobody looked at the host's network interfaces while the program ran")
    running(record)
    addresses = {link.address: name for name, link in _movable(config, record).items()}
    left = sorted(addresses[link.address] for link in outside[_RUNTIME] if link.address in addresses)
    if left:
        violated(expected="the interfaces have left the runtime's network namespace", observed={"still there": left})
    return Evidence("the interfaces have left the runtime's network namespace", outside[_RUNTIME])


def _named(which: Callable[[Mapping[str, Any]], bool]) -> Judge:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        found = _arrived_some(config, record, which)
        return equal(
            expected={name: _wanted(config, name) for name in found},
            observed={name: inside.name for name, (_, inside) in found.items()},
        )

    return judge


def _numbered(config: Config, _host: Host, record: Record) -> Evidence:
    """Judge names that the kernel has picked: the template with some number."""
    found = _arrived_some(config, record, _has_template)
    observed = {name: inside.name for name, (_, inside) in found.items()}
    wrong = {
        name: seen
        for name, seen in observed.items()
        if not re.fullmatch(re.escape(_wanted(config, name).removesuffix("%d")) + r"\d+", seen)
    }
    if wrong:
        violated(expected={name: _wanted(config, name) for name in found}, observed=observed)
    return Evidence({name: _wanted(config, name) for name in found}, observed)


def _kept(config: Config, _host: Host, record: Record) -> Evidence:
    """Judge the created container, if they are there by then: the program may change what it likes."""
    early = _arrived(config, record, record.created) if record.created is not None else {}
    found = early or _arrived_some(config, record)
    expected = {name: {"mtu": before.mtu, "addresses": sorted(before.lasting)} for name, (before, _) in found.items()}
    observed = {
        name: {"mtu": inside.mtu, "addresses": sorted(set(inside.lasting) & set(before.lasting))}
        for name, (before, inside) in found.items()
    }
    return equal(expected=expected, observed=observed, evidence={name: inside for name, (_, inside) in found.items()})


def _set_up(config: Config, _host: Host, record: Record) -> Evidence:
    found = _arrived_some(config, record)
    observed = {name: bool(inside.flags & _IFF_UP) for name, (_, inside) in found.items()}
    return equal(expected=dict.fromkeys(found, True), observed=observed)


def _checked(config: Config, _host: Host, record: Record) -> Evidence:
    before = _before(config, record)
    wrong = [name for name in _entries(config) if name not in before or before[name].flags & _IFF_LOOPBACK]
    if not wrong:
        raise Unexercised
    return must_be_refused(record, by="start", defect=f"interfaces that cannot be moved: {', '.join(wrong)}")


def _clashing(config: Config, record: Record) -> list[str]:
    """Return names that are taken: by loopback in every network namespace, by others in one that is joined."""
    joined = [links for place, links in record.outside.get("before", {}).items() if place != _RUNTIME]
    taken = {"lo", *(link.name for links in joined for link in links)}
    return sorted({_wanted(config, name) for name in _before(config, record) if _wanted(config, name) in taken})


def _clash_refused(config: Config, _host: Host, record: Record) -> Evidence:
    clashing = _clashing(config, record)
    if not clashing:
        raise Unexercised
    return must_be_refused(record, by="start", defect=f"names that are taken in the container: {', '.join(clashing)}")


def _left_alone(config: Config, _host: Host, record: Record) -> Evidence:
    """Judge that what was changed in the created container is so once the program runs."""
    changed = record.snapshots.get("retuned")
    if changed is None or changed.links is None:
        raise Unexercised
    listed = {inside.address for _, inside in _arrived_some(config, record).values()}
    inside = running(record).links or ()
    return equal(
        expected={link.name: link.mtu for link in changed.links if link.address in listed},
        observed={link.name: link.mtu for link in inside if link.address in listed},
    )


def _not_moved_back(config: Config, _host: Host, record: Record) -> Evidence:
    """Judge by a namespace that outlives the container: there the interfaces are after delete, if they were before."""
    after = record.outside.get("deleted")
    arrived = {link.address: name for name, (link, _) in _arrived_some(config, record).items()}
    joined = [links for place, links in (after or {}).items() if place != _RUNTIME]
    if after is None or not joined:
        raise Unexercised
    back = sorted(arrived[link.address] for link in after[_RUNTIME] if link.address in arrived)
    if back:
        violated(expected="the interfaces are in the namespace that was joined", observed={"moved back": back})
    still = sorted(arrived[link.address] for links in joined for link in links if link.address in arrived)
    return equal(expected=sorted(arrived.values()), observed=still)


def _effect(name: str, judge: Judge, applies: Callable[[Config, Host], Applicability] = _lists_some) -> Expectation:
    """Make an expectation for what a runtime may refuse to do; the refusal of what cannot be done tells nothing about it."""

    def judged(config: Config, host: Host, record: Record) -> Evidence:
        refusal = record.refusal
        if refusal is None:
            return judge(config, host, record)
        if set(_movable(config, record)) != set(_entries(config)) or _clashing(config, record):
            raise Unexercised
        return Evidence("applied, or refused with an error", refusal.describe(), kind="refused")

    return Expectation(requirement=f"linux.netdevices.{name}", applies=applies, judge=judged, judges_refusal=True)


def _by_aim(name: str, judge: Judge, *, judges_refusal: bool) -> Expectation:
    return Expectation(requirement=f"linux.netdevices.{name}", judge=judge, judges_refusal=judges_refusal)


EXPECTATIONS: tuple[Expectation, ...] = (
    _effect("available", _available),
    _effect("moved", _moved),
    _effect("name.effect", _named(_has_name), _lists(_has_name)),
    _effect("name.default", _named(_has_none), _lists(_has_none)),
    _effect("template-allowed", _numbered, _lists(_has_template)),
    _effect("keep-attributes", _kept),
    _effect("set-up", _set_up),
    _by_aim("check-movable", _checked, judges_refusal=True),
    _by_aim("name-clash-error", _clash_refused, judges_refusal=True),
    _by_aim("no-management", _left_alone, judges_refusal=False),
    _by_aim("no-move-back", _not_moved_back, judges_refusal=False),
)
