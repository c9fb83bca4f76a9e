"""Processes and their namespaces: clone3, setns, pidfds, prctl."""

import posix

from reference_runtime.kernel.syscall import syscall

CLONE_FILES = 0x400
CLONE_PARENT = 0x8000
CLONE_NEWTIME = 0x80
CLONE_NEWNS = 0x20000
CLONE_NEWCGROUP = 0x2000000
CLONE_NEWUTS = 0x4000000
CLONE_NEWIPC = 0x8000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

SIGCHLD = 17

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
PR_CAP_AMBIENT_CLEAR_ALL = 4

_CLONE_ARGS_SIZE = 88
_CLONE_INTO_CGROUP = 0x200000000


def clone3(flags: int, *, cgroup: int = -1) -> int:
    """fork(2) into new namespaces; returns 0 in the child. The child's end is told by SIGCHLD, or with CLONE_PARENT as ours.

    `cgroup` is a descriptor of a v2 cgroup to start in: that spares a move, and with it the wait until all CPUs know of it.
    """
    arguments = bytearray(_CLONE_ARGS_SIZE)
    if cgroup >= 0:
        flags |= _CLONE_INTO_CGROUP
        arguments[80:88] = cgroup.to_bytes(8, "little")
    arguments[0:8] = flags.to_bytes(8, "little")
    if not flags & CLONE_PARENT:
        arguments[32] = SIGCHLD
    return syscall("clone3", bytes(arguments), _CLONE_ARGS_SIZE)


def setns(descriptor: int, kind: int, *, path: "str | None" = None) -> None:
    """setns(2) into a namespace file of the given kind, or with a pidfd into all the given kinds of that process."""
    syscall("setns", descriptor, kind, path=path)


def unshare(flags: int) -> None:
    """unshare(2)."""
    syscall("unshare", flags)


def prctl(option: int, argument: int = 0, third: int = 0) -> int:
    """prctl(2)."""
    return syscall("prctl", option, argument, third, 0, 0)


def socketpair() -> "tuple[int, int]":
    """Return two connected sockets that keep messages apart (SOCK_SEQPACKET), close on exec."""
    buffer = bytearray(8)
    syscall("socketpair", 1, 5 | posix.O_CLOEXEC, 0, buffer)
    return int.from_bytes(buffer[:4], "little"), int.from_bytes(buffer[4:], "little")


def reap(pid: int) -> int:
    """Wait for a child; returns its exit status, 128 and the signal's number if a signal ended it."""
    _, status = posix.waitpid(pid, 0)
    code = posix.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code
