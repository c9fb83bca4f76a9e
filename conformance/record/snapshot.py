"""What the host saw of a container's process at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduling:
    """sched_getattr(2), sched_getaffinity(2) and ioprio_get(2)."""

    policy: int
    flags: int
    nice: int
    priority: int
    runtime: int
    deadline: int
    period: int
    affinity: frozenset[int]
    io_class: int
    io_level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """/proc/PID of the container's process. Ids are those of the harness's namespaces; capability sets are bit masks."""

    pid: int
    parent: int
    ns_pids: tuple[int, ...]
    """NSpid: its pid in each nested pid namespace, outermost first."""
    state: str
    """R, S, D, Z, T..."""
    start_time: int
    """Clock ticks since boot; with pid it names one process for ever."""
    exe: str
    cwd: str
    root: str
    cmdline: tuple[str, ...]
    environ: tuple[str, ...]
    uids: tuple[int, int, int, int]
    """Real, effective, saved, filesystem."""
    gids: tuple[int, int, int, int]
    groups: tuple[int, ...]
    umask: int
    cap_inheritable: int
    cap_permitted: int
    cap_effective: int
    cap_bounding: int
    cap_ambient: int
    no_new_privs: bool
    seccomp_mode: int
    seccomp_filters: int
    limits: Mapping[str, tuple[int, int]]
    """RLIMIT_NAME to (soft, hard), -1 is infinity."""
    oom_score_adj: int
    personality: int
    uid_map: tuple[tuple[int, int, int], ...]
    """(inside, outside, size) rows."""
    gid_map: tuple[tuple[int, int, int], ...]
    timens_offsets: Mapping[str, tuple[int, int]]
    """Clock name to (seconds, nanoseconds)."""
    cpus_allowed: frozenset[int]
    mems_allowed: frozenset[int]
    session: int
    tty: int
    scheduling: Scheduling
    label: str
    """attr/current of the security module, empty without one."""
    descriptors: Mapping[int, str]
    """Open file descriptors and what they lead to; not listed for a kernel thread or a zombie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One line of /proc/PID/mountinfo; proc_pid_mountinfo(5)."""

    id: int
    parent: int
    device: tuple[int, int]
    root: str
    point: str
    options: tuple[str, ...]
    """Per-mount options."""
    shared: int | None
    """Peer group number."""
    master: int | None
    unbindable: bool
    fstype: str
    source: str
    super_options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cgroups:
    """Membership of the process, and the control files of its cgroups."""

    paths: Mapping[str, str]
    """v1 controller name ("name=systemd" for named ones), or "" for v2, to the path as the harness sees it."""
    directories: Mapping[str, str]
    """The same keys to directories of the host, for hierarchies that are mounted."""
    values: Mapping[str, str]
    """Control file name ("pids.max", "cpu.cfs_quota_us", "devices.list") to its content, stripped.

    A missing key was not there or not readable."""
    owners: Mapping[str, Mapping[str, int]] | None = None
    """Hierarchy to the uid of each file in the cgroup's directory, and of the directory itself as "."; None if not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeccompFilter:
    """One classic BPF program of the process, newest first, as seccomp(2) loaded it."""

    flags: int | None
    """SECCOMP_FILTER_FLAG_ bits that the kernel reports, None where it does not."""
    instructions: tuple[tuple[int, int, int, int], ...]
    """(code, jt, jf, k) as in linux/filter.h."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProgram:
    """One eBPF program of type CGROUP_DEVICE that is in force for the cgroup."""

    id: int
    instructions: tuple[tuple[int, int, int, int, int], ...]
    """(opcode, dst, src, offset, immediate) as in linux/bpf.h."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One network interface of a network namespace."""

    index: int
    name: str
    flags: int
    mtu: int
    address: str
    """Hardware address, colon-separated hex."""
    addresses: tuple[str, ...]
    """IP addresses with prefix length."""
    lasting: tuple[str, ...] = ()
    """Those of them that are permanent and of global scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A path of the container, resolved inside its root; `stat` follows symlinks there, never on the host."""

    link: str | None
    """Target if the path itself is a symlink."""
    mode: int | None
    """st_mode of what it leads to, None where that does not exist."""
    rdev: tuple[int, int]
    uid: int
    gid: int
    device: tuple[int, int]
    """st_dev of the filesystem."""
    inode: int
    size: int
    entries: tuple[str, ...] | None
    """Names in it, sorted, for a directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uts:
    """Host and domain name in the container's UTS namespace."""

    hostname: str
    domainname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The container's process at one moment. Fields that are None were not asked for by the config."""

    taken: float
    """time.monotonic seconds."""
    process: Process
    mounts: tuple[Mount, ...]
    namespaces: Mapping[str, int]
    """/proc/PID/ns name (pid, net, mnt, ipc, uts, user, cgroup, time) to inode number."""
    cgroups: Cgroups
    uts: Uts | None = None
    seccomp: tuple[SeccompFilter, ...] | None = None
    device_programs: tuple[DeviceProgram, ...] | None = None
    sysctls: Mapping[str, str] | None = None
    """Dotted name to value, as a process inside reads it."""
    links: tuple[Link, ...] | None = None
    files: Mapping[str, File | None] | None = None
    """Container path to what is there; None where nothing is."""

    def mount_at(self, point: str) -> Mount | None:
        """Return the mount a path lookup would reach at `point`: the topmost one mounted exactly there."""
        found = [mount for mount in self.mounts if mount.point == point]
        return found[-1] if found else None
