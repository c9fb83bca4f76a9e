"""System calls that Python's standard library does not offer, one thin function each, named as in the kernel.

Every function raises OSError with the path (or what stands for it, "pid 12") as `filename`. Imported by the jail,
whose start-up time counts: no dataclasses, enum or typing here.
Sources: the man pages in section 2, the kernel's UAPI headers.
"""

import ctypes
import errno
import os
import select
import signal
import struct

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_UNBINDABLE = 1 << 17
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MS_SHARED = 1 << 20

MNT_DETACH = 0x2

CLONE_PIDFD = 0x1000
CLONE_INTO_CGROUP = 0x2_0000_0000
CLONE_NEWTIME = 0x80
CLONE_NEWNS = 0x2_0000
CLONE_NEWCGROUP = 0x200_0000
CLONE_NEWUTS = 0x400_0000
CLONE_NEWIPC = 0x800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

RESOLVE_NO_XDEV = 0x1
RESOLVE_NO_MAGICLINKS = 0x2
RESOLVE_IN_ROOT = 0x10

WALL = 0x4000_0000
"""__WALL of waitpid(2): also wait for a tracee that is not a child."""

_PR_SET_PDEATHSIG = 1
_PTRACE_DETACH = 17
_PTRACE_SEIZE = 0x4206
_PTRACE_INTERRUPT = 0x4207
_PTRACE_SECCOMP_GET_FILTER = 0x420C
_PTRACE_SECCOMP_GET_METADATA = 0x420D
_CLOSE_RANGE_CLOEXEC = 4
_IOPRIO_WHO_PROCESS = 1
_SOCK_FILTER_SIZE = 8

# aarch64 and riscv64 share the kernel's generic table; calls newer than 5.1 have one number everywhere.
_NEWER = {"clone3": 435, "close_range": 436, "openat2": 437, "pidfd_getfd": 438, "lsm_list_modules": 461}
_GENERIC = {"ioprio_get": 31, "sched_getattr": 275, "bpf": 280, **_NEWER}
_NUMBERS = {
    "x86_64": {"ioprio_get": 252, "sched_getattr": 315, "bpf": 321, **_NEWER},
    "aarch64": _GENERIC,
    "riscv64": _GENERIC,
}.get(os.uname().machine, {})

_libc = ctypes.CDLL(None, use_errno=True)
# PyDLL keeps the GIL during the call. A child cloned without it would wait for ever for a GIL that a lost thread holds.
_libc_with_gil = ctypes.PyDLL(None, use_errno=True)
for _library in (_libc, _libc_with_gil):
    _library.syscall.argtypes = [ctypes.c_long] * 7
    _library.syscall.restype = ctypes.c_long
_libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
_libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


class SchedAttr:
    """What sched_getattr(2) tells of one thread; times in nanoseconds."""

    __slots__ = ("deadline", "flags", "nice", "period", "policy", "priority", "runtime")

    def __init__(self, *, policy: int, flags: int, nice: int, priority: int, runtime: int, deadline: int, period: int) -> None:
        self.policy = policy
        self.flags = flags
        self.nice = nice
        self.priority = priority
        self.runtime = runtime
        self.deadline = deadline
        self.period = period


def mount(source: str | None, target: str, fstype: str | None, flags: int = 0, data: str | None = None) -> None:
    """Mount, or change a mount: `flags` are MS_ bits, `data` the filesystem's own options."""
    arguments = [None if text is None else os.fsencode(text) for text in (source, target, fstype, data)]
    _check(_libc.mount(*arguments[:3], flags, arguments[3]), "mount", target)


def umount2(target: str, flags: int = 0) -> None:
    """Unmount. MNT_DETACH takes everything mounted below `target` away too."""
    _check(_libc.umount2(os.fsencode(target), flags), "umount2", target)


def unshare(flags: int) -> None:
    """Move the calling thread into new namespaces (CLONE_NEW bits)."""
    _check(_libc.unshare(flags), "unshare", hex(flags))


def setns(fd: int, nstype: int = 0) -> None:
    """Move the calling thread into the namespace of `fd`, or into those in `nstype` of a pidfd's process."""
    _check(_libc.setns(fd, nstype), "setns", f"descriptor {fd}")


def clone3(flags: int, *, cgroup: int | None = None) -> tuple[int, int]:
    """Fork into new namespaces: return (pid, pidfd) in the parent, (0, -1) in the child.

    `flags` are CLONE_NEW bits; `cgroup` is a descriptor of a v2 cgroup directory that the child starts in.
    libc's own fork handlers do not run, so the caller must have a single thread, or the child exec or _exit at once.
    """
    pidfd = ctypes.c_int(-1)
    flags |= CLONE_PIDFD | (CLONE_INTO_CGROUP if cgroup is not None else 0)
    args = (ctypes.c_uint64 * 11)(flags, ctypes.addressof(pidfd), 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, cgroup or 0)
    number = _number("clone3")
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = _libc_with_gil.syscall(number, ctypes.addressof(args), ctypes.sizeof(args), 0, 0, 0, 0)
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0, -1
    code = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(code, f"clone3: {os.strerror(code)}", hex(flags))
    return int(pid), pidfd.value


def prctl_set_pdeathsig(signum: int) -> None:
    """PR_SET_PDEATHSIG: get `signum` when the parent thread dies. It may have died before: check that afterwards."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)", str(signum))


def pidfd_has_exited(pidfd: int) -> bool:
    """Whether the process has ended; a pidfd becomes readable then."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def pidfd_getfd(pidfd: int, targetfd: int) -> int:
    """Return a duplicate of the other process's descriptor; it is close-on-exec."""
    return _syscall("pidfd_getfd", f"descriptor {targetfd}", pidfd, targetfd, 0)


def close_range_on_exec(first: int) -> None:
    """CLOSE_RANGE_CLOEXEC: have execve close this process's descriptors from `first` on (Linux 5.11 and newer)."""
    _syscall("close_range", f"descriptor {first}", first, (1 << 32) - 1, _CLOSE_RANGE_CLOEXEC)


def openat2(dirfd: int, path: str, flags: int, *, mode: int = 0, resolve: int = 0) -> int:
    """Open a path below `dirfd`. RESOLVE_IN_ROOT takes `dirfd` as / for the path, its `..` and its symlinks."""
    how = (ctypes.c_uint64 * 3)(flags | os.O_CLOEXEC, mode, resolve)
    name = ctypes.create_string_buffer(os.fsencode(path))
    return _syscall("openat2", path, dirfd, ctypes.addressof(name), ctypes.addressof(how), ctypes.sizeof(how))


def sched_getattr(pid: int) -> SchedAttr:
    """Return policy, nice value and the rest of a thread, 0 for the caller."""
    attr = ctypes.create_string_buffer(48)
    _syscall("sched_getattr", f"pid {pid}", pid, ctypes.addressof(attr), len(attr), 0)
    _, policy, flags, nice, priority, runtime, deadline, period = struct.unpack("=IIQiIQQQ", attr.raw)
    return SchedAttr(policy=policy, flags=flags, nice=nice, priority=priority, runtime=runtime, deadline=deadline, period=period)


def ioprio_get(pid: int) -> tuple[int, int]:
    """Return a thread's I/O priority as (class, level); class 0 means that none was set."""
    value = _syscall("ioprio_get", f"pid {pid}", _IOPRIO_WHO_PROCESS, pid)
    return value >> 13, value & 0x1FFF


def ptrace_seize(pid: int, options: int = 0) -> None:
    """PTRACE_SEIZE: attach without stopping the thread."""
    _ptrace(_PTRACE_SEIZE, pid, 0, options)


def ptrace_interrupt(pid: int) -> None:
    """PTRACE_INTERRUPT: stop a seized thread; the stop is collected with waitpid(pid, WALL)."""
    _ptrace(_PTRACE_INTERRUPT, pid, 0, 0)


def ptrace_detach(pid: int, signum: int = 0) -> None:
    """PTRACE_DETACH: let a stopped thread go on."""
    _ptrace(_PTRACE_DETACH, pid, 0, signum)


def ptrace_seccomp_get_filter(pid: int, index: int) -> bytes:
    """PTRACE_SECCOMP_GET_FILTER: the classic BPF program `index` of a stopped thread, 8 bytes an instruction.

    The kernel counts from the oldest filter (tried on 6.18), although ptrace(2) says from the newest.
    ENOENT where there is no such filter, EINVAL where the thread has none at all, EACCES for a tracer that is filtered itself.
    """
    count = _ptrace(_PTRACE_SECCOMP_GET_FILTER, pid, index, 0)
    program = ctypes.create_string_buffer(count * _SOCK_FILTER_SIZE)
    _ptrace(_PTRACE_SECCOMP_GET_FILTER, pid, index, ctypes.addressof(program))
    return program.raw


def ptrace_seccomp_get_metadata(pid: int, index: int) -> int:
    """PTRACE_SECCOMP_GET_METADATA: the SECCOMP_FILTER_FLAG_ bits of filter `index` of a stopped thread."""
    metadata = (ctypes.c_uint64 * 2)(index, 0)
    _ptrace(_PTRACE_SECCOMP_GET_METADATA, pid, ctypes.sizeof(metadata), ctypes.addressof(metadata))
    return int(metadata[1])


def bpf(cmd: int, attr: bytearray) -> int:
    """Make one bpf call and return its result; the kernel writes its answers into `attr`.

    Addresses in `attr` are ctypes.addressof of buffers that the caller keeps alive.
    """
    return _syscall("bpf", f"command {cmd}", cmd, ctypes.addressof(ctypes.c_char.from_buffer(attr)), len(attr))


def lsm_list_modules() -> tuple[int, ...]:
    """Return the LSM_ID_ numbers of the active security modules (Linux 6.8 and newer)."""
    ids = (ctypes.c_uint64 * 64)()
    size = ctypes.c_uint32(ctypes.sizeof(ids))
    count = _syscall("lsm_list_modules", "", ctypes.addressof(ids), ctypes.addressof(size), 0)
    return tuple(ids[:count])


def _number(name: str) -> int:
    if name not in _NUMBERS:
        raise OSError(errno.ENOSYS, f"no system call numbers for machine {os.uname().machine}", name)
    return _NUMBERS[name]


def _syscall(name: str, subject: str, *arguments: int) -> int:
    padded = (*arguments, *(0,) * (6 - len(arguments)))
    return _check(_libc.syscall(_number(name), *padded), name, subject)


def _ptrace(request: int, pid: int, address: int, data: int) -> int:
    return _check(_libc.ptrace(request, pid, address, data), f"ptrace({request:#x})", f"pid {pid}")


def _check(result: int, name: str, subject: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}", subject)
    return int(result)
