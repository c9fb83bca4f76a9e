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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from conformance.host.kernel import close_range_on_exec

KEPT_BYTES = 256 * 1024
"""How much of each output is kept unless the caller says otherwise."""

_CHUNK = 64 * 1024
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
_REAP_SECONDS = 5.0  # a process in uninterruptible sleep outlives SIGKILL; then it is left to the session jail
_HERE = contextlib.nullcontext()
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
    meanwhile: Callable[[], bool] | None = None,
    limit_bytes: int = KEPT_BYTES,
) -> Finished:
    """Run the program at the path `argv[0]` and wait for its end, at most `timeout` seconds.

    `stdin`, `stdout` and `stderr` are descriptors (above 2) for it to use; None means /dev/null for stdin, captured
    for the others. `watch_stdout` is the read end of a pipe whose write end was given as `stdout`: what arrives there
    while the program runs counts as its stdout. Time spent in `service` is not counted against the program, up to
    `timeout` once more. `meanwhile` is called while there is nothing else to do, until it returns False: for work that comes
    in small pieces, since the program's end is noticed between two of them. The program leads a process group of its own,
    with default signal handlers, an empty mask and no other descriptors; but glibc leaves signals 32 and 33, which are its
    own, ignored.

    Raises OSError if it cannot be executed.
    """
    with _Streams(limit_bytes) as streams:
        streams.read_from(stdin)
        streams.write_to(1, stdout)
        streams.write_to(2, stderr)
        if watch_stdout is not None:
            streams.watch(1, watch_stdout)
        # What our own parent left open, and nobody else: Python opens nothing that an execve would keep.
        close_range_on_exec(3)
        started = time.monotonic()
        with _away(directory, umask) if directory is not None or umask is not None else _HERE:
            pid = os.posix_spawn(
                argv[0], list(argv), environment, file_actions=streams.actions, setpgroup=0, setsigmask=(), setsigdef=_ALL_SIGNALS
            )
        with _Child(pid) as child:
            in_time, pending = _attend(child, streams.outputs.values(), service, timeout, meanwhile)
            ended = time.monotonic()
            status, cpu = child.end()
        for output in pending:
            output.take_pending()
        if service is not None:
            _serve_pending(service)
        return Finished(
            pid=pid,
            status=status if in_time else None,
            stdout=streams.kept(1),
            stderr=streams.kept(2),
            truncated=any(output.truncated for output in streams.outputs.values()),
            started=started,
            ended=ended,
            cpu=cpu,
        )


class _Streams:
    """The program's standard streams: file actions for posix_spawn, and pipes for what is captured. A context manager.

    Our copies of the pipes' write ends stay open, so that no end of a stream wakes us: it is the program's end that counts.
    """

    def __init__(self, limit: int) -> None:
        self.actions: list[tuple[int, int, int] | tuple[int, int, str, int, int]] = []
        self.outputs: dict[int, _Output] = {}
        self._limit = limit
        self._pipes: list[int] = []

    def read_from(self, stdin: int | None) -> None:
        """Give the program its stdin, None for /dev/null."""
        empty = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        self.actions.append(empty if stdin is None else (os.POSIX_SPAWN_DUP2, stdin, 0))

    def write_to(self, target: int, descriptor: int | None) -> None:
        """Give the program the output that it knows as `target`, None for one that is captured."""
        if descriptor is None:
            read_end, descriptor = os.pipe()
            self._pipes += (read_end, descriptor)
            self.watch(target, read_end)
        self.actions.append((os.POSIX_SPAWN_DUP2, descriptor, target))

    def watch(self, target: int, read_end: int) -> None:
        """Take what can be read there for the program's output `target`."""
        self.outputs[target] = _Output(read_end, self._limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._pipes:
            os.close(self._pipes.pop())

    def kept(self, target: int) -> bytes:
        """Return what was kept of the program's descriptor `target`."""
        return bytes(self.outputs[target].kept) if target in self.outputs else b""


@contextlib.contextmanager
def _away(directory: str | None, umask: int | None) -> Iterator[None]:
    """Take on the working directory and umask for a moment: posix_spawn has no attribute for them.

    posix_spawn returns after the execve, so the child has inherited both by then.
    """
    with contextlib.ExitStack() as undo:
        if directory is not None:
            here = os.open(".", os.O_PATH | os.O_DIRECTORY)
            undo.callback(os.close, here)
            undo.callback(os.fchdir, here)
            os.chdir(directory)
        if umask is not None:
            undo.callback(os.umask, os.umask(umask))
        yield


class _Child:
    """Our child until it is reaped: its pid cannot be taken by another process before that. A context manager."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        self._result: tuple[int | None, float] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        os.close(self.pidfd)

    def end(self) -> tuple[int | None, float]:
        """Kill it and its group if it still runs, reap it; return its exit status and CPU seconds. Once only."""
        if self._result is None:
            self._result = self._reaped() or self._killed() or (None, 0.0)
        return self._result

    def _reaped(self) -> tuple[int, float] | None:
        """Reap it if it has ended."""
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        return (os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime) if pid else None

    def _killed(self) -> tuple[int, float] | None:
        """Kill and reap it; None if it does not even die."""
        with contextlib.suppress(ProcessLookupError):  # it may have left its group, and that be empty
            os.killpg(self.pid, signal.SIGKILL)
        signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        poll.poll(_REAP_SECONDS * 1000)
        return self._reaped()


def _attend(
    child: _Child, outputs: Collection[_Output], service: Service | None, timeout: float, meanwhile: Callable[[], bool] | None
) -> tuple[bool, Collection[_Output]]:
    """Drain outputs and serve until the child ends; return whether it did so in time, and where there is more to take."""
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
        events = poll.poll(0 if meanwhile else math.ceil(left * 1000))
        if any(descriptor == child.pidfd for descriptor, _ in events):
            # What it wrote was there before its end, and this very poll has told of it.
            return True, [by_descriptor[descriptor] for descriptor, _ in events if descriptor in by_descriptor]
        if meanwhile and not events and not meanwhile():
            meanwhile = None
        for descriptor, event in events:
            if descriptor in by_descriptor:
                if not event & _READABLE or not by_descriptor[descriptor].take():
                    poll.unregister(descriptor)
            elif service is not None:
                before = time.monotonic()
                service.ready(descriptor)
                deadline = min(latest, deadline + time.monotonic() - before)
    return False, outputs


def _serve_pending(service: Service) -> None:
    """Handle what reached the service just before the program ended."""
    poll = select.poll()
    for descriptor in service.filenos():
        poll.register(descriptor, select.POLLIN)
    for descriptor, _ in poll.poll(0):
        service.ready(descriptor)
