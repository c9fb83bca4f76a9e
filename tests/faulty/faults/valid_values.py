"""Faults of a runtime that takes an invalid value for one that is not there."""

from typing import Any

from conformance.expectations.valid_values import NO_VALUE
from tests.faulty.fault import Fault

Config = dict[str, Any]


def _left_out(config: Config) -> None:
    linux = config["linux"]
    for owner, name in ((linux, "rootfsPropagation"), (config["root"], "readonly")):
        if owner.get(name) == NO_VALUE:
            del owner[name]
    linux["namespaces"] = [entry for entry in linux["namespaces"] if entry["type"] != NO_VALUE]


FAULTS: tuple[Fault, ...] = (Fault(name="invalid-value-left-out", reddens=("config.valid-values.error",), config=_left_out),)
