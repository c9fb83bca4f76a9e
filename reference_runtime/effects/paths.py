"""Masked and read-only paths (config-linux.md): covered by descriptor, so that no link in the image decides what is covered."""

import posix

from reference_runtime.effects.mounts import new_filesystem
from reference_runtime.effects.targets import find_mounted
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel import mounts as k
from reference_runtime.kernel.files import O_PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_runtime.effects.stage import Stage

_S_IFMT, _S_IFDIR, _S_IFCHR = 0o170000, 0o040000, 0o020000


class MaskPaths:
    """Files become /dev/null, directories an empty one that is read-only. Paths that are not there need no mask."""

    __slots__ = ("label", "paths")

    def __init__(self, paths: "Sequence[str]", label: str) -> None:
        self.paths = paths
        self.label = label

    def describe(self) -> str:
        return f"mask {', '.join(self.paths)}"

    def execute(self, stage: "Stage") -> None:
        covers = _Covers(stage, self.label)
        for index, path in enumerate(self.paths):
            target = find_mounted(stage, path)
            if target is None:
                continue
            try:
                is_directory = posix.fstat(target).st_mode & _S_IFMT == _S_IFDIR
                cover = covers.directory() if is_directory else covers.null()
                k.move_mount(cover, target)
            except OSError as error:
                where = f"$.linux.maskedPaths[{index}]"
                raise RuntimeFault(f"cannot mask {path}", where=where, why=reason(error)) from error
            posix.close(cover)
            posix.close(target)
        covers.close()


class _Covers:
    """Makes what is put over masked paths; one empty file system serves all directories."""

    __slots__ = ("_empty", "_label", "_stage")

    def __init__(self, stage: "Stage", label: str) -> None:
        self._stage = stage
        self._empty = -1
        self._label = label

    def directory(self) -> int:
        if self._empty < 0:
            data = f'size=0k,context="{self._label}"' if self._label else "size=0k"
            flags = k.MS_RDONLY | k.MS_NOSUID | k.MS_NODEV | k.MS_NOEXEC
            self._empty = new_filesystem(self._stage, source="tmpfs", kind="tmpfs", flags=flags, data=data)
        return k.open_tree(self._empty, "", k.OPEN_TREE_CLONE)

    def null(self) -> int:
        """Return the null device of the host, and nothing that merely has its name (CVE-2025-31133)."""
        device = posix.open("/dev/null", O_PATH | posix.O_NOFOLLOW | posix.O_CLOEXEC)
        status = posix.fstat(device)
        if status.st_mode & _S_IFMT != _S_IFCHR or (posix.major(status.st_rdev), posix.minor(status.st_rdev)) != (1, 3):
            raise RuntimeFault("/dev/null of the host is not the null device")
        tree = k.open_tree(device, "", k.OPEN_TREE_CLONE)
        posix.close(device)
        return tree

    def close(self) -> None:
        if self._empty >= 0:
            posix.close(self._empty)


class ReadonlyPaths:
    """A path becomes a read-only mount of itself, with all that is mounted below."""

    __slots__ = ("paths",)

    def __init__(self, paths: "Sequence[str]") -> None:
        self.paths = paths

    def describe(self) -> str:
        return f"make read-only {', '.join(self.paths)}"

    def execute(self, stage: "Stage") -> None:
        for index, path in enumerate(self.paths):
            target = find_mounted(stage, path)
            if target is None:
                continue
            try:
                tree = k.open_tree(target, "", k.OPEN_TREE_CLONE | k.AT_RECURSIVE)
                k.mount_setattr(tree, attach=k.MOUNT_ATTR_RDONLY, recursive=True)
                k.move_mount(tree, target)
            except OSError as error:
                where = f"$.linux.readonlyPaths[{index}]"
                raise RuntimeFault(f"cannot make {path} read-only", where=where, why=reason(error)) from error
            posix.close(tree)
            posix.close(target)
