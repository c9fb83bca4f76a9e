"""Hands the descriptor for seccomp notifications over to the agent, while the process that has it makes no call."""

import posix

from reference_runtime import SPEC_VERSION
from reference_runtime.config.writer import dumps
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.pidfds import SIGKILL, pidfd_open, pidfd_send_signal
from reference_runtime.plan.last_calls import Descriptors
from reference_runtime.seccomp.notify import process_state, send, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.seccomp.compile import Filter


_PATIENCE_MS = 10_000
"""How long a killed process may take to end."""


def hand_over(pid: int, filter_: "Filter", go: int, *, preserved: int, state: "dict[str, Any]") -> None:
    """Send the listener of process `pid` with the container's state; then let it go on by the word at address `go`.

    Raises RuntimeFault; then the process has been ended, since nobody would ever answer for it.
    """
    listener = take(pid, Descriptors(preserved).first)
    try:
        document = process_state(oci_version=SPEC_VERSION, pid=pid, metadata=filter_.listener_metadata, state=state)
        send(filter_.listener_path, dumps(document).encode(), listener)
    except RuntimeFault:
        _end(pid)
        raise
    finally:
        posix.close(listener)
    memory = posix.open(f"/proc/{pid}/mem", posix.O_RDWR | posix.O_CLOEXEC)
    posix.pwrite(memory, (1).to_bytes(8, "little"), go)
    posix.close(memory)


def _end(pid: int) -> None:
    """Kill the process, and wait until it shows: whoever asks for the state next must not be told that it runs."""
    from select import poll

    pidfd = pidfd_open(pid)
    pidfd_send_signal(pidfd, SIGKILL)
    poller = poll()
    poller.register(pidfd, 1)
    poller.poll(_PATIENCE_MS)
    posix.close(pidfd)
