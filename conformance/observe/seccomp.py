"""The seccomp filters that are really in force for a process, read back by ptrace(2).

The process is seized, not attached to, and interrupted by the kernel, not by a signal: a blocked read(2) goes on afterwards.
"""

import errno
import os
import struct
import time

from conformance.host import kernel
from conformance.observe.procfs import ProcessDirectory
from conformance.record.snapshot import SeccompFilter

_INSTRUCTION = struct.Struct("=HBBI")  # struct sock_filter: code, jt, jf, k
_PATIENCE = 2.0
"""Seconds for a process to stop: it does at once, unless it is in uninterruptible sleep."""


def observe(process: ProcessDirectory) -> tuple[SeccompFilter, ...]:
    """Return the filters of the process's main thread, newest first; none for a process without any.

    Needs CAP_SYS_ADMIN, and a caller that is under no filter itself (else PermissionError). Raises TimeoutError if the
    process cannot be stopped, PermissionError if somebody else traces it, other OSErrors if it ends meanwhile.
    """
    kernel.ptrace_seize(process.pid)
    try:
        kernel.ptrace_interrupt(process.pid)
        _await_stop(process.pid)
        # The kernel counts from the oldest, whatever its man page says.
        return tuple(reversed(_filters(process.pid)))
    finally:
        _detach(process.pid)


def _await_stop(pid: int) -> None:
    """Wait for the ptrace stop, and for nothing else: the exit status of a process that ends is left to its parent."""
    deadline = time.monotonic() + _PATIENCE
    pause = 1e-5
    while True:
        if os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} did not stop within {_PATIENCE} s")
        time.sleep(pause)
        pause = min(pause * 2, 1e-3)


def _filters(pid: int) -> list[SeccompFilter]:
    found: list[SeccompFilter] = []
    while True:
        try:
            program = kernel.ptrace_seccomp_get_filter(pid, len(found))
        except OSError as error:
            # ENOENT: no filter of that number; EINVAL: the process is in no filter mode at all.
            if error.errno == errno.ENOENT or (error.errno == errno.EINVAL and not found):
                return found
            raise
        found.append(SeccompFilter(flags=_flags(pid, len(found)), instructions=tuple(_INSTRUCTION.iter_unpack(program))))


def _flags(pid: int, number: int) -> int | None:
    """Return a filter's flags; the kernel tells of SECCOMP_FILTER_FLAG_LOG alone, and only since Linux 4.16."""
    try:
        return kernel.ptrace_seccomp_get_metadata(pid, number)
    except ProcessLookupError:
        raise
    except OSError:
        return None


def _detach(pid: int) -> None:
    try:
        kernel.ptrace_detach(pid)
    except ProcessLookupError:  # it ended, or never stopped: the trace then ends with this thread
        return
