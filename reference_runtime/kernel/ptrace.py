"""ptrace(2), only as far as that it binds the life of a process to ours."""

import posix

from reference_runtime.kernel.syscall import syscall

_PTRACE_DETACH, _PTRACE_SEIZE, _PTRACE_INTERRUPT = 17, 0x4206, 0x4207
_PTRACE_O_EXITKILL = 1 << 20
_PTRACE_EVENT_STOP = 128


def bind(pid: int) -> bool:
    """Have the kernel kill the process if we end before `unbind`; returns whether that can be had.

    Somebody else may trace it already, and a runtime in a container may not be allowed to.
    """
    try:
        syscall("ptrace", _PTRACE_SEIZE, pid, 0, _PTRACE_O_EXITKILL)
    except OSError:
        return False
    return True


def stop(pid: int) -> int:
    """Stop a bound process, as is needed to let it go; returns the signal that it was about to get, or 0. Raises OSError."""
    syscall("ptrace", _PTRACE_INTERRUPT, pid, 0, 0)
    # One that has ended instead is left to whoever waits for its exit status.
    seen = posix.waitid(posix.P_PID, pid, posix.WSTOPPED | posix.WEXITED | posix.WNOWAIT)
    return 0 if seen is None or seen.si_status >> 8 == _PTRACE_EVENT_STOP else seen.si_status


def unbind(pid: int, signal: int) -> None:
    """Let a stopped process live without us, and deliver the signal. Raises OSError if it has ended."""
    syscall("ptrace", _PTRACE_DETACH, pid, 0, signal)
