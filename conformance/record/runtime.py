"""What the runtime under test says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeFacts:
    """Identity of the runtime under test, from `features` and `--version`."""

    name: str
    """The adapter's name for it: runc, crun, youki, runsc, or the program's base name."""
    path: str
    version: str
    """The runtime's own version ("1.1.5+ds1"), empty if it does not tell."""
    spec_version: str
    """The runtime-spec version that it declares ("1.0.2"), empty if it declares none."""
    features: Mapping[str, Any] | None
    """The features document, None if it offers none."""
    kernel: Literal["host", "own"]
    """own: the workload runs on the runtime's own kernel (gVisor, Kata), the host's /proc does not show it."""
