"""Directories of cgroups: making, reading and removing them."""

import posix

from reference_runtime.kernel.files import O_PATH, read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_DELAYS = (0.0, 0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds to wait before each attempt to remove a cgroup: the last process of it may still be on its way out."""

_ENOENT, _EBUSY = 2, 16


def ancestors(point: str, path: str) -> "list[str]":
    """Return the directories from the mount point, which is left out, down to the cgroup itself."""
    found, directory = [], point
    for part in path.strip("/").split("/"):
        directory = f"{directory}/{part}"
        found.append(directory)
    return found


def processes(directory: str) -> "list[int]":
    """Return the pids in a cgroup and below it; none if it is gone."""
    found = _members(f"{directory}/")
    _walk(directory, enter=lambda: found.extend(_members("")))
    return found


def _members(prefix: str) -> "list[int]":
    try:
        return [int(pid) for pid in read_text(f"{prefix}cgroup.procs").split()]
    except OSError:  # gone, or threaded: then its processes are listed above it
        return []


def remove(directory: str) -> None:
    """Remove a cgroup and all below it. Raises OSError with the path if it stays in use."""
    for delay in _DELAYS:
        if delay:
            sleep(delay)
        try:
            posix.rmdir(directory)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != _EBUSY:
                raise
        else:
            return
        _empty(directory)  # only now: to list a cgroup costs more than to remove one
    raise OSError(_EBUSY, posix.strerror(_EBUSY), directory)


def _empty(directory: str) -> None:
    """Remove the cgroups below one, up to the first that is in use."""
    try:
        _walk(directory, leave=posix.rmdir)
    except OSError as error:
        if error.errno != _EBUSY:
            raise


def _walk(
    directory: str, *, enter: "Callable[[], None]" = lambda: None, leave: "Callable[[str], None]" = lambda _name: None
) -> None:
    """Go through all cgroups below one: `enter` is called in each, `leave` with its name when all below it has been seen.

    Step by step and not by recursion or by paths: a container that owns its cgroup can make a tree that is too deep for both.
    """
    waiting = [_children(directory)]
    if not waiting[0]:
        return
    names: list[str] = []
    back = posix.open(".", O_PATH | posix.O_CLOEXEC)
    try:
        posix.chdir(directory)
        while waiting:
            if waiting[-1]:
                names.append(waiting[-1].pop())
                posix.chdir(names[-1])
                enter()
                waiting.append(_children("."))
            else:
                waiting.pop()
                if names:
                    posix.chdir("..")
                    leave(names.pop())
    except FileNotFoundError:
        return  # somebody else removes it
    finally:
        posix.fchdir(back)
        posix.close(back)


def _children(directory: str) -> "list[str]":
    """Return the names of a cgroup's children; none if it is gone."""
    try:
        with posix.scandir(directory) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def remove_if_unused(directory: str) -> None:
    """Remove a cgroup that others may have begun to use."""
    try:
        posix.rmdir(directory)
    except OSError:
        return


def sleep(seconds: float) -> None:
    """Wait: time would be one more import of a file on some builds, select is in the interpreter."""
    from select import select

    select([], [], [], seconds)


def value(directory: str, file: str) -> str:
    """Return what a control file says, without the line's end; "" if there is no such file."""
    try:
        return read_text(f"{directory}/{file}").strip()
    except OSError:
        return ""
