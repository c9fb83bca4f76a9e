"""Stop each hook process of a container, look at it from the host, then let it end as the case wants.

A hook of a test bundle is the hook probe, called with `args = ["hook", SOCKET, KIND, INDEX, ...]`: it connects to SOCKET
and executes the system calls that it is sent. So the harness reads the hook's stdin through the hook itself, and the
runtime waits for the hook while it is looked at. The listener is the `service` of `spawn`.

A request is ten little-endian u64 {number, six arguments, length of input, length of output, flags} and the input; the
answer is an i64, the result, and as much output as was asked for, taken from the probe's buffer.
"""

import contextlib
import dataclasses
import errno
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Self

from conformance.record.hook import HookCall
from conformance.subject.hook_process import Surroundings, look, place_of, strings
from specs.linux.syscalls import numbers

BUFFER = 0x600100
"""Address of the probe's buffer; the bundle builder places it, which is no room to look into from here."""

_SECONDS = 5.0
_CROWD_SECONDS = 0.02
_ABORT_SECONDS = 1.0
_CHUNK = 16 * 1024
_STDIN_LIMIT = 1024 * 1024
_REQUEST = struct.Struct("<10Q")
_RESULT = struct.Struct("<q")
_CREDENTIALS = struct.Struct("iII")  # struct ucred, unix(7)


class HookListener:
    """Listens at `path` for the hooks of one container and keeps what was seen of each in `calls`, in order of arrival.

    `machine` is the probe's, as `uname -m` names it. `exits` says how hooks end, by (kind, index), 0 if not said; those in
    `stalls` are never let go and get the exit status -1. A hook that does not answer within `seconds` of its arrival is
    killed and gets -9. `operation` is to be set to the operation under way before each call of the runtime, and `settle` to
    be called after it. `problems` tells what connected but was no hook, and which hooks did not answer.

    Raises OSError if the socket cannot be made: its path may have 107 bytes.
    """

    def __init__(
        self,
        path: str,
        *,
        machine: str,
        surroundings: Surroundings,
        exits: Mapping[tuple[str, int], int] | None = None,
        stalls: Collection[tuple[str, int]] = (),
        seconds: float = _SECONDS,
    ) -> None:
        self.path = path
        self.operation = ""
        self.calls: list[HookCall] = []
        self.problems: list[str] = []
        self._numbers = numbers(machine)
        self._surroundings = surroundings
        self._exits = dict(exits or {})
        self._stalls = frozenset(stalls)
        self._seconds = seconds
        self._stalled: list[tuple[_Hook, HookCall]] = []
        self._socket = _listen(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and remove the socket. Stalled hooks lose their connection and end."""
        self._socket.close()
        while self._stalled:
            self._stalled.pop()[0].close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def filenos(self) -> Sequence[int]:
        """Return the descriptor that becomes readable when a hook arrives."""
        return (self._socket.fileno(),)

    def ready(self, descriptor: int) -> None:  # noqa: ARG002  # there is but one descriptor
        """Look at one hook that has arrived, if it is still there, and let it go."""
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self._meet(connection, arrived=time.monotonic())

    def wait(self, seconds: float) -> bool:
        """Handle a hook that arrives within `seconds`, outside of any call of the runtime; return whether one did."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return False
        self.ready(self._socket.fileno())
        return True

    def settle(self) -> None:
        """Note which of the hooks that are never let go have ended: the operation that called them is over."""
        for hook, call in self._stalled:
            if not call.aborted and hook.ended(_ABORT_SECONDS):
                self._replace(call, dataclasses.replace(call, aborted=True))

    def _replace(self, call: HookCall, by: HookCall) -> None:
        self.calls[:] = [by if each is call else each for each in self.calls]
        self._stalled[:] = [(hook, by if each is call else each) for hook, each in self._stalled]

    def _meet(self, connection: socket.socket, *, arrived: float) -> None:
        hook = _Hook(connection, deadline=arrived + self._seconds)
        try:
            call = self._look(hook, arrived=arrived)
            if call is not None:
                self._dismiss(hook, call)
        finally:
            if all(hook is not stalled for stalled, _ in self._stalled):
                hook.close()

    def _look(self, hook: "_Hook", *, arrived: float) -> HookCall | None:
        argv = strings(hook.pid, "cmdline")
        place = place_of(argv)
        if place is None:
            self._complain(f"process {hook.pid} connected but is no hook: {argv!r}")
            return None
        try:
            hook.read_stdin(self._numbers["read"])
        except OSError as error:
            self._complain(f"{place[0]} hook {place[1]} does not answer: {error}")
        return look(
            hook.pid,
            place,
            bytes(hook.stdin),
            operation=self.operation,
            surroundings=self._surroundings,
            arrived=arrived,
        )

    def _dismiss(self, hook: "_Hook", call: HookCall) -> None:
        place = call.kind, call.index
        crowded = self._next_arrives(place)
        released = time.monotonic()
        if not hook.answers:
            hook.kill()
            status = -signal.SIGKILL
        elif place in self._stalls:
            status = -1
        else:
            status = self._exits.get(place, 0)
            hook.exit(self._numbers["exit_group"], status)
        final = dataclasses.replace(call, released=released, exit_status=status, crowded=crowded)
        self.calls.append(final)
        if status == -1:
            self._stalled.append((hook, final))

    def _next_arrives(self, place: tuple[str, int]) -> bool:
        """Whether the next hook of the list comes while this one is held: a runtime that calls several at once is seen so."""
        kind, index = place
        if (kind, index + 1) not in self._surroundings.paths:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(_CROWD_SECONDS * 1000))

    def _complain(self, problem: str) -> None:
        self.problems.append(f"{self.operation}: {problem}" if self.operation else problem)


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        listener.bind(path)
        os.chmod(path, 0o777)  # noqa: S103  # connect(2) needs write permission, and a hook may run in a user namespace
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


class _Hook:
    """The connection to one hook process, which waits for system calls to execute until `deadline` (time.monotonic)."""

    def __init__(self, connection: socket.socket, *, deadline: float) -> None:
        self.connection = connection
        self.deadline = deadline
        self.stdin = bytearray()
        self.answers = False
        """It did all that it was asked so far."""
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        self.pid: int = _CREDENTIALS.unpack(credentials)[0]  # 0 if it lives in a pid namespace that we cannot see
        self._pidfd = _pidfd(self.pid)

    def close(self) -> None:
        """Let go of it: the probe ends when it loses the connection."""
        self.connection.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

    def read_stdin(self, read: int) -> None:
        """Have it read its stdin to the end into `stdin`; raises OSError if it does not in time."""
        while len(self.stdin) < _STDIN_LIMIT:
            self._send(read, 0, BUFFER, _CHUNK, output=_CHUNK)
            (result,) = _RESULT.unpack(self._receive(_RESULT.size))
            data = self._receive(_CHUNK)
            if result == -errno.EINTR:
                continue
            if result < 0:
                raise OSError(-result, "read(2) of its stdin: " + os.strerror(-result))
            if result == 0:
                self.answers = True
                return
            self.stdin += data[:result]
        raise OSError(errno.EFBIG, "its stdin has no end")

    def exit(self, exit_group: int, status: int) -> None:
        """Have it exit; nothing is answered to that."""
        with contextlib.suppress(OSError):  # it may have been killed meanwhile
            self._send(exit_group, status)

    def ended(self, seconds: float) -> bool:
        """Wait at most that long for its end; False if that cannot be seen."""
        if self._pidfd is None:
            return False
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def kill(self) -> None:
        """Kill it, so that the runtime need not wait for it: it may be blocked in a system call."""
        if self._pidfd is not None and self.pid != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def _send(self, number: int, *arguments: int, output: int = 0) -> None:
        padded = (*arguments, *(0,) * (6 - len(arguments)))
        self.connection.settimeout(self._left())
        self.connection.sendall(_REQUEST.pack(number, *padded, 0, output, 0))

    def _receive(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            self.connection.settimeout(self._left())
            chunk = self.connection.recv(size - len(data))
            if not chunk:
                raise ConnectionResetError(errno.ECONNRESET, "it ended")
            data += chunk
        return bytes(data)

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(errno.ETIMEDOUT, "timed out")
        return left


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid) if pid > 0 else None
    except OSError:
        return None
