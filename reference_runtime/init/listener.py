"""Hands the descriptor for seccomp notifications over to the agent, while the process that has it makes no call."""

import posix

from reference_runtime import SPEC_VERSION
from reference_runtime.config.writer import dumps
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.pidfds import SIGKILL, pidfd_open, pidfd_send_signal
from reference_runtime.kernel.ptrace import bind, stop, unbind
from reference_runtime.plan.last_calls import Descriptors
from reference_runtime.seccomp.notify import process_state, send, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.seccomp.compile import Filter


_PATIENCE_MS = 10_000
"""How long a killed process may take to end."""


class HandOver:
    """What `start` and `exec` do about the listener of one process: this before they let it go on, `finish` after that.

    With its filter in force it waits without a call, which only we can end: so it dies if we do.
    """

    __slots__ = ("_bound", "_filter", "_go", "_least", "_pid")

    def __init__(self, pid: int, filter_: "Filter", go: int, *, preserved: int) -> None:
        self._pid = pid
        self._filter = filter_
        self._go = go
        self._least = Descriptors(preserved).first
        self._bound = bind(pid)

    def finish(self, state: "dict[str, Any]", *, result: int) -> None:
        """Send the listener with the container's state; then let the process go on by the word that it looks at.

        `result` is where it says that something failed before its filter was in force: then it waits as before.
        Raises RuntimeFault; then the process has been ended, since nobody would ever answer for it.
        """
        listener = take(self._pid, self._least, results=(result,))
        if listener < 0:
            if self._bound:
                unbind(self._pid, stop(self._pid))
            return
        metadata = self._filter.listener_metadata
        try:
            document = process_state(oci_version=SPEC_VERSION, pid=self._pid, metadata=metadata, state=state)
            send(self._filter.listener_path, dumps(document).encode(), listener)
        except RuntimeFault:
            _end(self._pid)
            raise
        finally:
            posix.close(listener)
        try:
            self._let_go()
        except OSError as error:
            raise RuntimeFault("the container's process ended before its program ran", why=reason(error)) from None

    def _let_go(self) -> None:
        memory = posix.open(f"/proc/{self._pid}/mem", posix.O_RDWR | posix.O_CLOEXEC)
        # Stopped, so that it executes nothing while we trace it: the kernel would withhold what a set-user-ID file gives.
        signal = stop(self._pid) if self._bound else 0
        posix.pwrite(memory, (1).to_bytes(8, "little"), self._go)
        posix.close(memory)
        if self._bound:
            unbind(self._pid, signal)


def _end(pid: int) -> None:
    """Kill the process, and wait until it shows: whoever asks for the state next must not be told that it runs."""
    from select import poll

    pidfd = pidfd_open(pid)
    pidfd_send_signal(pidfd, SIGKILL)
    poller = poll()
    poller.register(pidfd, 1)
    poller.poll(_PATIENCE_MS)
    posix.close(pidfd)
