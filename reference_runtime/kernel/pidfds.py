"""Who a process is, and signals for it and no other. Python has these calls itself: most operations need no raw ones."""

from _signal import pidfd_send_signal  # type: ignore[import-not-found]  # the C half of signal, which the interpreter has loaded
from posix import pidfd_open

from reference_runtime.kernel.files import read_bytes

SIGKILL = 9


def stat(pid: int) -> "list[bytes]":
    """Return what proc_pid_stat(5) lists after the name of a process: field 3 is the first. Raises OSError."""
    return read_bytes(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def start_time(pid: int) -> "int | None":
    """Return when a process started, in clock ticks since boot (proc_pid_stat(5), field 22), or None if it is gone or a zombie.

    Together with the pid it names one process for ever.
    """
    try:
        fields = stat(pid)
    except OSError:
        return None
    return None if fields[0] in {b"Z", b"X"} else int(fields[19])


def children(task: str = "thread-self") -> "list[int]":
    """Return the pids of the children of a task, "self" or "PID/task/TID"; none if it is gone (proc_pid_task(5))."""
    try:
        return [int(pid) for pid in read_bytes(f"/proc/{task}/children").split()]
    except OSError:
        return []


__all__ = ["SIGKILL", "children", "pidfd_open", "pidfd_send_signal", "start_time", "stat"]
