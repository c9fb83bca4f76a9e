"""linux.resources for cgroup v2, controller by controller: pure, from the config to control files.

What v2 has no counterpart for is refused, as config-linux.md#unified demands of a conversion that is not possible.
Source of the files: kernel, Documentation/admin-guide/cgroup-v2.rst.
"""

from reference_runtime.cgroups.resources import THROTTLES, UNLIMITED
from reference_runtime.cgroups.setting import WHERE, Setting
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.cgroups.setting import Current

_NO_COUNTERPART = "cgroup v2 has nothing like it"


def memory(resources: "dict[str, Any]", current: "Current") -> "list[Setting]":
    """memory.max, memory.low and memory.swap.max."""
    given = resources.get("memory") or {}
    where = f"{WHERE}.memory"
    for name in ("kernel", "kernelTCP"):
        if given.get(name, UNLIMITED) not in (None, UNLIMITED):
            raise RuntimeFault(_NO_COUNTERPART, where=f"{where}.{name}")
    if given.get("swappiness") is not None:
        raise RuntimeFault(_NO_COUNTERPART, where=f"{where}.swappiness")
    if given.get("disableOOMKiller"):
        raise RuntimeFault(_NO_COUNTERPART, where=f"{where}.disableOOMKiller")
    if given.get("useHierarchy") is False:
        raise RuntimeFault("cgroup v2 always accounts along the hierarchy", where=f"{where}.useHierarchy")
    limit = given.get("limit")
    if given.get("checkBeforeUpdate") and limit not in (None, UNLIMITED):
        _check_usage(limit, current)
    settings = _swap(given, current)
    if given.get("reservation") is not None:
        settings.append(Setting("memory", ("memory.low", _limit(given["reservation"])), where=f"{where}.reservation"))
    if limit is not None:
        settings.append(Setting("memory", ("memory.max", _limit(limit)), where=f"{where}.limit"))
    return settings


def _check_usage(limit: int, current: "Current") -> None:
    """Refuse what v1 would refuse: v2 would kill processes until the limit is kept."""
    used = current("memory.current").strip()
    if used and int(used) > limit:
        raise RuntimeFault(f"{used} bytes are in use", where=f"{WHERE}.memory.limit", why="checkBeforeUpdate is set")


def _swap(given: "dict[str, Any]", current: "Current") -> "list[Setting]":
    """Subtract: v1 limits memory and swap together, v2 swap alone."""
    swap, limit, where = given.get("swap"), given.get("limit"), f"{WHERE}.memory.swap"
    if swap is None and limit != UNLIMITED:
        return []
    if swap is None or swap == UNLIMITED:
        return [Setting("memory", ("memory.swap.max", "max"), where=where)]
    if limit is None:
        present = current("memory.max").strip()
        if not present.isdigit():
            raise RuntimeFault("memory and swap together cannot be limited where memory is not", where=where)
        limit = int(present)
    if swap < limit:
        raise RuntimeFault(f"{swap} for memory and swap together is less than the {limit} for memory", where=where)
    return [Setting("memory", ("memory.swap.max", str(swap - limit)), where=where)]


def _limit(value: int) -> str:
    return "max" if value == UNLIMITED else str(value)


def cpu(resources: "dict[str, Any]", current: "Current") -> "list[Setting]":
    """cpu.weight, cpu.max, cpu.max.burst and cpu.idle. 0 stands for a value that nobody asked for, but for burst and idle."""
    given = resources.get("cpu") or {}
    where = f"{WHERE}.cpu"
    for name in ("realtimeRuntime", "realtimePeriod"):
        if given.get(name):
            raise RuntimeFault(_NO_COUNTERPART, where=f"{where}.{name}")
    settings = []
    if given.get("shares"):
        from reference_runtime.cgroups.conversion import weight_of_shares

        settings.append(Setting("cpu", ("cpu.weight", str(weight_of_shares(given["shares"]))), where=f"{where}.shares"))
    quota, period = given.get("quota"), given.get("period")
    if quota or period:
        shown = _limit(quota) if quota else (current("cpu.max").split() or ["max"])[0]
        value = f"{shown} {period}" if period else shown
        settings.append(Setting("cpu", ("cpu.max", value), where=f"{where}.{'quota' if quota else 'period'}"))
    for name, file in (("burst", "cpu.max.burst"), ("idle", "cpu.idle")):
        if given.get(name) is not None:
            settings.append(Setting("cpu", (file, str(given[name])), where=f"{where}.{name}"))
    return settings


def cpuset(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """cpuset.cpus and cpuset.mems: the same on v1 and v2."""
    given = resources.get("cpu") or {}
    names = [name for name in ("cpus", "mems") if given.get(name)]
    return [Setting("cpuset", (f"cpuset.{name}", given[name]), where=f"{WHERE}.cpu.{name}") for name in names]


def io(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """io.weight, or what the BFQ scheduler has instead, and io.max."""
    given = resources.get("blockIO") or {}
    where = f"{WHERE}.blockIO"
    if given.get("leafWeight"):
        raise RuntimeFault(_NO_COUNTERPART, where=f"{where}.leafWeight")
    settings = []
    if given.get("weight"):
        settings.append(_weight("", given["weight"], f"{where}.weight"))
    for index, device in enumerate(given.get("weightDevice") or ()):
        if device.get("leafWeight"):
            raise RuntimeFault(_NO_COUNTERPART, where=f"{where}.weightDevice[{index}].leafWeight")
        if device.get("weight"):
            number = f"{device['major']}:{device['minor']} "
            settings.append(_weight(number, device["weight"], f"{where}.weightDevice[{index}].weight"))
    for name, key in zip(THROTTLES, ("rbps", "wbps", "riops", "wiops"), strict=True):
        for index, device in enumerate(given.get(name) or ()):
            # v1 takes a limit away by 0, which v2 would refuse.
            value = f"{device['major']}:{device['minor']} {key}={device['rate'] or 'max'}"
            settings.append(Setting("io", ("io.max", value), where=f"{where}.{name}[{index}]"))
    return settings


def _weight(device: str, weight: int, where: str) -> Setting:
    """BFQ's weights are those of v1; io.weight has a wider range."""
    from reference_runtime.cgroups.conversion import io_weight

    return Setting("io", ("io.bfq.weight", f"{device}{weight}"), ("io.weight", f"{device}{io_weight(weight)}"), where=where)


def pids(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """pids.max: the same on v1 and v2. 0 is a limit like any other."""
    limit = (resources.get("pids") or {}).get("limit")
    return [] if limit is None else [Setting("pids", ("pids.max", _limit(limit)), where=f"{WHERE}.pids.limit")]


def hugetlb(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """hugetlb.SIZE.rsvd.max, or without accounting of reservations hugetlb.SIZE.max."""
    settings = []
    for index, given in enumerate(resources.get("hugepageLimits") or ()):
        prefix, value = f"hugetlb.{given['pageSize']}", str(given["limit"])
        where = f"{WHERE}.hugepageLimits[{index}]"
        settings.append(Setting("hugetlb", (f"{prefix}.rsvd.max", value), (f"{prefix}.max", value), where=where))
    return settings


def rdma(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """rdma.max: the same on v1 and v2."""
    settings = []
    for name, limits in (resources.get("rdma") or {}).items():
        keys = (("hca_handle", limits.get("hcaHandles")), ("hca_object", limits.get("hcaObjects")))
        value = " ".join((name, *(f"{key}={limit}" for key, limit in keys if limit is not None)))
        settings.append(Setting("rdma", ("rdma.max", value), where=f"{WHERE}.rdma.{name}"))
    return settings


def unified(resources: "dict[str, Any]") -> "list[Setting]":
    """Return the files as they are given; the part of a name before the dot is the controller, or "cgroup" for core files."""
    settings = []
    for file, value in (resources.get("unified") or {}).items():
        prefix = file.partition(".")[0]
        controller = "" if prefix == "cgroup" else prefix
        settings.append(Setting(controller, (file, value), where=f"{WHERE}.unified.{file}"))
    return settings


PLANS = {"memory": memory, "cpu": cpu, "cpuset": cpuset, "io": io, "pids": pids, "hugetlb": hugetlb, "rdma": rdma}
"""Controller to the plan of its settings."""
