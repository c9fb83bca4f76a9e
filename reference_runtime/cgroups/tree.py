"""Directories of cgroups: making, reading and removing them."""

import posix

from reference_runtime.kernel.files import read_text

_DELAYS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds to wait before each attempt to remove a cgroup: the last process of it may still be on its way out."""

_ENOENT, _EBUSY = 2, 16


def ancestors(point: str, path: str) -> "list[str]":
    """Return the directories from the mount point, which is left out, down to the cgroup itself."""
    found, directory = [], point
    for part in path.strip("/").split("/"):
        directory = f"{directory}/{part}"
        found.append(directory)
    return found


def children(directory: str) -> "list[str]":
    """Return the directories of a cgroup's children; none if it is gone."""
    try:
        with posix.scandir(directory) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def processes(directory: str) -> "list[int]":
    """Return the pids in a cgroup and below it; none if it is gone."""
    found = [pid for child in children(directory) for pid in processes(child)]
    try:
        return found + [int(pid) for pid in read_text(f"{directory}/cgroup.procs").split()]
    except OSError:  # gone, or threaded: then its processes are listed above it
        return found


def remove(directory: str) -> None:
    """Remove a cgroup and all below it. Raises OSError with the path if it stays in use."""
    for delay in _DELAYS:
        if delay:
            sleep(delay)
        try:
            for child in children(directory):
                remove(child)
            posix.rmdir(directory)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != _EBUSY:
                raise
        else:
            return
    raise OSError(_EBUSY, posix.strerror(_EBUSY), directory)


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
