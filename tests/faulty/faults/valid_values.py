"""A fault with invalid values: what has one is left out in silence."""

import json
from typing import Any

from conformance.expectations.valid_values import INVALID
from tests.faulty.fault import Fault

Config = dict[str, Any]


def _dropped(config: Config) -> None:
    linux = config["linux"]
    linux["namespaces"] = [entry for entry in linux["namespaces"] if entry["type"] != INVALID]
    for member in ("rootfsPropagation", "seccomp"):
        if INVALID in json.dumps(linux.get(member)):
            del linux[member]


FAULTS: tuple[Fault, ...] = (Fault(name="invalid-values-dropped", reddens=("config.valid-values.error",), config=_dropped),)
