"""Directories that belong to one session: made, held, removed at its end, and swept by a later one if it could not.

Holding is flock(2) on the directory, which the kernel lets go when the janitor dies, whatever it dies of. That holds
across pid namespaces, where the pid and start time in the name (there for people to read) would mean nothing.
"""

import contextlib
import errno
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable

from conformance.host.hierarchies import read, write

PREFIX = "oci-conformance."
_DISABLED_LATER = "user.oci-conformance.enabled"
_PATIENCE = 10.0


def session_name() -> str:
    """Name of this session's directories: prefix, pid of the janitor, its start time in clock ticks since boot."""
    start_time = read("/proc/self/stat").rsplit(")", 1)[1].split()[19]
    return f"{PREFIX}{os.getpid()}.{start_time}"


def claim(parent: str, name: str) -> tuple[str, int]:
    """Make `parent`/`name` and hold it: (path, descriptor that holds it). Raises OSError."""
    path = f"{parent}/{name}"
    os.mkdir(path)
    while True:
        fd = _held(path)
        # A sweep may have come between mkdir and flock, and remove the directory, or have done so already.
        with contextlib.suppress(FileNotFoundError):
            if fd is not None and os.path.samestat(os.stat(path), os.fstat(fd)):
                os.fchmod(fd, 0o755)  # whatever the umask: inside it is the root of a hierarchy, which all may read
                return path, fd
        if fd is not None:
            os.close(fd)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path)


def sweep(parent: str, remove: Callable[[str], None], *, prefix: str = PREFIX) -> None:
    """Remove what sessions left below `parent` that nobody holds any more. What cannot be removed is told on stderr."""
    for name in os.listdir(parent):
        path = f"{parent}/{name}"
        fd = _held(path) if name.startswith(prefix) else None
        if fd is None:
            continue
        try:
            remove(path)
        except OSError as error:
            sys.stderr.write(f"jail: cannot remove what an earlier session left: {error}\n")
        finally:
            os.close(fd)


def sweep_cgroups(parent: str, top: str) -> None:
    """Sweep below `parent` and below its siblings: the sessions before us may have run in another scope or container."""
    places = {parent}
    if parent != top:
        places |= {entry.path for entry in os.scandir(os.path.dirname(parent)) if entry.is_dir()}
    for place in places:
        # Another's scope may go away at any time.
        with contextlib.suppress(FileNotFoundError):
            sweep(place, remove_cgroup)


def remove_cgroup(path: str) -> None:
    """Remove a cgroup and those below it, with the processes in them; raises OSError after 10 seconds."""
    deadline = time.monotonic() + _PATIENCE
    while os.path.isdir(path):
        thaw(path)
        _kill(path)
        try:
            for directory in reversed(_nested(path)):
                os.rmdir(directory)
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def thaw(path: str) -> None:
    """Thaw v1 freezer cgroups at and below `path`: unlike in v2, a frozen process does not even die of SIGKILL there."""
    for directory in _nested(path):
        if os.path.exists(f"{directory}/freezer.state"):
            write(f"{directory}/freezer.state", "THAWED")


def _kill(path: str) -> None:
    """Kill the processes in v1 and v2 cgroups at and below `path`: a session whose janitor is dead has to be dead too."""
    for directory in _nested(path):
        # A process of a pid namespace that is not below ours reads as 0.
        for pid in filter(None, _members(directory)):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                pidfd = os.pidfd_open(pid)
                # Only now does the number name one process for ever: is it still the one that we mean?
                if pid in _members(directory):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                os.close(pidfd)


def _nested(path: str) -> list[str]:
    """Return `path` and the directories below it, parents first. os.walk calls itself: too deep a nest ends it."""
    found = [path]
    for directory in found:
        with contextlib.suppress(FileNotFoundError):
            found += [entry.path for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False)]
    return found


def _members(cgroup: str) -> list[int]:
    try:
        return [int(word) for word in read(f"{cgroup}/cgroup.procs").split()]
    except OSError:
        # Gone meanwhile, or a threaded cgroup, whose processes its domain lists.
        return []


def hand_on(parent: str, controllers: frozenset[str]) -> None:
    """Enable v2 controllers for the children of `parent`, noting on it (as an extended attribute) which ones were not before.

    Call it, and `take_back`, with the parent locked.
    """
    missing = controllers - set(read(f"{parent}/cgroup.subtree_control").split())
    if missing:
        # Before Linux 5.7 cgroups have no user attributes; the controllers stay enabled there.
        with contextlib.suppress(OSError):
            os.setxattr(parent, _DISABLED_LATER, " ".join(sorted(missing | _noted(parent))).encode())
    enable(parent, missing)


def take_back(parent: str) -> None:
    """Disable the v2 controllers that sessions had to enable for the children of `parent`, if no session is left there."""
    noted = _noted(parent)
    if not noted or any(name.startswith(PREFIX) for name in os.listdir(parent)):
        return
    _switch(parent, "-", noted)
    os.removexattr(parent, _DISABLED_LATER)


def enable(cgroup: str, controllers: frozenset[str]) -> None:
    """Enable v2 controllers for the children of `cgroup`, as far as the kernel lets us."""
    _switch(cgroup, "+", controllers)


def locked(cgroup: str) -> int:
    """Wait for the lock of a v2 cgroup that sessions share; closing the descriptor lets it go."""
    # A file in it, since the directory's own lock says that a session holds it: the outer one, for a session in a session.
    fd = os.open(f"{cgroup}/cgroup.subtree_control", os.O_RDONLY | os.O_CLOEXEC)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def _held(path: str) -> int | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # Something mounted there hides the directory and its lock: that is the session we are in.
        if os.fstat(fd).st_dev == os.stat(os.path.dirname(path)).st_dev:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return fd
    except BlockingIOError:
        pass
    os.close(fd)
    return None


def _switch(cgroup: str, sign: str, controllers: frozenset[str]) -> None:
    for controller in sorted(controllers):
        # The kernel may say no to one of them (cpu with realtime processes, others' cgroups that use it): the rest counts.
        with contextlib.suppress(OSError):
            write(f"{cgroup}/cgroup.subtree_control", f"{sign}{controller}")


def _noted(directory: str) -> frozenset[str]:
    try:
        return frozenset(os.getxattr(directory, _DISABLED_LATER).decode().split())
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.ENOTSUP):
            raise
        return frozenset()
