"""Copies between the terminal of a container and our own streams: what is typed and what is printed."""

import _signal  # type: ignore[import-not-found]  # the C half of signal, which the interpreter has loaded
import posix
from select import poll
from termios import ECHO, ICANON, ICRNL, IEXTEN, INLCR, ISIG, IXON, OPOST, TCSANOW, tcgetattr, tcsetattr

from reference_runtime.container.foreground import send
from reference_runtime.kernel.syscall import syscall
from reference_runtime.kernel.terminal import TIOCGWINSZ, TIOCSWINSZ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_CHUNK = 1 << 16
_SIGWINCH = 28


def relay(master: int, pid: int, forwarded: "Sequence[int]") -> None:
    """Copy between a terminal and our streams until its other half is closed by all; signals go on to `pid`."""

    def forward(number: int, _frame: object) -> None:
        if number == _SIGWINCH:
            _copy_size(master)
        else:
            send(pid, number)

    for number in forwarded:
        _signal.signal(number, forward)
    restore = Restore()  # every key goes on as it is typed
    _copy_size(master)
    poller = poll()
    poller.register(master, 1)
    poller.register(0, 1)
    try:
        while True:
            for descriptor, _events in poller.poll():
                data = _read(descriptor)
                if descriptor == master and not data:
                    return
                if not data:
                    poller.unregister(0)
                _write_all(1 if descriptor == master else master, data)
    finally:
        restore()


def _copy_size(master: int) -> None:
    size = bytearray(8)
    try:
        syscall("ioctl", 0, TIOCGWINSZ, size)
        syscall("ioctl", master, TIOCSWINSZ, bytes(size))
    except OSError:
        pass  # our own input is no terminal


def _read(descriptor: int) -> bytes:
    try:
        return posix.read(descriptor, _CHUNK)
    except OSError:
        return b""  # EIO: nobody has the other half open any more


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[posix.write(descriptor, data) :]


class Restore:
    """The settings of our own terminal, put to raw mode and back."""

    __slots__ = ("_saved",)

    def __init__(self) -> None:
        self._saved: list[Any] | None = None
        if not posix.isatty(0):
            return
        saved = tcgetattr(0)
        raw = [*saved]
        raw[0] &= ~(ICRNL | INLCR | IXON)
        raw[1] &= ~OPOST
        raw[3] &= ~(ECHO | ICANON | IEXTEN | ISIG)
        tcsetattr(0, TCSANOW, raw)
        self._saved = saved

    def __call__(self) -> None:
        if self._saved is not None:
            tcsetattr(0, TCSANOW, self._saved)
