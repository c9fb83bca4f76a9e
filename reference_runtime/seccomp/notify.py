"""linux.seccomp.listenerPath: take the descriptor for notifications out of the container and send it to the agent.

Source: config-linux.md#seccomp, config-linux.md#containerprocessstate, seccomp_unotify(2), pidfd_getfd(2).
"""

import posix

from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WHERE = "$.linux.seccomp.listenerPath"
_LONGEST_PATH = 107
"""sun_path has 108 bytes, one of them for the NUL."""
_POLL_SECONDS = 0.0005
_INODE = "anon_inode:seccomp notify"


def process_state(*, oci_version: str, pid: int, metadata: str, state: "dict[str, Any]") -> "dict[str, Any]":
    """Return the container process state; `pid` is as the runtime sees it, `state` the container's state document."""
    document: dict[str, Any] = {"ociVersion": oci_version, "fds": ["seccompFd"], "pid": pid, "state": state}
    return {**document, "metadata": metadata} if metadata else document


def take(pid: int, least: int, *, results: "tuple[int, ...]" = ()) -> int:
    """Wait until process `pid` has a listener, and return a duplicate of it, close-on-exec, or -1 if it gives results first.

    The process itself cannot announce it: once its filter is in force, any call, even write, may wait for the agent's
    answer. Descriptors below `least` are not looked at: they may be listeners of others. Raises RuntimeFault if the process
    ends first.
    """
    pidfd = syscall("pidfd_open", pid, 0)
    try:
        while (number := _listener(pid, least)) < 0:
            if _wait(pidfd, results):
                return -1
        return syscall("pidfd_getfd", pidfd, number, 0)
    except OSError as error:
        raise RuntimeFault.of("cannot take the descriptor for notifications", error, where=_WHERE) from None
    finally:
        posix.close(pidfd)


def _listener(pid: int, least: int) -> int:
    """Return the number of the listener in the process, -1 if there is none yet."""
    for number in sorted(map(int, posix.listdir(f"/proc/{pid}/fd"))):
        try:
            if number >= least and posix.readlink(f"/proc/{pid}/fd/{number}") == _INODE:
                return number
        except FileNotFoundError:  # closed since
            continue
    return -1


def _wait(pidfd: int, results: "tuple[int, ...]") -> bool:
    """Sleep for a moment; a process that ends ends the wait. Returns whether there is something in one of the pipes."""
    from select import select  # built into the interpreter

    ready = select([pidfd, *results], [], [], _POLL_SECONDS)[0]
    if pidfd in ready:
        raise RuntimeFault("the container's process ended before its filter was in force", where=_WHERE)
    return bool(ready)


def send(path: str, document: bytes, listener: int) -> None:
    """Send one process state, as JSON, with the descriptor, over a connection of its own. Raises RuntimeFault."""
    import _socket  # built into the interpreter; socket around it costs 5 ms

    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC, 0)
    try:
        _connect(connection, path)
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, listener.to_bytes(4, "little"))
        sent = connection.sendmsg([document], [rights], _socket.MSG_NOSIGNAL)
        while sent < len(document):
            sent += connection.send(document[sent:], _socket.MSG_NOSIGNAL)
    except OSError as error:
        raise RuntimeFault.of(f"cannot send the process state to {path}", error, where=_WHERE) from None
    finally:
        connection.close()


def _connect(connection: "Any", path: str) -> None:
    if len(path.encode()) <= _LONGEST_PATH:
        connection.connect(path)
        return
    # A path too long for an address is reached through a descriptor of the socket's file.
    handle = posix.open(path, posix.O_PATH | posix.O_CLOEXEC)
    try:
        connection.connect(f"/proc/self/fd/{handle}")
    finally:
        posix.close(handle)
