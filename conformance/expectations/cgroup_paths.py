"""config-linux.md, Control groups: which cgroup the process is in."""

import posixpath
from collections.abc import Mapping, Sequence

from conformance.expectations.cgroups import version
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    running,
    violated,
)
from conformance.expectations.mounted import within
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record

AGAIN = "second container of the same config"
"""Name of the snapshot that `linux.cgroups.path.consistent` compares with."""

_CONTROLLERS: Mapping[str, Sequence[str]] = {
    "memory": ("limit", "reservation", "swap"),
    "cpu": ("shares", "quota", "period", "burst"),
    "cpuset": ("cpus", "mems"),
    "pids": ("limit",),
}
"""Controller to the properties that need it, of the object of the same name (cpuset: of `cpu`)."""


def _path(config: Config) -> str | None:
    """Return the cgroup path, if it is absolute and can be read in one way only."""
    path = lookup(config, "/linux/cgroupsPath")
    plain = isinstance(path, str) and path.startswith("/") and path != "/" and posixpath.normpath(path) == path
    return path if plain and not path.startswith("//") else None


def _has_path(config: Config, host: Host) -> Applicability:
    if _path(config) is None:
        return False
    if not host.controllers and "" not in host.cgroup_mounts:
        return NotTestable("this lane has no cgroups")
    return True


def _needed(config: Config, host: Host) -> list[str]:
    """Return the hierarchies that the limits of the config need: v1 controllers, or "" for v2."""
    found = set()
    for controller, properties in _CONTROLLERS.items():
        limits = lookup(config, f"/linux/resources/{'cpu' if controller == 'cpuset' else controller}") or {}
        if any(limits.get(name) for name in properties) and (where := version(host, controller)):
            found.add(controller if where == "v1" else "")
    return sorted(found)


def _absolute(config: Config, host: Host, record: Record) -> Evidence:
    """Demand the path where limits need it, else in one hierarchy at least: which ones a runtime joins is its own affair."""
    wanted, observed = _path(config) or "", running(record).cgroups.paths
    usable = {key: path for key, path in observed.items() if key in host.cgroup_mounts and not key.startswith("name=")}
    there = [key for key, path in usable.items() if within(path, wanted)]
    needed = [key for key in _needed(config, host) if key in usable]
    if not usable:
        raise Inconclusive("no cgroup of the process was seen")
    if not there or any(key not in there for key in needed):
        violated(expected=dict.fromkeys(needed or usable, wanted), observed=usable)
    return Evidence(wanted, usable)


def _consistent(_config: Config, host: Host, record: Record) -> Evidence:
    """Compare the places of two containers of one config, the second made after the first was deleted."""
    if AGAIN not in record.snapshots:
        raise Inconclusive("no second container of the same config was seen")
    first, second = (
        {key: path for key, path in seen.cgroups.paths.items() if key in host.cgroup_mounts and not key.startswith("name=")}
        for seen in (running(record), record.snapshots[AGAIN])
    )
    if not first:
        raise Inconclusive("no cgroup of the process was seen")
    if first != second:
        violated(expected=first, observed=second)
    return Evidence(first, second)


def _any_place(_config: Config, host: Host, record: Record) -> Evidence:
    """Tell where a runtime puts the process that may choose."""
    observed = running(record).cgroups.paths
    if all(path == "/" for key, path in observed.items() if key in host.cgroup_mounts):
        violated(expected="a cgroup of the runtime's choice", observed=observed)
    return Evidence("a cgroup of the runtime's choice", observed)


def _relative(config: Config, _host: Host) -> Applicability:
    path = lookup(config, "/linux/cgroupsPath")
    return isinstance(path, str) and bool(path) and not path.startswith("/")


def _unset(config: Config, _host: Host) -> Applicability:
    return lookup(config, "/linux/cgroupsPath") is None


def _more_controllers(config: Config, host: Host, record: Record) -> Evidence:
    """Tell which controllers the process has been attached to that no limit needs."""
    observed, needed = running(record).cgroups.paths, _needed(config, host)
    more = sorted(key for key, path in observed.items() if key in host.controllers and key not in needed and path != "/")
    if not more:
        violated(expected="more controllers than needed, which is allowed", observed=observed)
    return Evidence("more controllers than needed", more)


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(requirement="linux.cgroups.path.absolute", applies=_has_path, judge=_absolute),
    Expectation(requirement="linux.cgroups.created", applies=_has_path, judge=_absolute),
    Expectation(requirement="linux.cgroups.path.consistent", judge=_consistent),
    Expectation(requirement="linux.cgroups.path.relative", applies=_relative, judge=_any_place),
    Expectation(requirement="linux.cgroups.path.default", applies=_unset, judge=_any_place),
    Expectation(requirement="linux.cgroups.more-controllers", judge=_more_controllers),
)
