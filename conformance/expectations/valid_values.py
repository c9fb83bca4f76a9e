"""config.md, Valid values: an invalid value is an error when it is met.

Such values are recognised by a word of our own making, which is no value of any property. Judged are properties of the first
version of the spec, whose values the text enumerates: a later one may lawfully be unknown to an older runtime. What has a
rule of its own (limits, capabilities, mounts) is judged by that.
"""

from collections.abc import Iterator
from typing import Any

from conformance.expectations.contract import Evidence, Expectation, Unexercised, must_be_refused
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record

INVALID = "oci-conformance-invalid"


def invalid(config: Config) -> list[str]:
    """Return pointers to the invalid values of our making."""
    return [pointer for pointer, value in _enumerated(config) if value == INVALID]


def _enumerated(config: Config) -> Iterator[tuple[str, Any]]:
    """Yield the values that the text enumerates."""
    for index, namespace in enumerate(lookup(config, "/linux/namespaces") or ()):
        yield f"/linux/namespaces/{index}/type", namespace.get("type")
    yield "/linux/rootfsPropagation", lookup(config, "/linux/rootfsPropagation")
    yield "/linux/seccomp/defaultAction", lookup(config, "/linux/seccomp/defaultAction")
    for index, name in enumerate(lookup(config, "/linux/seccomp/architectures") or ()):
        yield f"/linux/seccomp/architectures/{index}", name
    for index, entry in enumerate(lookup(config, "/linux/seccomp/syscalls") or ()):
        pointer = f"/linux/seccomp/syscalls/{index}"
        yield f"{pointer}/action", entry.get("action")
        for position, condition in enumerate(entry.get("args") or ()):
            yield f"{pointer}/args/{position}/op", condition.get("op")


def _judge(config: Config, _host: Host, record: Record) -> Evidence:
    found = invalid(config)
    if not found:
        raise Unexercised
    return must_be_refused(record, by="start", defect=f"an invalid value at {', '.join(found)}")


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        requirement="config.valid-values.error",
        applies=lambda config, _host: bool(invalid(config)),
        judge=_judge,
        sees="runtime",
        judges_refusal=True,
    ),
)
