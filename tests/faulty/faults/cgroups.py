"""Faults in control groups: limits that are ignored, and a path that is.

None for the memory nodes: on a machine with one of them every runtime is right.
"""

from collections.abc import Callable
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]


def _dropped(*path: str) -> Callable[[Config], None]:
    """Leave a property out of `linux.resources`."""

    def change(config: Config) -> None:
        holder = config["linux"].get("resources", {})
        for step in path[:-1]:
            holder = holder.get(step, {})
        holder.pop(path[-1], None)

    return change


def _elsewhere(config: Config) -> None:
    path = config["linux"].get("cgroupsPath", "")
    if path.startswith("/"):
        config["linux"]["cgroupsPath"] = f"/oci-conformance-elsewhere/{path.rpartition('/')[2]}"


FAULTS: tuple[Fault, ...] = (
    Fault(name="cgroups-path-ignored", reddens=("linux.cgroups.path.absolute",), config=_elsewhere),
    Fault(name="pids-limit-ignored", reddens=("linux.pids.limit.effect",), config=_dropped("pids")),
    Fault(name="memory-limit-ignored", reddens=("linux.memory.limit.effect",), config=_dropped("memory", "limit")),
    Fault(
        name="memory-reservation-ignored",
        reddens=("linux.memory.reservation.effect",),
        config=_dropped("memory", "reservation"),
    ),
    Fault(name="cpu-quota-ignored", reddens=("linux.cpu.quota.effect",), config=_dropped("cpu", "quota")),
    Fault(name="cpu-period-ignored", reddens=("linux.cpu.period.effect",), config=_dropped("cpu", "period")),
    Fault(name="cpu-shares-ignored", reddens=("linux.cpu.shares.effect",), config=_dropped("cpu", "shares")),
    Fault(name="cpu-list-ignored", reddens=("linux.cpu.cpus.effect",), config=_dropped("cpu", "cpus")),
)
