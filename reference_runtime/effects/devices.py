"""Device nodes, the links that programs expect in /dev, and /dev/ptmx."""

import posix

from reference_runtime.effects.targets import find, parent_and_name
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel import mounts as k
from reference_runtime.kernel.files import O_PATH
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage

_S_IFMT = 0o170000
_KINDS = {"c": 0o020000, "u": 0o020000, "b": 0o060000, "p": 0o010000}


class Device:
    """One device node. A node that is there already is taken if it is the same device, whatever its mode."""

    __slots__ = ("kind", "major", "minor", "mode", "owner", "path", "where")

    def __init__(self, *, where: str, path: str, kind: str, major: int, minor: int, mode: int, owner: "tuple[int, int]") -> None:
        self.where = where
        self.path = path
        self.kind = kind
        self.major = major
        self.minor = minor
        self.mode = mode
        self.owner = owner

    def describe(self) -> str:
        numbers = "" if self.kind == "p" else f" {self.major}:{self.minor}"
        return f"make device {self.path} {self.kind}{numbers} mode {self.mode:04o} owner {self.owner[0]}:{self.owner[1]}"

    def execute(self, stage: "Stage") -> None:
        try:
            parent, name = parent_and_name(stage.root, self.path)
            try:
                self._make(stage, parent, name)
            finally:
                posix.close(parent)
        except OSError as error:
            raise RuntimeFault(f"cannot make device {self.path}", where=self.where, why=reason(error)) from error

    def _make(self, stage: "Stage", parent: int, name: str) -> None:
        if self._is_there(stage):
            return
        device = 0 if self.kind == "p" else posix.makedev(self.major, self.minor)
        try:
            if stage.user_namespace and self.kind != "p":
                raise PermissionError(1, "operation not permitted")
            posix.mknod(name, _KINDS[self.kind] | self.mode, device, dir_fd=parent)
        except PermissionError:
            self._bind(parent, name)
            return
        node = k.openat2(parent, name, O_PATH, resolve=k.RESOLVE_BENEATH | k.RESOLVE_NO_SYMLINKS)
        status = posix.fstat(node)
        if not self._is(status):
            raise RuntimeFault(f"{self.path} has been replaced", where=self.where)
        # By descriptor: in a volume that others share, its name may lead elsewhere by now.
        if (status.st_uid, status.st_gid) != self.owner:
            syscall("fchownat", node, b"", *self.owner, k.AT_EMPTY_PATH)
            status = posix.fstat(node)
        if status.st_mode & 0o7777 != self.mode:  # an access control list of the directory has a say in it
            posix.chmod(f"self/fd/{node}", self.mode, dir_fd=stage.proc)
        posix.close(node)

    def _is_there(self, stage: "Stage") -> bool:
        found = find(stage.root, self.path)
        if found is None:
            return False
        status = posix.fstat(found)
        posix.close(found)
        if not self._is(status):
            raise RuntimeFault(f"{self.path} is there and is another file than the device", where=self.where)
        return True

    def _is(self, status: "posix.stat_result") -> bool:
        """Whether a file is this device."""
        if status.st_mode & _S_IFMT != _KINDS[self.kind]:
            return False
        return self.kind == "p" or (posix.major(status.st_rdev), posix.minor(status.st_rdev)) == (self.major, self.minor)

    def _bind(self, parent: int, name: str) -> None:
        """Show the host's own node, as who may not make nodes has to."""
        source = k.clone_tree(self.path, recursive=False)
        status = posix.fstat(source)
        if (posix.major(status.st_rdev), posix.minor(status.st_rdev)) != (self.major, self.minor):
            raise RuntimeFault(f"{self.path} of the host is another device", where=self.where)
        flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC
        posix.close(posix.open(name, flags, 0o644, dir_fd=parent))
        target = k.openat2(parent, name, O_PATH, resolve=k.RESOLVE_BENEATH | k.RESOLVE_NO_SYMLINKS)
        k.move_mount(source, target)
        posix.close(source)
        posix.close(target)


class DevLinks:
    """runtime-linux.md, "Dev symbolic links": made where what they name is there, and nothing is in their place."""

    __slots__ = ()

    LINKS = (
        ("/proc/self/fd", "/dev/fd"),
        ("/proc/self/fd/0", "/dev/stdin"),
        ("/proc/self/fd/1", "/dev/stdout"),
        ("/proc/self/fd/2", "/dev/stderr"),
        ("/proc/kcore", "/dev/core"),
    )

    def describe(self) -> str:
        return "link " + ", ".join(f"{link} to {target}" for target, link in self.LINKS)

    def execute(self, stage: "Stage") -> None:
        for target, link in self.LINKS:
            if self._exists(stage.root, target):
                _symlink(stage.root, target, link)

    @staticmethod
    def _exists(root: int, path: str) -> bool:
        try:
            # The last part of a path below /proc/self/fd is a magic link, which is looked at and not followed.
            flags = O_PATH | posix.O_NOFOLLOW
            posix.close(k.openat2(root, path, flags, resolve=k.RESOLVE_IN_ROOT | k.RESOLVE_NO_MAGICLINKS))
        except OSError:
            return False
        return True


class Ptmx:
    """/dev/ptmx leads to the container's own pseudoterminals, if it has its own."""

    __slots__ = ()

    def describe(self) -> str:
        return "link /dev/ptmx to pts/ptmx"

    def execute(self, stage: "Stage") -> None:
        instance = find(stage.root, "/dev/pts")
        if instance is None:
            return
        own = k.filesystem_magic(instance) == k.DEVPTS_SUPER_MAGIC
        posix.close(instance)
        if own:
            _symlink(stage.root, "pts/ptmx", "/dev/ptmx", replace=True)


def _symlink(root: int, target: str, link: str, *, replace: bool = False) -> None:
    parent, name = parent_and_name(root, link)
    try:
        if replace:
            try:
                posix.unlink(name, dir_fd=parent)
            except FileNotFoundError:
                pass
        posix.symlink(target, name, dir_fd=parent)
    except FileExistsError:
        pass  # what the image or a mount brought stays
    except OSError as error:
        raise RuntimeFault(f"cannot link {link}", why=reason(error)) from error
    finally:
        posix.close(parent)
