"""Take the master side of a container's terminal from its runtime: sent to a Unix socket, as runc made common."""

import array
import contextlib
import os
import select
import socket
import termios
import tty

_DESCRIPTOR = array.array("i").itemsize


class ConsoleSocket:
    """Listens at `path` for one descriptor. Raises OSError if the socket cannot be made: its path may have 107 bytes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.bind(path)
            self._socket.listen(1)
        except OSError:
            self._socket.close()
            raise

    def receive(self, *, seconds: float) -> int | None:
        """Return the terminal that was sent, made raw so that it carries any bytes; None if none came, or none that is one."""
        if not _readable(self._socket, seconds):
            return None
        connection, _ = self._socket.accept()
        with connection:
            descriptors = _descriptors(connection) if _readable(connection, seconds) else []
        for spare in descriptors[1:]:
            os.close(spare)
        return _raw(descriptors[0]) if descriptors else None

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def _readable(listener: socket.socket, seconds: float) -> bool:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _descriptors(connection: socket.socket) -> list[int]:
    found = array.array("i")
    try:
        _, control, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4 * _DESCRIPTOR), socket.MSG_CMSG_CLOEXEC)
    except OSError:
        return []
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % _DESCRIPTOR])
    return found.tolist()


def _raw(descriptor: int) -> int | None:
    """Switch off echo, line editing and signals: on Linux the settings of the master are those of the slave."""
    try:
        tty.setraw(descriptor, termios.TCSANOW)
    except termios.error:
        os.close(descriptor)
        return None
    return descriptor
