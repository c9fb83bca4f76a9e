"""Puts the runtime on another processor than the process that it has started: both then work at the same time (0.5 ms).

A kernel in a virtual machine takes a processor that the host has put to sleep for a busy one, and starts a child where its
parent runs; there it would wait until the parent does.
"""

import posix

from reference_runtime.kernel.pidfds import stat
from reference_runtime.kernel.syscall import syscall

_PROCESSOR = 36
"""Field 39 of proc_pid_stat(5)."""


def step_aside(pid: int) -> None:
    """Leave a processor to a child if both are on it. What we may run on stays as it was."""
    here = bytearray(4)
    try:
        syscall("getcpu", here, 0, 0)
        processor = int.from_bytes(here, "little")
        if int(stat(pid)[_PROCESSOR]) == processor:
            allowed = posix.sched_getaffinity(0)
            if len(allowed) > 1:
                posix.sched_setaffinity(0, allowed - {processor})
                posix.sched_setaffinity(0, allowed)
    except OSError:
        return  # the child has ended, or we may not choose: then it takes a little longer
