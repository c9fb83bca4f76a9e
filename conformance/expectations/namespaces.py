"""config-linux.md, Namespaces: new, joined by path, or inherited from the runtime."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from conformance.expectations.contract import (
    Applicability,
    Applies,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    equal,
    must_be_refused,
    running,
    violated,
)
from conformance.record.config import Config, lookup, remembered
from conformance.record.host import Host
from conformance.record.record import Record
from specs.linux.namespaces import NAMESPACES

LINKS: Mapping[str, str] = {kind: namespace.proc for kind, namespace in NAMESPACES.items()}
"""The config's word for a type to its name in /proc/PID/ns."""
_PROC = re.compile(r"/proc/(?:self|[1-9][0-9]*)/(?:(?P<plain>status|stat|maps|mountinfo)|ns/(?P<link>[a-z]+))")


@remembered
def entries(config: Config) -> list[Mapping[str, Any]]:
    """Return the entries whose type the spec knows."""
    found = lookup(config, "/linux/namespaces") or []
    return [entry for entry in found if isinstance(entry, dict) and entry.get("type") in LINKS]


def is_new(config: Config, kind: str) -> bool:
    """Whether the config asks for a new namespace of that type, without contradicting itself."""
    return _paths(config).get(kind) == [None]


@remembered
def _paths(config: Config) -> Mapping[str, list[Any]]:
    """Return what the entries of each type say of a path."""
    paths: dict[str, list[Any]] = {}
    for entry in entries(config):
        paths.setdefault(entry["type"], []).append(entry.get("path"))
    return paths


def _repeated(config: Config) -> list[str]:
    counts = Counter(entry["type"] for entry in entries(config))
    return sorted(kind for kind, count in counts.items() if count > 1)


def _new(config: Config, host: Host) -> list[str]:
    """Return the types to be made anew that this kernel has."""
    return [kind for kind, link in LINKS.items() if link in host.namespaces and is_new(config, kind)]


def _makes_new(config: Config, host: Host) -> Applicability:
    return bool(_new(config, host))


def _no_path_new(config: Config, host: Host, record: Record) -> Evidence:
    observed = running(record).namespaces
    same = [kind for kind in _new(config, host) if observed.get(LINKS[kind]) == host.namespaces[LINKS[kind]]]
    if same:
        violated(expected={"new": _new(config, host)}, observed={"those of the runtime": same}, evidence=observed)
    return Evidence({"new": _new(config, host)}, observed)


def _makes_new_pid(config: Config, _host: Host) -> Applicability:
    return is_new(config, "pid")


def _own_pids(_config: Config, host: Host, record: Record) -> Evidence:
    """Count the pids of the process: it has one in each pid namespace that it is nested in, the harness's outermost."""
    snapshot = running(record)
    levels, namespace = snapshot.process.ns_pids, snapshot.namespaces.get("pid")
    if namespace == host.namespaces.get("pid") or len(levels) < 2:
        violated(
            expected="no process of the runtime's pid namespace can be seen",
            observed={"pid in each namespace": levels, "namespace": namespace},
        )
    return Evidence("a pid namespace below the runtime's", {"pid in each namespace": levels, "namespace": namespace})


# Joined by path


def _joined(config: Config) -> dict[str, str]:
    """Return the types with an absolute path, and that path."""
    repeated = _repeated(config)
    paths = {entry["type"]: entry.get("path") for entry in entries(config) if entry["type"] not in repeated}
    return {kind: path for kind, path in paths.items() if isinstance(path, str) and path.startswith("/")}


def _joins(config: Config, _host: Host) -> Applicability:
    return bool(_joined(config)) and not _mismatched(config)


def _path_join(config: Config, _host: Host, record: Record) -> Evidence:
    observed = running(record).namespaces
    expected = {LINKS[kind]: record.namespace_paths.get(path) for kind, path in _joined(config).items()}
    unknown = [link for link, inode in expected.items() if inode is None or link not in observed]
    if unknown:
        raise Inconclusive(f"the namespaces to join were not looked at before create: {', '.join(unknown)}")
    return equal(expected=expected, observed={link: observed[link] for link in expected}, evidence=_joined(config))


def _mismatched(config: Config) -> dict[str, str]:
    """Return the types whose path is, by its very name, a namespace of another type or a file of another sort."""
    return {kind: path for kind, path in _joined(config).items() if _tells_mismatch(kind, path)}


def _tells_mismatch(kind: str, path: str) -> bool:
    match = _PROC.fullmatch(path)
    if match is None:
        return False
    return match["plain"] is not None or (match["link"] in LINKS.values() and match["link"] != LINKS[kind])


def _has_mismatch(config: Config, _host: Host) -> Applicability:
    return bool(_mismatched(config))


def _mismatch_refused(config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect=f"no namespaces of these types: {_mismatched(config)}")


def _relative(config: Config) -> list[str]:
    paths = (entry.get("path") for entry in entries(config))
    return [path for path in paths if isinstance(path, str) and path and not path.startswith("/")]


def _has_relative(config: Config, _host: Host) -> Applicability:
    return bool(_relative(config))


def _relative_refused(config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect=f"namespace paths that are not absolute: {_relative(config)}")


# Not listed, or listed twice


def _unlisted(config: Config, host: Host) -> list[str]:
    listed = {entry["type"] for entry in entries(config)}
    # Without root a runtime cannot do without a user namespace; whose duty it is to list it is not said.
    needed = {"user"} if host.euid != 0 else set()
    return [kind for kind, link in LINKS.items() if kind not in listed | needed and link in host.namespaces]


def _leaves_out(config: Config, host: Host) -> Applicability:
    return bool(_unlisted(config, host))


def _inherited(config: Config, host: Host, record: Record) -> Evidence:
    observed = running(record).namespaces
    links = [LINKS[kind] for kind in _unlisted(config, host) if LINKS[kind] in observed]
    return equal(
        expected={link: host.namespaces[link] for link in links},
        observed={link: observed[link] for link in links},
    )


def _has_repeated(config: Config, _host: Host) -> Applicability:
    return bool(_repeated(config))


def _repeated_refused(config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect=f"namespace types given twice: {', '.join(_repeated(config))}")


def _refusal(requirement: str, applies: Applies, judge: Judge) -> Expectation:
    return Expectation(requirement=requirement, applies=applies, judge=judge, sees="runtime", judges_refusal=True)


EXPECTATIONS = (
    Expectation(requirement="linux.namespaces.no-path-new", applies=_makes_new, judge=_no_path_new),
    Expectation(requirement="linux.namespaces.type.pid", applies=_makes_new_pid, judge=_own_pids),
    Expectation(requirement="linux.namespaces.path.join", applies=_joins, judge=_path_join),
    Expectation(requirement="linux.namespaces.unlisted-inherited", applies=_leaves_out, judge=_inherited),
    _refusal("linux.namespaces.path.type-mismatch-error", _has_mismatch, _mismatch_refused),
    _refusal("linux.namespaces.path.absolute", _has_relative, _relative_refused),
    _refusal("linux.namespaces.duplicate-error", _has_repeated, _repeated_refused),
)
