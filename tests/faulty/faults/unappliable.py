"""Faults with what cannot be applied: dropped in silence, or refused with something left behind."""

from typing import Any

from conformance.expectations.unappliable import NO_SUCH
from tests.faulty.fault import Fault

Config = dict[str, Any]


def _dropped(config: Config) -> None:
    config["mounts"] = [
        mount for mount in config["mounts"] if NO_SUCH not in mount.get("type", "") and NO_SUCH not in mount.get("source", "")
    ]
    linux = config["linux"]
    linux["namespaces"] = [entry for entry in linux["namespaces"] if NO_SUCH not in entry.get("path", "")]
    if "sysctl" in linux:
        linux["sysctl"] = {name: value for name, value in linux["sysctl"].items() if NO_SUCH not in name}


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="unappliable-dropped",
        reddens=("runtime.create.error-unappliable", "runtime.lifecycle.step02-error-if-unable"),
        config=_dropped,
    ),
)
