"""Our own mount table, read again only when the kernel says that it has changed."""

import os
import select

from conformance.observe.procfs import read


class MountTable:
    """An open /proc/self/mountinfo. It tells of every mount, unmount and move in the mount namespace that it was opened in.

    What it does not tell of are options of a filesystem (proc_pid_mountinfo(5)): they may be those of the last change.
    """

    def __init__(self) -> None:
        self._descriptor = os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLPRI)
        self._content: bytes | None = None

    def __del__(self) -> None:
        os.close(self._descriptor)

    def read(self) -> bytes:
        """Return the table as it is now. Raises OSError."""
        # The event first: a change while we read is told of by the next one.
        changed = self._poll.poll(0)
        if changed or self._content is None:
            self._content = read("/proc/self/mountinfo")
        return self._content
