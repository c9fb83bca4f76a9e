"""Try device accesses for real: a forked child enters a cgroup, then makes and opens device nodes."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence

Access = tuple[str, int, int, str]
"""Kind (b or c), major, minor, access: "m", or letters of "rw"."""

_KINDS = {"b": stat.S_IFBLK, "c": stat.S_IFCHR}
_MODES = {"r": os.O_RDONLY, "w": os.O_WRONLY, "rw": os.O_RDWR}


def attempts(procs: str, asked: Sequence[Access]) -> list[bool]:
    """Return for each access whether the kernel allows it to a process of the cgroup whose cgroup.procs is `procs`.

    Nodes to open are made before, since making them needs a permission of its own. An empty `procs` tries in our own cgroup.
    """
    directory = tempfile.mkdtemp(prefix="observe-devices-")
    reading, writing = os.pipe()
    try:
        for index, (kind, major, minor, access) in enumerate(asked):
            if access != "m":
                os.mknod(f"{directory}/{index}", _KINDS[kind] | 0o600, os.makedev(major, minor))
        pid = os.fork()
        if pid == 0:
            try:
                if procs:
                    with open(procs, "w") as file:
                        file.write("0")
                os.write(writing, bytes(_allowed(directory, index, access) for index, access in enumerate(asked)))
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as answers:
            answer = answers.read()
        os.waitpid(pid, 0)
        assert len(answer) == len(asked), "the child did not get through"
        return [bool(value) for value in answer]
    finally:
        shutil.rmtree(directory)


def _allowed(directory: str, index: int, access: Access) -> bool:
    """Try one access. Only EPERM is the cgroup's refusal: a node without a driver gives ENXIO, after the check."""
    kind, major, minor, letters = access
    path = f"{directory}/{index}"
    try:
        if letters == "m":
            os.mknod(path, _KINDS[kind] | 0o600, os.makedev(major, minor))
        else:
            os.close(os.open(path, _MODES[letters] | os.O_NONBLOCK))
    except OSError as error:
        return error.errno != errno.EPERM
    return True
