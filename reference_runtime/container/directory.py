"""The state directory of a container: ROOT/ID, with what later calls need. All its files appear at once or not at all.

state          what the container is (container/state.py)
start, result  FIFOs between the container's first process and `start`; until the container is created the first is `creating`
root           an empty directory to mount on, for some containers (effects/root.py)

Few files make quick calls: on ext4 each costs 0.1 to 0.3 ms to make and to remove.
"""

import posix

from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.files import create_file, read_bytes

_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.")
_LONGEST = 240
"""A directory's name cannot be longer than 255 bytes, and there is one of a sign, the id, a dot and a pid."""
_UNFINISHED = "~"
"""Begins the name of a directory until it is complete; no id has it."""
_EEXIST, _ENOTEMPTY = 17, 39
_WRITABLE_BY_ANYBODY = 0o002

CREATING = "creating"
START = "start"
RESULT = "result"
_ROOT = "root"
_LOCK_EX = 2


def check_id(container_id: str) -> None:
    """Raise RuntimeFault unless this can be the name of a directory and nothing else."""
    if not container_id or not _ALLOWED.issuperset(container_id) or container_id in {".", ".."} or len(container_id) > _LONGEST:
        raise RuntimeFault(f"{container_id!r} is no valid container id")


class Directory:
    """The state directory of one container, existing or not."""

    __slots__ = ("_lock", "container_id", "path", "root")

    def __init__(self, root: str, container_id: str) -> None:
        check_id(container_id)
        self.root = root
        self.container_id = container_id
        self.path = f"{root}/{container_id}"
        self._lock = -1

    def check_root(self) -> None:
        """Refuse a root, if there is one, where others could lay out containers for us, as below /tmp. Raises RuntimeFault."""
        try:
            status = posix.stat(self.root)
        except OSError:
            return
        if status.st_uid not in {0, posix.geteuid()} or status.st_mode & _WRITABLE_BY_ANYBODY:
            raise RuntimeFault(f"the state directory {self.root} belongs to others", why="they could change what is kept there")

    def claim(self, *, root: bool) -> None:
        """Make the directory, locked: it gets its name when all that is in it is there; `root` says whether that name is.

        Raises RuntimeFault if there is a container with this id.
        """
        make_directories(self.root)
        self.check_root()
        unfinished = f"{self.root}/{_UNFINISHED}{self.container_id}.{posix.getpid()}"
        try:
            posix.mkdir(unfinished, 0o711)
            self._lock = _locked(unfinished)
            for name in (CREATING, RESULT):
                posix.mkfifo(f"{unfinished}/{name}", 0o600)
            if root:
                posix.mkdir(f"{unfinished}/{_ROOT}", 0o711)
            posix.rename(unfinished, self.path)  # onto a directory that isn't empty this fails
        except OSError as error:
            _remove_tree(unfinished)
            if error.errno in {_EEXIST, _ENOTEMPTY}:
                raise RuntimeFault(f"container with given ID already exists: {self.container_id}") from None
            raise RuntimeFault(f"cannot make {self.path}", why=reason(error)) from error

    def sweep(self) -> None:
        """Remove what calls of create that were killed have not come to name."""
        prefix = f"{_UNFINISHED}{self.container_id}."
        for name in _names(self.root):
            pid = name.removeprefix(prefix)
            if name.startswith(prefix) and pid.isdigit() and not _exists(f"/proc/{pid}"):
                _remove_tree(f"{self.root}/{name}")

    def lock(self) -> None:
        """Wait for whoever works on this container, and keep others waiting until this process ends.

        Raises RuntimeFault if there is no such container, or not any more when it is our turn.
        """
        try:
            self._lock = _locked(self.path)
            kept = posix.fstat(self._lock).st_nlink
        except OSError as error:
            raise self.unknown() from error
        if not kept:
            raise self.unknown()

    def unlock(self) -> None:
        """Let others work on the container while we wait for it."""
        posix.close(self._lock)

    def unknown(self) -> RuntimeFault:
        """Return the fault that there is no such container, in the words that container engines look for."""
        return RuntimeFault(f"container does not exist: {self.container_id}")

    def exists(self) -> bool:
        """Whether there is a directory; a create that was killed may have left it without state."""
        return _exists(self.path)

    def write(self, name: str, content: "str | bytes") -> None:
        """Make or replace a file at once."""
        create_file(f"{self.path}/{name}", content)

    def read(self, name: str) -> bytes:
        """Return a file's content. Raises RuntimeFault if there is no such container or file."""
        try:
            return read_bytes(f"{self.path}/{name}")
        except OSError as error:
            raise self.unknown() from error

    def announce(self) -> None:
        """Let others see that the container is created: the FIFO gets the name that `start` knows."""
        posix.rename(f"{self.path}/{CREATING}", f"{self.path}/{START}")

    def remove(self) -> None:
        """Take it all away. Who waits for the lock finds then that the directory has no name any more."""
        _remove_tree(self.path)

    def containers(self) -> "list[str]":
        """Return the ids of all containers below the same root."""
        return container_ids(self.root)


def container_ids(root: str) -> "list[str]":
    """Return the ids of all containers below a root, sorted."""
    return sorted(name for name in _names(root) if not name.startswith(_UNFINISHED))


def _names(directory: str) -> "list[str]":
    try:
        return posix.listdir(directory)
    except FileNotFoundError:
        return []


def _exists(path: str) -> bool:
    try:
        posix.stat(path)
    except OSError:
        return False
    return True


def _locked(path: str) -> int:
    """Return a descriptor of a directory that is locked as long as this process keeps it open."""
    from fcntl import flock  # built in, but 0.1 ms that kill and state have no need of

    descriptor = posix.open(path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    flock(descriptor, _LOCK_EX)
    return descriptor


def make_directories(path: str) -> None:
    """Make a directory with its parents, open to its owner alone but for passing through."""
    try:
        posix.mkdir(path, 0o711)
    except FileExistsError:
        return
    except FileNotFoundError:
        make_directories(path.rpartition("/")[0])
        make_directories(path)
    except OSError as error:
        raise RuntimeFault(f"cannot make {path}", why=reason(error)) from error


def _remove_tree(path: str) -> None:
    for name in _names(path):
        inner = f"{path}/{name}"
        try:
            posix.rmdir(inner) if name == _ROOT else posix.unlink(inner)
        except FileNotFoundError:
            continue
    try:
        posix.rmdir(path)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno != _ENOTEMPTY:  # between the two the id may have been claimed anew
            raise
