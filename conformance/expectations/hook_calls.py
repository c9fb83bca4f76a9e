"""The hooks of a config and of a record: what all expectations about hooks start from."""

from conformance.expectations.contract import Applicability, Applies, Expectation, Inconclusive, Judge
from conformance.record.config import Config, lookup
from conformance.record.hook import HookCall
from conformance.record.host import Host
from conformance.record.operation import Operation
from conformance.record.record import Record

CREATE_KINDS = ("prestart", "createRuntime", "createContainer")
KINDS = (*CREATE_KINDS, "startContainer", "poststart", "poststop")
RUNTIME_KINDS = ("prestart", "createRuntime", "poststart", "poststop")
"""Kinds that are executed in the runtime namespace."""
OPERATION = dict.fromkeys(CREATE_KINDS, "create") | {"startContainer": "start", "poststart": "start", "poststop": "delete"}
"""The operation of which a kind is part."""


def has(*kinds: str) -> Applies:
    """Apply to configs with hooks of all these kinds."""

    def applies(config: Config, _host: Host) -> Applicability:
        return all(lookup(config, f"/hooks/{kind}") for kind in kinds)

    return applies


def any_kind(config: Config, _host: Host) -> Applicability:
    """Apply to configs with hooks."""
    return any(entries(config, kind) for kind in KINDS)


def entries(config: Config, kind: str) -> list[Config]:
    """Return the configured hooks of that kind."""
    return list(lookup(config, f"/hooks/{kind}") or [])


def calls(record: Record, kind: str) -> list[HookCall]:
    """Return the calls of that kind in order of arrival; raises Inconclusive if none came."""
    found = sorted((call for call in record.hooks if call.kind == kind), key=lambda call: call.arrived)
    if not found:
        raise Inconclusive(f"no {kind} hook was seen")
    return found


def performed(record: Record, name: str) -> Operation:
    """Return the successful operation during which hooks of a kind are due; raises Inconclusive if it did not succeed."""
    for operation in record.operations:
        if operation.name == name and operation.succeeded and not operation.note:
            return operation
    raise Inconclusive(f"{name} did not succeed")


def about_hooks(requirement: str, applies: Applies, judge: Judge) -> Expectation:
    """Return an expectation whose evidence comes from the hooks themselves: it is there even if an operation failed."""
    return Expectation(requirement=requirement, applies=applies, judge=judge, sees="runtime", judges_refusal=True)
