"""config-linux.md, User namespace mappings: the id maps of a new user namespace, and files that keep their owners.

The root filesystem is made by the harness's own user: whoever else owns it, a runtime has given it to.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conformance.expectations.contract import (
    Applicability,
    Applies,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    equal,
    running,
    violated,
)
from conformance.expectations.mounted import absolute, entries, within
from conformance.expectations.namespaces import is_new
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.record.snapshot import Process

Row = tuple[int, int, int]
"""First id inside, first id outside as the harness sees it, number of ids."""


def merged(rows: Iterable[Row]) -> list[Row]:
    """Sort the rows and join those that continue each other: two tables that map alike become equal."""
    result: list[Row] = []
    for inside, outside, size in sorted(row for row in rows if row[2]):
        if result and (result[-1][0] + result[-1][2], result[-1][1] + result[-1][2]) == (inside, outside):
            result[-1] = (result[-1][0], result[-1][1], result[-1][2] + size)
        else:
            result.append((inside, outside, size))
    return result


def _rows(config: Config, property_name: str) -> list[Row]:
    mappings = lookup(config, f"/linux/{property_name}") or []
    return [_row(mapping) for mapping in mappings if isinstance(mapping, Mapping)]


def _row(mapping: Mapping[str, Any]) -> Row:
    return (mapping.get("containerID", 0), mapping.get("hostID", 0), mapping.get("size", 0))


def _maps(property_name: str) -> Applies:
    def applies(config: Config, _host: Host) -> Applicability:
        return is_new(config, "user") and bool(_rows(config, property_name))

    return applies


def _mapped(property_name: str, read: Callable[[Process], Iterable[Row]]) -> Judge:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        observed = read(running(record).process)
        return equal(expected=merged(_rows(config, property_name)), observed=merged(observed))

    return judge


def _moves_root(config: Config, _host: Host) -> Applicability:
    """Whether an owner of the root filesystem would be somebody else inside, which tempts to change ownership."""
    return is_new(config, "user") and any(
        inside <= 0 < inside + size and outside for inside, outside, size in _rows(config, "uidMappings")
    )


def _of_the_root(config: Config) -> list[str]:
    """Return paths that lie in the root filesystem by name: the root itself, and the program."""
    program = (lookup(config, "/process/args") or [""])[0]
    paths = ["/", *([absolute(program)] if program.startswith("/") else [])]
    return [path for path in paths if not any(within(path, entry.destination) for entry in entries(config))]


def _kept(config: Config, host: Host, record: Record) -> Evidence:
    files = running(record).files or {}
    owners = {path: file.uid for path in _of_the_root(config) if (file := files.get(path)) is not None}
    if not owners:
        raise Inconclusive("no file of the root filesystem was looked at")
    others = {path: uid for path, uid in owners.items() if uid != host.euid}
    if others:
        violated(expected=dict.fromkeys(owners, host.euid), observed=owners)
    return Evidence(dict.fromkeys(owners, host.euid), owners)


EXPECTATIONS = (
    Expectation(
        requirement="linux.userns.uidmappings.effect",
        applies=_maps("uidMappings"),
        judge=_mapped("uidMappings", lambda process: process.uid_map),
    ),
    Expectation(
        requirement="linux.userns.gidmappings.effect",
        applies=_maps("gidMappings"),
        judge=_mapped("gidMappings", lambda process: process.gid_map),
    ),
    Expectation(requirement="linux.userns.no-chown", applies=_moves_root, judge=_kept),
)
