"""The seccomp agent: listens where a config has its listenerPath, and keeps what a runtime sends there.

Nothing is ever answered to, so there is no hurry: what was sent waits in the socket until the runtime has come back.
A call that is notified of blocks its caller until then, so cases notify of calls that only the probe makes.
"""

import array
import contextlib
import os
import select
import socket
import time
from typing import Self

from conformance.record.agent import AgentConnection, AgentMessage

_SECONDS = 1.0
_SIZE = 1 << 16
_MOST_DESCRIPTORS = 64


class SeccompAgent:
    """Listens at `path`, and puts each connection into `connections` when it is collected.

    Raises OSError if the socket cannot be made: its path may have 107 bytes.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.connections: list[AgentConnection] = []
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
                self.connections.append(_read(connection))

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def _read(connection: socket.socket) -> AgentConnection:
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
            data, descriptors = _receive(connection, _SIZE if messages else 1)
        except ConnectionResetError:
            return AgentConnection(tuple(messages), closed=True)
        if not data and not descriptors:
            return AgentConnection(tuple(messages), closed=True)
        messages.append(AgentMessage(data, descriptors))
    return AgentConnection(tuple(messages), closed=False)


def _receive(connection: socket.socket, size: int) -> tuple[bytes, tuple[str, ...]]:
    numbers = array.array("i")
    data, ancillary, _, _ = connection.recvmsg(size, socket.CMSG_SPACE(_MOST_DESCRIPTORS * numbers.itemsize))
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
    links = tuple(os.readlink(f"/proc/self/fd/{number}") for number in numbers)
    for number in numbers:
        os.close(number)
    return data, links
