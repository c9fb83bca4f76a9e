"""Finds and makes places in the container's root file system, whatever links it holds: nothing outside is ever reached."""

import posix

from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.files import O_PATH
from reference_runtime.kernel.mounts import RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, open_in_root, openat2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from reference_runtime.effects.stage import Stage

_KERNEL_TREES = frozenset({"proc", "sys"})
_LINKS = 40
"""How many symbolic links one path may go through, as in the kernel."""


def normal(path: str) -> str:
    """Return a path below the root without leading slash, "." and "..": "/a/./b/../c" is "a/c", "/" is "."."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts) or "."


def find(root: int, path: str) -> "int | None":
    """Return an O_PATH descriptor of what a path of the container leads to, or None if nothing is there."""
    try:
        return open_in_root(root, normal(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def find_mounted(stage: "Stage", path: str) -> "int | None":
    """Return the same; what lies below /proc and /sys is looked for in what has been mounted as that.

    An image can make a link of /proc, to a volume whose directories change places between a mount and its masks
    (CVE-2019-19921).
    """
    first, _, rest = normal(path).partition("/")
    tree = stage.kernel_trees.get(first)
    return find(stage.root, path) if tree is None or not rest else find(tree, rest)


def keep_mounted(stage: "Stage", destination: str, tree: int) -> None:
    """Remember what has been mounted as /proc or /sys, for `find_mounted`; other descriptors are closed."""
    place = normal(destination)
    if place in _KERNEL_TREES:
        stage.kernel_trees[place] = tree
    else:
        posix.close(tree)


def make_directory(root: int, path: str) -> int:
    """Return an O_PATH descriptor of a directory, made with its parents (mode 0755) where it is missing."""
    return _make(root, normal(path), _mkdir, _LINKS)


def make_file(root: int, path: str) -> int:
    """Return an O_PATH descriptor of a file, made empty where it is missing."""
    return _make(root, normal(path), _touch, _LINKS)


def parent_and_name(root: int, path: str) -> "tuple[int, str]":
    """Return the directory of a path, made where it is missing, and the last name."""
    parent, _, name = normal(path).rpartition("/")
    return make_directory(root, parent or "."), name


def _make(root: int, path: str, make: "Callable[[int, str], None]", links: int) -> int:
    found = find(root, path)
    if found is not None:
        return found
    parent_path, _, name = path.rpartition("/")
    parent = _make(root, parent_path or ".", _mkdir, links)
    try:
        try:
            make(parent, name)
        except FileExistsError:  # a link that leads to nothing: what it names is made
            if links == 0:
                raise RuntimeFault(f"too many symbolic links in /{path}") from None
            target = posix.readlink(name, dir_fd=parent)
            joined = target if target.startswith("/") else f"{parent_path}/{target}"
            return _make(root, normal(joined), make, links - 1)
        return openat2(parent, name, O_PATH, resolve=RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
    finally:
        posix.close(parent)


def _mkdir(parent: int, name: str) -> None:
    posix.mkdir(name, 0o755, dir_fd=parent)


def _touch(parent: int, name: str) -> None:
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC
    posix.close(posix.open(name, flags, 0o644, dir_fd=parent))
