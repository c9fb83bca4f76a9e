"""A terminal as a person has it in front of a command of the world."""

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Sequence
from types import TracebackType

from tests.clients.world import Running, World


class Terminal:
    """A command on a terminal of its own, 30 lines of 90 columns; leaving the `with` block ends it."""

    def __init__(self, world: World, argv: Sequence[str]) -> None:
        self._master, slave = pty.openpty()
        self.resize(30, 90)
        self._seen = ""
        self.running: Running = world.start(*argv, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.running.close()
        os.close(self._master)

    def resize(self, lines: int, columns: int) -> None:
        """Change the size, of which the kernel tells the foreground process group."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, text: str) -> None:
        """Type keys."""
        os.write(self._master, text.encode())

    def expect(self, text: str, *, seconds: float = 30) -> str:
        """Wait for text on the screen; return all up to its end, and forget that. Fails the test if it doesn't come."""
        deadline = time.monotonic() + seconds
        while text not in self._seen:
            readable, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert readable, f"no {text!r} after {seconds} s in {self._seen!r}"
            try:
                self._seen += os.read(self._master, 4096).decode(errors="replace")
            except OSError:  # EIO: nobody has the terminal open any more
                raise AssertionError(f"no {text!r} in {self._seen!r}, and the program has ended") from None
        shown, _, self._seen = self._seen.partition(text)
        return shown + text
