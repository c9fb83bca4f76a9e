"""Entries of `mounts` that bring a new file system, carried out on descriptors: the destination is looked up once."""

import posix

from reference_runtime.effects.stage import STAGING
from reference_runtime.effects.targets import keep_mounted, make_directory
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel import mounts as k
from reference_runtime.kernel.files import AT_FDCWD
from reference_runtime.kernel.processes import CLONE_FILES, CLONE_NEWNS, clone3, unshare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from reference_runtime.effects.stage import Stage
    from reference_runtime.plan.mount_options import Attributes, Options

_EIO = 5


class Mount:
    """A new file system, mounted where nobody sees it, finished there, and then moved to its destination."""

    __slots__ = ("copy_up", "destination", "kind", "options", "source", "where")

    def __init__(self, *, where: str, destination: str, kind: str, source: str, options: "Options") -> None:
        if options.copy_up:
            from reference_runtime.effects.copy_up import copy_up  # few containers need it

            self.copy_up = copy_up
        self.where = where
        self.destination = destination
        self.kind = kind
        self.source = source
        self.options = options

    def describe(self) -> str:
        data = f" with {','.join(self.options.data)}" if self.options.data else ""
        return f"mount {self.kind} {self.source!r} on {self.destination} (flags {self.options.flags:#x}){data}"

    def execute(self, stage: "Stage") -> None:
        try:
            self._execute(stage)
        except OSError as error:
            raise RuntimeFault(f"cannot mount {self.kind} on {self.destination}", where=self.where, why=reason(error)) from error

    def _execute(self, stage: "Stage") -> None:
        target = make_directory(stage.root, self.destination)
        # Mount points, devices and links still have to be made in a tmpfs, so it is written to until the end.
        late = self.kind == "tmpfs" and self.options.flags & k.MS_RDONLY
        flags = self.options.flags & ~k.MS_RDONLY if late else self.options.flags
        data = ",".join(self.options.data)
        tree = new_filesystem(stage, source=self.source, kind=self.kind, flags=flags, data=data)
        if self.options.copy_up:
            self.copy_up(target, tree)
        finish(tree, self.options, attributes=None)
        k.move_mount(tree, target)
        if late:
            stage.deferred.append(tree)
        else:
            keep_mounted(stage, self.destination, tree)
        posix.close(target)


def new_filesystem(stage: "Stage", *, source: str, kind: str, flags: int, data: str) -> int:
    """Mount a file system where nobody sees it; returns a descriptor of its root, to be moved to its place."""
    if stage.own_mounts:
        k.mount(source, STAGING, kind, flags, data or None)
        return k.open_tree(AT_FDCWD, STAGING, 0)
    # In a mount namespace that others use, mounts may be shared, and such ones cannot be moved: it comes from a child's.
    reading, writing = posix.pipe2(posix.O_CLOEXEC)
    child = clone3(CLONE_FILES)
    if child == 0:
        _mount_apart(writing, source, kind, flags, data)
    posix.waitpid(child, 0)
    posix.close(writing)
    error, tree = map(int, posix.read(reading, _ANSWER).split())
    posix.close(reading)
    if error:
        raise OSError(error, posix.strerror(error))
    return tree


def _mount_apart(answer: int, source: str, kind: str, flags: int, data: str) -> "NoReturn":
    """In a child that has our descriptors, mount it in a namespace of its own, and open a copy; tell the errno and the number."""
    error, tree = _EIO, -1
    try:
        unshare(CLONE_NEWNS)
        k.mount(None, "/", None, k.MS_REC | k.MS_PRIVATE)
        k.mount(source, STAGING, kind, flags, data or None)
        tree = k.clone_tree(STAGING, recursive=False)
        error = 0
    except OSError as failed:
        error = failed.errno or _EIO
    finally:
        posix.write(answer, f"{error} {tree}".encode())
        posix._exit(0)


_ANSWER = 64
"""Longer than two numbers."""


def finish(tree: int, options: "Options", *, attributes: "Attributes | None") -> None:
    """Give a mount its attributes and its propagation; recursive attributes reach all mounts below."""
    if attributes:
        k.mount_setattr(tree, attach=attributes.set, clear=attributes.clear)
    if options.recursive_attributes:
        recursive = options.recursive_attributes
        k.mount_setattr(tree, attach=recursive.set, clear=recursive.clear, recursive=True)
    for propagation, recursive_too in options.propagation:
        k.mount_setattr(tree, propagation=propagation, recursive=recursive_too)
