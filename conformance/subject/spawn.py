"""Run one program and wait for it, however badly it behaves.

A program that hangs is killed, one that prints without end is drained and cut, one that leaves a daemon behind
which holds its pipes is not waited for. The interpreter is never forked: posix_spawn(3) uses vfork semantics.
"""

import contextlib
import fcntl
import math
import os
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

KEPT_BYTES = 256 * 1024
"""How much of each output is kept unless the caller says otherwise."""

_CHUNK = 64 * 1024
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
_REAP_SECONDS = 5.0  # a process in uninterruptible sleep outlives SIGKILL; then it is left to the session jail
_ALL_SIGNALS = frozenset(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}


class Service(Protocol):
    """Something to attend to while the program runs, since the program may wait for it."""

    def filenos(self) -> Sequence[int]:
        """Return the descriptors to poll for input."""

    def ready(self, descriptor: int) -> None:
        """Handle input on one of them; must come back within seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended. Times are time.monotonic seconds."""

    pid: int
    status: int | None
    """Exit status; -N if signal N ended it; None if it had to be killed after its time-out."""
    stdout: bytes
    stderr: bytes
    truncated: bool
    """More output came than was kept."""
    started: float
    ended: float
    cpu: float
    """User and system seconds of the program and of the children it waited for."""


class _Output:
    """The read end of a pipe; keeps the first bytes and drops the rest."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self.descriptor = descriptor
        self.kept = bytearray()
        self.limit = limit
        self.truncated = False

    def take(self, size: int = _CHUNK) -> int:
        """Read at most `size` bytes of what is there; return how many came, 0 at the end of the stream."""
        data = os.read(self.descriptor, min(size, _CHUNK))
        room = self.limit - len(self.kept)
        self.kept += data[:room]
        self.truncated = self.truncated or len(data) > room
        return len(data)

    def take_pending(self) -> None:
        """Read exactly what lies in the pipe now: another process may hold it open, or write for ever."""
        (pending,) = struct.unpack("i", fcntl.ioctl(self.descriptor, termios.FIONREAD, bytes(4)))
        while pending > 0 and (size := self.take(pending)):
            pending -= size


def spawn(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout: float,
    directory: str | None = None,
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
    watch_stdout: int | None = None,
    umask: int | None = None,
    service: Service | None = None,
    limit_bytes: int = KEPT_BYTES,
) -> Finished:
    """Run the program at the path `argv[0]` and wait for its end, at most `timeout` seconds.

    `stdin`, `stdout` and `stderr` are descriptors (above 2) for it to use; None means /dev/null for stdin, captured
    for the others. `watch_stdout` is the read end of a pipe whose write end was given as `stdout`: what arrives there
    while the program runs counts as its stdout. Time spent in `service` is not counted against the program, up to
    `timeout` once more. The program leads a process group of its own, with default signal handlers, an empty mask
    and no other descriptors; but glibc leaves signals 32 and 33, which are its own, ignored.

    Raises OSError if it cannot be executed.
    """
    with contextlib.ExitStack() as stack:
        plan, outputs = _plan(stdin, stdout, stderr, limit_bytes, stack)
        if watch_stdout is not None:
            outputs[1] = _Output(watch_stdout, limit_bytes)
        started = time.monotonic()
        with _inherited(directory, umask):
            pid = os.posix_spawn(
                argv[0], list(argv), environment, file_actions=plan.actions, setpgroup=0, setsigmask=(), setsigdef=_ALL_SIGNALS
            )
        plan.close()
        child = _Child(pid)
        stack.callback(child.end)
        in_time = _attend(child, list(outputs.values()), service, timeout)
        ended = time.monotonic()
        status, cpu = child.end()
        for output in outputs.values():
            output.take_pending()
        if service is not None:
            _serve_pending(service)
        return Finished(
            pid=pid,
            status=status if in_time else None,
            stdout=bytes(outputs[1].kept) if 1 in outputs else b"",
            stderr=bytes(outputs[2].kept) if 2 in outputs else b"",
            truncated=any(output.truncated for output in outputs.values()),
            started=started,
            ended=ended,
            cpu=cpu,
        )


class _Plan:
    """File actions for posix_spawn, and the write ends to close once the program has them."""

    def __init__(self) -> None:
        self.actions: list[tuple[int, int] | tuple[int, int, int] | tuple[int, int, str, int, int]] = []
        self.write_ends: list[int] = []

    def close(self) -> None:
        """Close our copies of the write ends; does nothing the second time."""
        while self.write_ends:
            os.close(self.write_ends.pop())


def _plan(
    stdin: int | None, stdout: int | None, stderr: int | None, limit: int, stack: contextlib.ExitStack
) -> tuple[_Plan, dict[int, _Output]]:
    plan = _Plan()
    stack.callback(plan.close)
    outputs: dict[int, _Output] = {}
    if stdin is None:
        plan.actions.append((os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0))
    else:
        plan.actions.append((os.POSIX_SPAWN_DUP2, stdin, 0))
    for target, given in ((1, stdout), (2, stderr)):
        source = given
        if source is None:
            read_end, source = os.pipe()
            stack.callback(os.close, read_end)
            plan.write_ends.append(source)
            outputs[target] = _Output(read_end, limit)
        plan.actions.append((os.POSIX_SPAWN_DUP2, source, target))
    plan.actions += [(os.POSIX_SPAWN_CLOSE, descriptor) for descriptor in _inheritable()]
    return plan, outputs


def _inheritable() -> list[int]:
    """Return descriptors that an execve would keep, such as those that our own parent left open: none is the program's."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the one that lists the directory is closed by now
            if int(name) > 2 and os.get_inheritable(int(name)):
                found.append(int(name))
    return found


@contextlib.contextmanager
def _inherited(directory: str | None, umask: int | None) -> Iterator[None]:
    """Take on the working directory and umask for a moment: posix_spawn has no attribute for them.

    posix_spawn returns after the execve, so the child has inherited both by then.
    """
    with contextlib.ExitStack() as stack:
        if directory is not None:
            here = os.open(".", os.O_PATH | os.O_DIRECTORY)
            stack.callback(os.close, here)
            stack.callback(os.fchdir, here)
            os.chdir(directory)
        if umask is not None:
            stack.callback(os.umask, os.umask(umask))
        yield


class _Child:
    """Our child until it is reaped: its pid cannot be taken by another process before that."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        self._result: tuple[int | None, float] | None = None

    def ended(self, seconds: float) -> bool:
        """Wait at most that long for its end."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def end(self) -> tuple[int | None, float]:
        """Kill it and its group if it still runs, reap it; return its exit status and CPU seconds. Once only."""
        if self._result is None:
            if not self.ended(0):
                os.killpg(self.pid, signal.SIGKILL)
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)  # should it have left its group
            self._result = self._reap() if self.ended(_REAP_SECONDS) else (None, 0.0)
            os.close(self.pidfd)
        return self._result

    def _reap(self) -> tuple[int, float]:
        _, status, usage = os.wait4(self.pid, 0)
        return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def _attend(child: _Child, outputs: Sequence[_Output], service: Service | None, timeout: float) -> bool:
    """Drain outputs and serve until the child ends; return whether it did so in time."""
    poll = select.poll()
    poll.register(child.pidfd, select.POLLIN)
    by_descriptor = {output.descriptor: output for output in outputs}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN)
    for descriptor in service.filenos() if service else ():
        poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + timeout
    latest = deadline + timeout
    while (left := deadline - time.monotonic()) > 0:
        for descriptor, event in poll.poll(math.ceil(left * 1000)):
            if descriptor == child.pidfd:
                return True
            if descriptor in by_descriptor:
                if not event & _READABLE or not by_descriptor[descriptor].take():
                    poll.unregister(descriptor)
            elif service is not None:
                before = time.monotonic()
                service.ready(descriptor)
                deadline = min(latest, deadline + time.monotonic() - before)
    return False


def _serve_pending(service: Service) -> None:
    """Handle what reached the service just before the program ended."""
    poll = select.poll()
    for descriptor in service.filenos():
        poll.register(descriptor, select.POLLIN)
    for descriptor, _ in poll.poll(0):
        service.ready(descriptor)
