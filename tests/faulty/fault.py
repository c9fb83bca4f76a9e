"""What a fault is: one respect in which the faulty runtime is wrong on purpose."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, and exactly the requirements that have to turn red because of it."""

    name: str
    reddens: tuple[str, ...]
    config: Callable[[dict[str, Any]], object] | None = None
    """Change the parsed config in place before the real runtime's create reads it. The return value is ignored."""
    behaviour: str | None = None
    """Name of a function in `behaviours.py` that alters an operation instead."""
    real: str = "runc"
    """The runtime behind it; crun where runc commits the fault by itself, reference-runtime where both do."""
    lane: str = "v1"
    """Where it can be shown: v2 for what cgroup v1 does not have."""

    def changed(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return what becomes of a config; one that is broken in a place that the fault needs stays as it is."""
        result = copy.deepcopy(config)
        try:
            if self.config is not None:
                self.config(result)
        except (AttributeError, KeyError, TypeError):
            return config
        return result
