"""Which control files belong to which part of `linux.resources`: names as in the kernel's cgroup-v1 and cgroup-v2 documents."""

from collections.abc import Iterable, Mapping

V1: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "memory": {
        "memory": (
            "memory.limit_in_bytes",
            "memory.soft_limit_in_bytes",
            "memory.memsw.limit_in_bytes",
            "memory.kmem.limit_in_bytes",
            "memory.kmem.tcp.limit_in_bytes",
            "memory.swappiness",
            "memory.oom_control",
            "memory.use_hierarchy",
        )
    },
    "cpu": {
        "cpu": (
            "cpu.shares",
            "cpu.cfs_quota_us",
            "cpu.cfs_period_us",
            "cpu.cfs_burst_us",
            "cpu.rt_runtime_us",
            "cpu.rt_period_us",
            "cpu.idle",
        ),
        "cpuset": ("cpuset.cpus", "cpuset.mems"),
    },
    "pids": {"pids": ("pids.max",)},
    "blockIO": {
        "blkio": (
            "blkio.weight",
            "blkio.leaf_weight",
            "blkio.weight_device",
            "blkio.leaf_weight_device",
            "blkio.bfq.weight",
            "blkio.bfq.weight_device",
            "blkio.throttle.read_bps_device",
            "blkio.throttle.write_bps_device",
            "blkio.throttle.read_iops_device",
            "blkio.throttle.write_iops_device",
        )
    },
    "network": {"net_cls": ("net_cls.classid",), "net_prio": ("net_prio.ifpriomap",)},
    "rdma": {"rdma": ("rdma.max",)},
    "devices": {"devices": ("devices.list",)},
}
"""Property of `linux.resources` to v1 controllers to files. `hugepageLimits` depends on page sizes: see `hugetlb`."""

V2: Mapping[str, tuple[str, ...]] = {
    "memory": ("memory.max", "memory.low", "memory.high", "memory.min", "memory.swap.max", "memory.oom.group"),
    "cpu": (
        "cpu.weight",
        "cpu.max",
        "cpu.max.burst",
        "cpu.idle",
        "cpuset.cpus",
        "cpuset.cpus.effective",
        "cpuset.mems",
        "cpuset.mems.effective",
    ),
    "pids": ("pids.max",),
    "blockIO": ("io.weight", "io.bfq.weight", "io.max"),
    "rdma": ("rdma.max",),
}
"""Property of `linux.resources` to v2 files."""

CONTROLLERS: Mapping[str, tuple[str, ...]] = {
    name: tuple(controllers) for name, controllers in {**V1, "hugepageLimits": ("hugetlb",)}.items()
}
"""Property of `linux.resources` to the v1 controllers that apply it."""


def hugetlb(sizes: Iterable[str], *, v2: bool) -> tuple[str, ...]:
    """Return the limit files of huge pages of these sizes ("2MB"), with and without reservations counted."""
    word = "max" if v2 else "limit_in_bytes"
    return tuple(f"hugetlb.{size}.{middle}{word}" for size in sizes for middle in ("", "rsvd."))
