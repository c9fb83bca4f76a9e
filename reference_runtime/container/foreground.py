"""Stays with a process until it ends: signals go on to it, and with a terminal what is typed and printed."""

import _signal  # type: ignore[import-not-found]  # the C half of signal, which the interpreter has loaded
import posix

from reference_runtime.kernel.processes import reap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHUNK = 1 << 16
_SIGCHLD, _SIGWINCH, _SIGURG = 17, 28, 23
_FORWARDED = tuple(number for number in range(1, 65) if number not in {9, 19, _SIGCHLD, _SIGURG, 32, 33})
"""Without what cannot be caught, our own children's ends, and what the C library keeps to itself."""


def stay(pid: int, *, master: int = -1) -> int:
    """Return the exit status of a child, 128 and its number for a signal. `master` is the first half of its terminal.

    From then on signals that would end us no longer do: there is something left to be cleaned up.
    """
    if master < 0:
        _forward_signals(pid)
        return reap(pid)

    def forward(number: int, _frame: object) -> None:
        if number == _SIGWINCH:
            _copy_size(master)
        else:
            _send(pid, number)

    for number in _FORWARDED:
        _signal.signal(number, forward)
    _relay(master)
    return reap(pid)


def _forward_signals(pid: int) -> None:
    """Fetch signals one by one until the child has ended: to block them all takes a call, where handlers take 120 (0.2 ms)."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, (_SIGCHLD, *_FORWARDED))
    while posix.waitid(posix.P_PID, pid, posix.WEXITED | posix.WNOHANG | posix.WNOWAIT) is None:
        number = _signal.sigwait((_SIGCHLD, *_FORWARDED))
        if number != _SIGCHLD:
            _send(pid, number)


def _send(pid: int, number: int) -> None:
    try:
        posix.kill(pid, number)
    except ProcessLookupError:
        pass


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
