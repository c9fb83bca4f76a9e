"""Stays with a process until it ends: signals go on to it, and with a terminal what is typed and printed."""

import _signal  # type: ignore[import-not-found]  # the C half of signal, which the interpreter has loaded
import posix

from reference_runtime.kernel.processes import reap

_SIGCHLD, _SIGURG = 17, 23
_FORWARDED = tuple(number for number in range(1, 65) if number not in {9, 19, _SIGCHLD, _SIGURG, 32, 33})
"""Without what cannot be caught, our own children's ends, and what the C library keeps to itself."""


def stay(pid: int, *, master: int = -1) -> int:
    """Return the exit status of a child, 128 and its number for a signal. `master` is the first half of its terminal.

    From then on signals that would end us no longer do: there is something left to be cleaned up.
    """
    if master < 0:
        _forward_signals(pid)
    else:
        from reference_runtime.container.relay import relay

        relay(master, pid, _FORWARDED)
    return reap(pid)


def _forward_signals(pid: int) -> None:
    """Fetch signals one by one until the child has ended: to block them all takes a call, where handlers take 120 (0.2 ms)."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, (_SIGCHLD, *_FORWARDED))
    while posix.waitid(posix.P_PID, pid, posix.WEXITED | posix.WNOHANG | posix.WNOWAIT) is None:
        number = _signal.sigwait((_SIGCHLD, *_FORWARDED))
        if number != _SIGCHLD:
            send(pid, number)


def send(pid: int, number: int) -> None:
    """Send a signal to a child that may have been reaped."""
    try:
        posix.kill(pid, number)
    except ProcessLookupError:
        pass
