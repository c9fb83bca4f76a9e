"""config-linux.md, User namespace mappings: the id maps of a new user namespace."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conformance.expectations.contract import Applicability, Applies, Evidence, Expectation, Judge, equal, running
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
)
