"""The seccomp agent: listens where a config has its listenerPath, and keeps what a runtime sends there.

Nothing is ever answered to, so there is no hurry: what was sent waits in the socket until the runtime has come back.
A call that is notified of blocks its caller until then, so cases notify of calls that only the probe makes. `hold` takes
one notification, to see what a signal does to a caller that waits.
"""

import array
import contextlib
import fcntl
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Self

from conformance.record.agent import AgentConnection, AgentMessage

_SECONDS = 1.0
_SIZE = 1 << 16
_MOST_DESCRIPTORS = 64
_LISTENER = "anon_inode:seccomp notify"
_NOTIF_RECV, _NOTIF_SIZE = 0xC0502100, 80
"""SECCOMP_IOCTL_NOTIF_RECV, and sizeof(struct seccomp_notif); seccomp_unotify(2)."""


class SeccompAgent:
    """Listens at `path`, and puts each connection into `connections` when it is collected.

    Raises OSError if the socket cannot be made: its path may have 107 bytes.
    """

    def __init__(self, path: str, *, keep: bool = False) -> None:
        self.path = path
        self.connections: list[AgentConnection] = []
        self._keep = keep
        """Keep the last listener that was sent. Whoever makes a call that it is notified of waits as long as it is open."""
        self._listener = -1
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.bind(path)
            self._socket.listen(16)
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def collect(self) -> None:
        """Take every connection that was made so far."""
        while True:
            try:
                connection, _ = self._socket.accept()
            except BlockingIOError:
                return
            with connection:
                self.connections.append(_read(connection, self._take))

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._drop_listener()
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def hold(self, pid: int) -> str:
        """Take a notification of process `pid`, send it SIGSTOP, and return the state that it comes to: T, or D if it waits on.

        Return "" where there is no notification, or neither state comes. The call is then not answered but fails with ENOSYS.
        """
        waiting = select.poll()
        waiting.register(self._listener, select.POLLIN)
        if self._listener < 0 or not waiting.poll(_SECONDS * 1000):
            return ""
        fcntl.ioctl(self._listener, _NOTIF_RECV, bytearray(_NOTIF_SIZE))
        os.kill(pid, signal.SIGSTOP)
        try:
            return _settled(pid)
        finally:
            os.kill(pid, signal.SIGCONT)
            self._drop_listener()

    def _take(self, descriptor: int, link: str) -> None:
        """Keep a descriptor that was sent, or close it."""
        if self._keep and link == _LISTENER:
            self._drop_listener()
            self._listener = descriptor
        else:
            os.close(descriptor)

    def _drop_listener(self) -> None:
        if self._listener >= 0:
            os.close(self._listener)
            self._listener = -1


def _settled(pid: int) -> str:
    """Return the state of a process when it is stopped or in a sleep that only a deadly signal ends; "" if that does not come."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]
        if state in {"T", "D"}:
            return state
        time.sleep(0.005)
    return ""


def _read(connection: socket.socket, take: Callable[[int, str], None]) -> AgentConnection:
    """Read until the other side closes the connection, or nothing more comes in time.

    A stream does not show where one sendmsg(2) ended and another began, but descriptors come with the first byte of theirs, and
    a read ends behind them. So the first byte alone tells whether they came with the first call.
    """
    messages: list[AgentMessage] = []
    deadline = time.monotonic() + _SECONDS
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    while waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
        try:
            data, descriptors = _receive(connection, _SIZE if messages else 1, take)
        except ConnectionResetError:
            return AgentConnection(tuple(messages), closed=True)
        if not data and not descriptors:
            return AgentConnection(tuple(messages), closed=True)
        messages.append(AgentMessage(data, descriptors))
    return AgentConnection(tuple(messages), closed=False)


def _receive(connection: socket.socket, size: int, take: Callable[[int, str], None]) -> tuple[bytes, tuple[str, ...]]:
    numbers = array.array("i")
    data, ancillary, _, _ = connection.recvmsg(size, socket.CMSG_SPACE(_MOST_DESCRIPTORS * numbers.itemsize))
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
    links = tuple(os.readlink(f"/proc/self/fd/{number}") for number in numbers)
    for number, link in zip(numbers, links, strict=True):
        take(number, link)
    return data, links
