"""linux.resources for cgroup v1, controller by controller: pure, from the config to control files.

Source of the files: kernel, Documentation/admin-guide/cgroup-v1.
"""

from reference_runtime.cgroups import v2
from reference_runtime.cgroups.resources import THROTTLES
from reference_runtime.cgroups.setting import WHERE, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.cgroups.setting import Current

_MEMORY = (
    ("limit", "memory.limit_in_bytes"),
    ("swap", "memory.memsw.limit_in_bytes"),
    ("reservation", "memory.soft_limit_in_bytes"),
    ("kernel", "memory.kmem.limit_in_bytes"),
    ("kernelTCP", "memory.kmem.tcp.limit_in_bytes"),
    ("swappiness", "memory.swappiness"),
    ("disableOOMKiller", "memory.oom_control"),
    ("useHierarchy", "memory.use_hierarchy"),
)
_CPU = (
    ("shares", "cpu.shares"),
    ("period", "cpu.cfs_period_us"),
    ("quota", "cpu.cfs_quota_us"),
    ("realtimePeriod", "cpu.rt_period_us"),
    ("realtimeRuntime", "cpu.rt_runtime_us"),
)
_THROTTLE_FILES = tuple(f"blkio.throttle.{name}_device" for name in ("read_bps", "write_bps", "read_iops", "write_iops"))


def memory(resources: "dict[str, Any]", current: "Current") -> "list[Setting]":
    """memory.limit_in_bytes and the files beside it; -1 is how they write "unlimited", too."""
    given = resources.get("memory") or {}
    settings = [
        Setting("memory", (file, str(int(given[name]))), where=f"{WHERE}.memory.{name}")
        for name, file in _MEMORY
        if given.get(name) is not None
    ]
    if given.get("limit") == -1 and given.get("swap") is None and current("memory.memsw.limit_in_bytes"):
        # Memory alone cannot be less limited than memory and swap together.
        settings.append(Setting("memory", ("memory.memsw.limit_in_bytes", "-1"), where=f"{WHERE}.memory.limit"))
    return settings


def cpu(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """cpu.shares and the files beside it. 0 stands for a value that nobody asked for, but for burst and idle."""
    given = resources.get("cpu") or {}
    settings = [Setting("cpu", (file, str(given[name])), where=f"{WHERE}.cpu.{name}") for name, file in _CPU if given.get(name)]
    for name, file in (("burst", "cpu.cfs_burst_us"), ("idle", "cpu.idle")):
        if given.get(name) is not None:
            settings.append(Setting("cpu", (file, str(given[name])), where=f"{WHERE}.cpu.{name}"))
    return settings


def blkio(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """blkio.weight, or what the BFQ scheduler has instead, and blkio.throttle.*."""
    given = resources.get("blockIO") or {}
    where = f"{WHERE}.blockIO"
    settings = _weights(given, "", "", where)
    for index, device in enumerate(given.get("weightDevice") or ()):
        settings += _weights(device, "_device", f"{device['major']}:{device['minor']} ", f"{where}.weightDevice[{index}]")
    for name, file in zip(THROTTLES, _THROTTLE_FILES, strict=True):
        for index, device in enumerate(given.get(name) or ()):
            value = f"{device['major']}:{device['minor']} {device['rate']}"
            settings.append(Setting("blkio", (file, value), where=f"{where}.{name}[{index}]"))
    return settings


def _weights(given: "dict[str, Any]", suffix: str, device: str, where: str) -> "list[Setting]":
    """Return the weights of a device, or of all. Leaves have weights in kernels before 5.0 only."""
    settings = []
    if given.get("weight"):
        files = (f"blkio.weight{suffix}", f"blkio.bfq.weight{suffix}")
        alternatives = [(file, f"{device}{given['weight']}") for file in files]
        settings.append(Setting("blkio", *alternatives, where=f"{where}.weight"))
    if given.get("leafWeight"):
        value = f"{device}{given['leafWeight']}"
        settings.append(Setting("blkio", (f"blkio.leaf_weight{suffix}", value), where=f"{where}.leafWeight"))
    return settings


def hugetlb(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """hugetlb.SIZE.rsvd.limit_in_bytes, or without accounting of reservations hugetlb.SIZE.limit_in_bytes."""
    settings = []
    for index, given in enumerate(resources.get("hugepageLimits") or ()):
        files = (f"hugetlb.{given['pageSize']}{middle}.limit_in_bytes" for middle in (".rsvd", ""))
        alternatives = [(file, str(given["limit"])) for file in files]
        settings.append(Setting("hugetlb", *alternatives, where=f"{WHERE}.hugepageLimits[{index}]"))
    return settings


def net_cls(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """net_cls.classid."""
    class_id = (resources.get("network") or {}).get("classID")
    if class_id is None:
        return []
    return [Setting("net_cls", ("net_cls.classid", str(class_id)), where=f"{WHERE}.network.classID")]


def net_prio(resources: "dict[str, Any]", _current: "Current") -> "list[Setting]":
    """net_prio.ifpriomap, one interface at a time."""
    return [
        Setting(
            "net_prio",
            ("net_prio.ifpriomap", f"{each['name']} {each['priority']}"),
            where=f"{WHERE}.network.priorities[{index}]",
        )
        for index, each in enumerate((resources.get("network") or {}).get("priorities") or ())
    ]


PLANS = {
    "memory": memory,
    "cpu": cpu,
    "cpuset": v2.cpuset,
    "blkio": blkio,
    "pids": v2.pids,
    "hugetlb": hugetlb,
    "rdma": v2.rdma,
    "net_cls": net_cls,
    "net_prio": net_prio,
}
"""Controller to the plan of its settings."""
