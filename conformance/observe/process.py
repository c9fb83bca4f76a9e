"""What /proc/PID and the scheduler tell of one process; proc_pid(5) and its parts name every file read here."""

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.host import kernel
from conformance.observe import procfs
from conformance.observe.namespaces import observe as observe_namespaces
from conformance.observe.procfs import ProcessDirectory
from conformance.record.snapshot import Process, Scheduling

_STATUS = re.compile(r"^([^:\n]+):[\t ]*(.*)$", re.MULTILINE)
IdMap = tuple[tuple[int, int, int], ...]

_LIMITS = {
    "Max cpu time": "RLIMIT_CPU",
    "Max file size": "RLIMIT_FSIZE",
    "Max data size": "RLIMIT_DATA",
    "Max stack size": "RLIMIT_STACK",
    "Max core file size": "RLIMIT_CORE",
    "Max resident set": "RLIMIT_RSS",
    "Max processes": "RLIMIT_NPROC",
    "Max open files": "RLIMIT_NOFILE",
    "Max locked memory": "RLIMIT_MEMLOCK",
    "Max address space": "RLIMIT_AS",
    "Max file locks": "RLIMIT_LOCKS",
    "Max pending signals": "RLIMIT_SIGPENDING",
    "Max msgqueue size": "RLIMIT_MSGQUEUE",
    "Max nice priority": "RLIMIT_NICE",
    "Max realtime priority": "RLIMIT_RTPRIO",
    "Max realtime timeout": "RLIMIT_RTTIME",
}


def observe(process: ProcessDirectory, namespaces: Mapping[str, int]) -> Process:
    """Read everything about the process, a member of `namespaces` (kind to inode number).

    Raises OSError, and ValueError where a file has another form than documented.
    """
    status = parse_status(process.record("status"))
    uid_map, gid_map = _id_maps(process, namespaces)
    return Process(
        pid=process.pid,
        parent=int(status["PPid"]),
        ns_pids=_numbers(status["NSpid"]),
        exe=process.link("exe"),
        cwd=process.link("cwd"),
        root=process.link("root"),
        cmdline=parse_strings(process.text("cmdline")),
        environ=parse_strings(process.text("environ")),
        uids=_four(status["Uid"]),
        gids=_four(status["Gid"]),
        groups=_numbers(status["Groups"]),
        umask=int(status["Umask"], 8),
        cap_inheritable=int(status["CapInh"], 16),
        cap_permitted=int(status["CapPrm"], 16),
        cap_effective=int(status["CapEff"], 16),
        cap_bounding=int(status["CapBnd"], 16),
        cap_ambient=int(status["CapAmb"], 16),
        no_new_privs=status["NoNewPrivs"] == "1",
        seccomp_mode=int(status.get("Seccomp", "0")),
        seccomp_filters=int(status.get("Seccomp_filters", "0")),
        limits=parse_limits(process.record("limits")),
        oom_score_adj=int(process.record("oom_score_adj")),
        personality=int(process.record("personality"), 16),
        uid_map=uid_map,
        gid_map=gid_map,
        timens_offsets=_timens_offsets(process),
        cpus_allowed=parse_set(status["Cpus_allowed_list"]),
        mems_allowed=parse_set(status["Mems_allowed_list"]),
        scheduling=scheduling(process.pid),
        label=_label(process),
        descriptors=_descriptors(process),
        # Keywords are evaluated in their order: stat is read last, and says that the process lived all the while.
        state=(stat := process.stat())[0],
        start_time=int(stat[19]),
        session=int(stat[3]),
        tty=int(stat[4]),
    )


def scheduling(pid: int) -> Scheduling:
    """Ask the scheduler about `pid` (its main thread)."""
    attributes = kernel.sched_getattr(pid)
    io_class, io_level = kernel.ioprio_get(pid)
    return Scheduling(
        policy=attributes.policy,
        flags=attributes.flags,
        nice=attributes.nice,
        priority=attributes.priority,
        runtime=attributes.runtime,
        deadline=attributes.deadline,
        period=attributes.period,
        affinity=frozenset(os.sched_getaffinity(pid)),
        io_class=io_class,
        io_level=io_level,
    )


def parse_status(content: str) -> dict[str, str]:
    """Split the lines of /proc/PID/status at their colon; the kernel escapes newlines in the process's name."""
    return dict(_STATUS.findall(content))


@functools.lru_cache(maxsize=16)  # most containers have the limits of the one before
def parse_limits(content: str) -> Mapping[str, tuple[int, int]]:
    """Read the fixed columns of /proc/PID/limits; "unlimited" becomes -1. Limits newer than this table are left out."""
    rows = ((_LIMITS.get(line[:26].rstrip()), line[26:].split()) for line in content.splitlines())
    return {name: (_limit(values[0]), _limit(values[1])) for name, values in rows if name}


def parse_strings(content: str) -> tuple[str, ...]:
    """Split what ends each string with a NUL; a process may have overwritten the last one."""
    return tuple(content.removesuffix("\0").split("\0")) if content else ()


def parse_id_map(content: str) -> IdMap:
    """Read the rows (inside, outside, size) of a uid_map or gid_map."""
    rows = (line.split() for line in content.splitlines())
    return tuple((int(inside), int(outside), int(size)) for inside, outside, size in rows)


@functools.lru_cache(maxsize=16)  # CPUs and memory nodes of most containers are the host's
def parse_set(content: str) -> frozenset[int]:
    """Read a list of numbers and ranges: "0-3,8"; cpuset(7) calls it the list format."""
    members: set[int] = set()
    for part in filter(None, content.strip().split(",")):
        first, _, last = part.partition("-")
        members.update(range(int(first), int(last or first) + 1))
    return frozenset(members)


def _id_maps(process: ProcessDirectory, namespaces: Mapping[str, int]) -> tuple[IdMap, IdMap]:
    own = _own()
    if namespaces.get("user", own.user_namespace) == own.user_namespace:
        return own.uid_map, own.gid_map
    return parse_id_map(process.text("uid_map")), parse_id_map(process.text("gid_map"))


def _timens_offsets(process: ProcessDirectory) -> Mapping[str, tuple[int, int]]:
    try:
        content = process.record("timens_offsets")
    except FileNotFoundError:  # a kernel without time namespaces
        return {}
    rows = (line.split() for line in content.splitlines())
    return {clock: (int(seconds), int(nanoseconds)) for clock, seconds, nanoseconds in rows}


def _label(process: ProcessDirectory) -> str:
    return _label_in(process) if _own().labelled else ""


def _label_in(process: ProcessDirectory) -> str:
    try:
        return process.record("attr/current").rstrip("\0\n")
    except ProcessLookupError:
        raise
    except OSError:  # EINVAL: no security module answers
        return ""


@dataclass(frozen=True, slots=True)
class _Own:
    """What the harness's own process has, and so every process of its namespace and kernel: it need not be read of each."""

    user_namespace: int | None
    uid_map: IdMap
    gid_map: IdMap
    labelled: bool
    """A security module answers."""


@functools.cache
def _own() -> _Own:
    with procfs.opened(os.getpid()) as process:
        return _Own(
            user_namespace=observe_namespaces(process).get("user"),
            uid_map=parse_id_map(process.text("uid_map")),
            gid_map=parse_id_map(process.text("gid_map")),
            labelled=bool(_label_in(process)),
        )


def _descriptors(process: ProcessDirectory) -> dict[int, str]:
    """Read all links of the descriptors; by path, since the directory's process is seen to live after all was read."""
    found = {}
    for name in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            found[int(name)] = process.link(f"fd/{name}")
        except FileNotFoundError:  # closed since it was listed
            continue
    return found


def _limit(value: str) -> int:
    return -1 if value == "unlimited" else int(value)


def _numbers(value: str) -> tuple[int, ...]:
    return tuple(map(int, value.split()))


def _four(value: str) -> tuple[int, int, int, int]:
    first, second, third, fourth = value.split()
    return int(first), int(second), int(third), int(fourth)
