"""Faults in control groups: limits that are ignored, and a path that is.

None for the memory nodes: on a machine with one of them every runtime is right.
"""

import time
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


def _never_the_same(config: Config) -> None:
    """Put each container into a cgroup of its own below the configured one."""
    path = config["linux"].get("cgroupsPath", "")
    if path.startswith("/"):
        config["linux"]["cgroupsPath"] = f"{path}/{time.time_ns()}"


def _memory(change: Callable[[Config], object]) -> Callable[[Config], None]:
    def changed(config: Config) -> None:
        if "memory" in config["linux"].get("resources", {}):
            change(config["linux"]["resources"]["memory"])

    return changed


def _alone(memory: Config) -> bool:
    """Whether a larger limit would not be too large for one of memory and swap."""
    limit: int = memory.get("limit", -1)
    return limit > 0 and "swap" not in memory


def _realtime(name: str, *, alone: bool) -> Callable[[Config], None]:
    """Leave out one of both where it stands alone, or where they stand together."""

    def change(config: Config) -> None:
        cpu = config["linux"].get("resources", {}).get("cpu", {})
        if name in cpu and alone == (len(cpu) == 1):
            del cpu[name]

    return change


def _pids(change: Callable[[Config], object]) -> Callable[[Config], None]:
    def changed(config: Config) -> None:
        if "limit" in config["linux"].get("resources", {}).get("pids", {}):
            change(config["linux"]["resources"]["pids"])

    return changed


FAULTS: tuple[Fault, ...] = (
    Fault(name="cgroups-path-ignored", reddens=("linux.cgroups.path.absolute", "linux.cgroups.created"), config=_elsewhere),
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
    Fault(name="cgroups-path-never-the-same", reddens=("linux.cgroups.path.consistent",), config=_never_the_same),
    Fault(
        name="memory-counted-in-kilobytes",
        reddens=("linux.memory.unit", "linux.memory.limit.effect"),
        config=_memory(lambda memory: memory.update(limit=memory["limit"] << 10) if _alone(memory) else None),
    ),
    Fault(
        name="memory-limited-though-unlimited",
        reddens=("linux.memory.unit",),
        config=_memory(lambda memory: memory.update(limit=1 << 30) if memory.get("limit") == -1 else None),
    ),
    *(
        Fault(
            name=f"memory-{name.lower()}-ignored",
            reddens=(f"linux.memory.{requirement}",),
            config=_dropped("memory", name),
            real=real,
        )
        for name, requirement, real in (
            ("swap", "swap.effect", "runc"),
            ("kernelTCP", "kerneltcp.effect", "crun"),
            ("swappiness", "swappiness.effect", "runc"),
            ("disableOOMKiller", "disableoomkiller.true", "runc"),
        )
    ),
    Fault(name="cpu-burst-ignored", reddens=("linux.cpu.burst.effect",), config=_dropped("cpu", "burst")),
    Fault(name="cpu-idle-ignored", reddens=("linux.cpu.idle.effect",), config=_dropped("cpu", "idle"), real="crun"),
    Fault(
        name="cpu-realtime-period-ignored",
        reddens=("linux.cpu.realtimeperiod.effect",),
        config=_realtime("realtimePeriod", alone=True),
    ),
    Fault(
        name="cpu-realtime-runtime-ignored",
        reddens=("linux.cpu.realtimeruntime.effect",),
        config=_realtime("realtimeRuntime", alone=False),
    ),
    Fault(
        name="pids-limited-though-unlimited",
        reddens=("linux.pids.limit.minus-one",),
        config=_pids(lambda pids: pids.update(limit=40) if pids["limit"] == -1 else None),
    ),
    Fault(
        name="pids-limit-of-none-ignored",
        reddens=("linux.pids.limit.zero",),
        config=_pids(lambda pids: pids.update(limit=-1) if pids["limit"] == 0 else None),
    ),
)
