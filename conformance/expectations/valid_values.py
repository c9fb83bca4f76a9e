"""config.md, Valid values: a value that is none, in a property that every runtime has to know, is an error by start.

Such values are recognised by names of our own making; properties with a rule of their own (capabilities, mount options,
limits) are judged in their own chapters.
"""

from conformance.expectations.contract import Applicability, Evidence, Expectation, Unexercised, must_be_refused
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record

NO_VALUE = "no-such-value"
_ENUMERATED = ("/linux/rootfsPropagation", "/linux/seccomp/defaultAction")
_NO_STRINGS = ("/process/user/uid", "/process/args", "/root/readonly")
"""Properties whose values are of another type than text."""


def invalid(config: Config) -> str:
    """Return the pointer to a value of our making that is invalid in any version, "" without one."""
    for pointer in _ENUMERATED:
        if lookup(config, pointer) == NO_VALUE:
            return pointer
    for index, entry in enumerate(lookup(config, "/linux/namespaces") or ()):
        if entry.get("type") == NO_VALUE:
            return f"/linux/namespaces/{index}/type"
    for index, rule in enumerate(lookup(config, "/linux/seccomp/syscalls") or ()):
        if rule.get("action") == NO_VALUE:
            return f"/linux/seccomp/syscalls/{index}/action"
    return next((pointer for pointer in _NO_STRINGS if lookup(config, pointer) == NO_VALUE), "")


def _applies(config: Config, _host: Host) -> Applicability:
    return bool(invalid(config))


def _refused(config: Config, _host: Host, record: Record) -> Evidence:
    pointer = invalid(config)
    if not pointer:
        raise Unexercised("every value is valid")
    return must_be_refused(record, by="start", defect=f"{pointer} is {NO_VALUE!r}")


EXPECTATIONS = (
    Expectation(requirement="config.valid-values.error", applies=_applies, judge=_refused, sees="runtime", judges_refusal=True),
)
