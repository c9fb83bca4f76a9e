"""Facts about the host and the lane that a record was taken in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

CgroupLayout = Literal["v1", "v2", "hybrid", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What can be tested here, as seen from inside the session jail."""

    machine: str
    """`uname -m`: x86_64, aarch64, riscv64."""
    kernel: tuple[int, int, int]
    lane: str
    """host, v1 or v2."""
    cgroup_layout: CgroupLayout
    cgroup_mounts: Mapping[str, str]
    """Where each hierarchy is mounted: v1 controller name, or "" for v2, to an absolute directory."""
    controllers: frozenset[str]
    """Controllers that a container can use here, v1 and v2 names alike: cpu, cpuset, memory, pids, devices, blkio, io..."""
    cgroup_delegate: tuple[str, ...] | None
    """/sys/kernel/cgroup/delegate, None where the kernel has no such file."""
    block_devices: frozenset[tuple[int, int]]
    """Numbers of the whole disks, (major, minor)."""
    namespaces: Mapping[str, int]
    """The harness's own namespaces, which the runtime inherits: /proc/self/ns name to inode number."""
    capabilities: int
    """The bounding set of the harness, as a bit mask."""
    filesystems: frozenset[str]
    """/proc/filesystems."""
    lsms: frozenset[str]
    user_namespaces: bool
    """A user namespace with more than one mapping can be made here."""
    seccomp: bool
    """The kernel has seccomp filters, and the harness itself is under none."""
    veth_links: bool
    """Network interfaces of the kind veth can be made here."""
    resctrl: bool
    numa_nodes: int
    cpus: frozenset[int]
    hugepage_sizes: tuple[str, ...]
    """As hugetlb control files spell them: 2MB, 1GB."""
    euid: int
    oom_score_adj: int
    umask: int
    limits: Mapping[str, tuple[int, int]]
    """The harness's own resource limits, RLIMIT_NAME to (soft, hard); -1 is infinity."""

    def can(self, capability: int) -> bool:
        """Whether the harness, and so a runtime that it starts, may have this capability (its number)."""
        return bool(self.capabilities >> capability & 1)
