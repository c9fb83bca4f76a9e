"""Stays with a process until it ends: signals go on to it, and with a terminal what is typed and printed."""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHUNK = 1 << 16
_SIGCHLD, _SIGWINCH, _SIGURG = 17, 28, 23
_NOT_FORWARDED = frozenset({9, 19, _SIGCHLD, _SIGURG, 32, 33})
"""What cannot be caught, our own children's ends, and what the C library keeps to itself."""


def stay(pid: int, *, master: int = -1) -> int:
    """Return the exit status of a child, 128 and its number for a signal. `master` is the first half of its terminal."""
    import _signal  # type: ignore[import-not-found]  # the C half of signal, which the interpreter has loaded

    def forward(number: int, _frame: object) -> None:
        if number == _SIGWINCH and master >= 0:
            _copy_size(master)
            return
        try:
            posix.kill(pid, number)
        except ProcessLookupError:
            pass

    for number in range(1, 65):
        if number not in _NOT_FORWARDED:
            _signal.signal(number, forward)
    if master >= 0:
        _relay(master)
    from reference_runtime.kernel.processes import reap

    return reap(pid)


def _copy_size(master: int) -> None:
    from reference_runtime.kernel.syscall import syscall
    from reference_runtime.kernel.terminal import TIOCGWINSZ, TIOCSWINSZ

    size = bytearray(8)
    try:
        syscall("ioctl", 0, TIOCGWINSZ, size)
        syscall("ioctl", master, TIOCSWINSZ, bytes(size))
    except OSError:
        pass  # our own input is no terminal


def _relay(master: int) -> None:
    """Copy between the terminal and our streams until its other half is closed by all."""
    restore = Restore()  # every key goes on as it is typed
    _copy_size(master)
    from select import poll

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
        from termios import ECHO, ICANON, ICRNL, IEXTEN, INLCR, ISIG, IXON, OPOST, TCSANOW, tcgetattr, tcsetattr

        saved = tcgetattr(0)
        raw = [*saved]
        raw[0] &= ~(ICRNL | INLCR | IXON)
        raw[1] &= ~OPOST
        raw[3] &= ~(ECHO | ICANON | IEXTEN | ISIG)
        tcsetattr(0, TCSANOW, raw)
        self._saved = saved

    def __call__(self) -> None:
        if self._saved is not None:
            from termios import TCSANOW, tcsetattr

            tcsetattr(0, TCSANOW, self._saved)
