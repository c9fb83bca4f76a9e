"""The caller's side of a terminal: the socket that the first half is sent to, ours or the caller's."""

import posix

from reference_runtime.fault import RuntimeFault, reason

_LONGEST_PATH = 107
"""sun_path has 108 bytes, one of them for the NUL."""


def connect(path: str) -> int:
    """Return a descriptor connected to the caller's socket. Raises RuntimeFault."""
    import _socket  # only containers with a terminal need it

    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC, 0)
    try:
        if len(path.encode()) > _LONGEST_PATH:  # too long for an address: reached through a descriptor
            handle = posix.open(path, posix.O_PATH | posix.O_CLOEXEC)
            connection.connect(f"/proc/self/fd/{handle}")
            posix.close(handle)
        else:
            connection.connect(path)
    except OSError as error:
        raise RuntimeFault(f"cannot connect to the console socket {path}", why=reason(error)) from error
    return connection.detach()


def pair() -> "tuple[int, int]":
    """Return two connected sockets for a terminal that we keep ourselves; the first is ours."""
    import _socket

    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC, 0)
    return ours.detach(), theirs.detach()


def receive(descriptor: int) -> int:
    """Return the first half of the terminal that was sent over our end of the pair. Raises RuntimeFault if none was."""
    import _socket

    connection = _socket.socket(fileno=descriptor)
    _, rights, _, _ = connection.recvmsg(4096, _socket.CMSG_SPACE(4), _socket.MSG_CMSG_CLOEXEC)
    connection.close()
    if not rights:
        raise RuntimeFault("the container has sent no terminal")
    return int.from_bytes(rights[0][2][:4], "little")
