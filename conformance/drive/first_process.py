"""The container's first process, held by a pidfd: its pid can't be mistaken for that of a later one."""

import os
from select import POLLIN, poll


class FirstProcess:
    """Nobody at first; then the process that is adopted, until it is released."""

    def __init__(self) -> None:
        self.pid: int | None = None
        """Of the last one adopted."""
        self._pidfd: int | None = None
        self._end = poll()

    def adopt(self, pid: int) -> bool:
        """Hold this process in place of any other; return whether it was there."""
        self.release()
        try:
            self._pidfd = os.pidfd_open(pid)
        except OSError:
            return False
        self._end.register(self._pidfd, POLLIN)
        self.pid = pid
        return True

    def ended(self, *, within: float = 0) -> bool:
        """Whether it has ended, waiting for that as long as `within` seconds; False where none is held."""
        return self._pidfd is not None and bool(self._end.poll(within * 1000))

    def release(self) -> None:
        """Let go of the process."""
        if self._pidfd is not None:
            self._end.unregister(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None
