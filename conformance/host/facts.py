"""What can be tested here, as seen from inside the session jail: this host's kernel, and what the lane leaves of it."""

import contextlib
import os
import re
import resource
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from conformance.host import kernel, links
from conformance.host.hierarchies import Hierarchy, hierarchies, read
from conformance.record.host import CgroupLayout, Host

# asm-generic/resource.h, in the order of the numbers; alike on every machine of ours. Python's module lacks RLIMIT_LOCKS.
_LIMITS = (
    *("CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE"),
    *("MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"),
)

# uapi/linux/lsm.h; the numbers start at 100.
_LSMS = (
    *("capability", "selinux", "smack", "tomoyo", "apparmor", "yama", "loadpin"),
    *("safesetid", "lockdown", "bpf", "landlock", "ima", "evm", "ipe"),
)
_LSM_NAMES = dict(enumerate(_LSMS, start=100))


def gather(*, lane: str) -> Host:
    """Ask the host. Forks one child, to see whether it may make a user namespace; leaves nothing behind."""
    status = _fields(read("/proc/self/status"))
    mounted = [one for one in hierarchies(read("/proc/self/cgroup"), read("/proc/self/mountinfo")) if one.mounts]
    return Host(
        machine=os.uname().machine,
        kernel=kernel_version(os.uname().release),
        lane=lane,
        cgroup_layout=_layout(mounted),
        cgroup_mounts=_cgroup_mounts(mounted),
        controllers=_controllers(mounted),
        cgroup_delegate=_delegate(),
        block_devices=_block_devices(),
        namespaces=_namespaces(),
        capabilities=int(status["CapBnd"], 16),
        filesystems=frozenset(line.split()[-1] for line in read("/proc/filesystems").splitlines()),
        lsms=_lsms(),
        user_namespaces=_can_map_user_namespace(),
        seccomp=status.get("Seccomp") == "0" and os.path.exists("/proc/sys/kernel/seccomp/actions_avail"),
        veth_links=links.can_be_made(),
        resctrl="\tresctrl\n" in read("/proc/filesystems"),
        numa_nodes=_numa_nodes(),
        cpus=frozenset(os.sched_getaffinity(0)),
        hugepage_sizes=hugepage_sizes(_names("/sys/kernel/mm/hugepages")),
        euid=os.geteuid(),
        oom_score_adj=int(read("/proc/self/oom_score_adj")),
        umask=int(status["Umask"], 8),
        limits={f"RLIMIT_{name}": resource.getrlimit(number) for number, name in enumerate(_LIMITS)},
    )


def kernel_version(release: str) -> tuple[int, int, int]:
    """`6.18.44-generic` as (6, 18, 44); a missing part is 0."""
    numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", release)
    if numbers is None:
        return 0, 0, 0
    major, minor, patch = (int(number or 0) for number in numbers.groups())
    return major, minor, patch


def hugepage_sizes(directories: Iterable[str]) -> tuple[str, ...]:
    """Names in /sys/kernel/mm/hugepages as hugetlb control files spell the sizes, smallest first: hugepages-2048kB is 2MB."""
    kilobytes = sorted(int(name.removeprefix("hugepages-").removesuffix("kB")) for name in directories)
    return tuple(_size(number) for number in kilobytes)


def cpu_list(text: str) -> frozenset[int]:
    """`0-2,5` as {0, 1, 2, 5}, the list format of cpuset(7)."""
    found: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _size(kilobytes: int) -> str:
    for unit, factor in (("GB", 1 << 20), ("MB", 1 << 10)):
        if kilobytes >= factor:
            return f"{kilobytes // factor}{unit}"
    return f"{kilobytes}KB"


def _fields(status: str) -> Mapping[str, str]:
    return {name: value.strip() for name, _, value in (line.partition(":") for line in status.splitlines())}


def _layout(mounted: Iterable[Hierarchy]) -> CgroupLayout:
    versions = {"v1" if hierarchy.name else "v2" for hierarchy in mounted}
    if versions == {"v1", "v2"}:
        return "hybrid"
    return "v1" if versions == {"v1"} else "v2" if versions == {"v2"} else "none"


def _cgroup_mounts(mounted: Iterable[Hierarchy]) -> Mapping[str, str]:
    found = {}
    for hierarchy in mounted:
        for name in hierarchy.name.split(","):
            found[name] = hierarchy.mounts[0].point
    return found


def _controllers(mounted: Iterable[Hierarchy]) -> frozenset[str]:
    found: set[str] = set()
    for hierarchy in mounted:
        found |= hierarchy.controllers
        if not hierarchy.name:
            # What the root of our view hands on to its children, among them the containers.
            found.update(read(f"{hierarchy.mounts[0].point}/cgroup.subtree_control").split())
    return frozenset(found)


def _delegate() -> tuple[str, ...] | None:
    listed = "/sys/kernel/cgroup/delegate"
    return tuple(read(listed).split()) if os.path.exists(listed) else None


def _block_devices() -> frozenset[tuple[int, int]]:
    numbers = (read(f"/sys/block/{name}/dev").split(":") for name in _names("/sys/block"))
    return frozenset((int(major), int(minor)) for major, minor in numbers)


def _namespaces() -> Mapping[str, int]:
    # pid_for_children and time_for_children are not where we are but where our children go.
    names = [name for name in os.listdir("/proc/self/ns") if not name.endswith("_for_children")]
    return {name: os.stat(f"/proc/self/ns/{name}").st_ino for name in sorted(names)}


def _names(directory: str) -> list[str]:
    return os.listdir(directory) if os.path.isdir(directory) else []


def _numa_nodes() -> int:
    online = "/sys/devices/system/node/online"
    return len(cpu_list(read(online))) if os.path.exists(online) else 1


def _lsms() -> frozenset[str]:
    try:
        return frozenset(_LSM_NAMES.get(number, str(number)) for number in kernel.lsm_list_modules())
    except OSError:
        # Before Linux 6.8 securityfs tells, where it is mounted.
        listed = "/sys/kernel/security/lsm"
        return frozenset(read(listed).split(",") if os.path.exists(listed) else ())


def _can_map_user_namespace() -> bool:
    """Make a user namespace in a child and map two ranges of ids into it."""
    ready, release = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        # Since 3.12 fork warns about threads; this child makes two system calls and ends.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            kernel.unshare(kernel.CLONE_NEWUSER)
            os.write(ready[1], b"1")
            os.close(release[1])
            os.read(release[0], 1)
        os._exit(0)
    os.close(ready[1])
    try:
        return os.read(ready[0], 1) == b"1" and _succeeds(partial(_map_two_ranges, pid))
    finally:
        for fd in (*release, ready[0]):
            os.close(fd)
        os.waitpid(pid, 0)


def _map_two_ranges(pid: int) -> None:
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
            file.write("0 0 1\n1 1000 1\n")


def _succeeds(action: Callable[[], None]) -> bool:
    try:
        action()
    except OSError:
        return False
    return True
