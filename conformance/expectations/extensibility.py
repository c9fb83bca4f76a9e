"""config.md, Extensibility and Annotations: what a runtime does not know, it ignores; so does it the order of members.

That it changes nothing is judged by all other expectations, on the same container.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.expectations.contract import Applicability, Evidence, Expectation, Inconclusive, violated
from conformance.expectations.tolerance import must_be_accepted
from conformance.record.config import Config, lookup, remembered
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.record.snapshot import Process

INVENTED = "com.example.oci-conformance."
"""Properties and annotations whose names start so are known to no runtime."""

_KEYS_ARE_DATA = frozenset(
    {"annotations", "sysctl", "unified", "rdma", "netDevices", "timeOffsets", "requests", "limits", "parameters"}
)

_STRUCTURES = frozenset({dict, list})
"""What JSON's objects and arrays become: to ask for the very type is much quicker, and most members are neither."""


@remembered
def _unknown_properties(config: Config) -> tuple[str, ...]:
    return tuple(_invented(config, ""))


def _invented(value: Any, pointer: str) -> Iterator[str]:
    """Yield a pointer to each invented member of an object whose members the spec fixes."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key.startswith(INVENTED):
                yield f"{pointer}/{key}"
            elif type(member) in _STRUCTURES and key not in _KEYS_ARE_DATA:
                yield from _invented(member, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            if type(member) in _STRUCTURES:
                yield from _invented(member, f"{pointer}/{index}")


def _has_unknown_properties(config: Config, _host: Host) -> Applicability:
    return bool(_unknown_properties(config))


def _properties_ignored(config: Config, _host: Host, record: Record) -> Evidence:
    unknown = ", ".join(_unknown_properties(config))
    return must_be_accepted(record, despite=f"unknown properties {unknown}", oddities=_unknown_properties)


def _annotations(config: Config) -> Mapping[str, Any]:
    annotations = lookup(config, "/annotations") or {}
    valid = isinstance(annotations, Mapping) and all(annotations) and all(isinstance(v, str) for v in annotations.values())
    return annotations if valid else {}


def _has_unknown_annotations(config: Config, _host: Host) -> Applicability:
    return bool(_unknown_annotations(config))


def _annotations_ignored(config: Config, _host: Host, record: Record) -> Evidence:
    unknown = ", ".join(_unknown_annotations(config))
    return must_be_accepted(record, despite=f"unknown annotations {unknown}", oddities=_unknown_annotations)


def _unknown_annotations(config: Config) -> list[str]:
    return sorted(key for key in _annotations(config) if key.startswith(INVENTED))


def _has_empty_values(config: Config, _host: Host) -> Applicability:
    return bool(_empty_values(config))


def _empty_values_accepted(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_accepted(record, despite="annotations with an empty value", oddities=_empty_values)


def _empty_values(config: Config) -> list[str]:
    return sorted(key for key, value in _annotations(config).items() if not value)


def _order_ignored(_config: Config, _host: Host, record: Record) -> Evidence:
    """Compare with the twin, whose config holds the same members in the usual order."""
    accepted = must_be_accepted(record, despite="members in another order", oddities=repr)
    if record.running is None or record.twin is None or record.twin.running is None:
        raise Inconclusive("one of the two was not seen running")
    here, there = (_what_order_could_change(each.running.process) for each in (record, record.twin) if each.running)
    if here != there:
        violated(expected=there, observed=here)
    return Evidence(accepted.expected, here, kind="left alone")


def _what_order_could_change(process: Process) -> dict[str, object]:
    return {
        "args": process.cmdline,
        "env": sorted(process.environ),
        "cwd": _within_root(process),
        "ids": (process.uids, process.gids),
        "capabilities": (process.cap_bounding, process.cap_permitted, process.cap_effective),
    }


def _within_root(process: Process) -> str:
    """Return the working directory as the process sees it: in a mount namespace of ours its root is a path that differs."""
    return "/" + process.cwd.removeprefix(process.root).lstrip("/")


EXPECTATIONS = (
    *(
        Expectation(
            requirement=requirement,
            applies=_has_unknown_properties,
            judge=_properties_ignored,
            sees="runtime",
            judges_refusal=True,
        )
        for requirement in ("config.extensibility.ignore-unknown", "config.extensibility.no-error")
    ),
    Expectation(requirement="glossary.json.order-insignificant", judge=_order_ignored, judges_refusal=True),
    Expectation(
        requirement="config.annotations.unknown-ignored",
        applies=_has_unknown_annotations,
        judge=_annotations_ignored,
        sees="runtime",
        judges_refusal=True,
    ),
    Expectation(
        requirement="config.annotations.value-empty",
        applies=_has_empty_values,
        judge=_empty_values_accepted,
        sees="runtime",
        judges_refusal=True,
    ),
)
