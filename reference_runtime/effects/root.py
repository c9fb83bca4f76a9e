"""The container's root: found, attached, made the root, and in the end made read-only or given its propagation."""

import posix

from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.init.imports import forbid_imports
from reference_runtime.kernel import mounts as k
from reference_runtime.kernel.files import O_PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage

ROOT = "root"
"""The directory below the state directory that the root is attached to where its own path cannot be reached, or is in use."""
_WHERE = "$.root.path"


class KeepFromHost:
    """Mounts made in here stay here; what the host mounts later still arrives, unless the root is private."""

    __slots__ = ("propagation",)

    def __init__(self, propagation: int) -> None:
        self.propagation = propagation

    def describe(self) -> str:
        return f"make all mounts {'private' if self.propagation == k.MS_PRIVATE else 'slaves of the host'}"

    def execute(self, stage: "Stage") -> None:
        stage.proc = k.open_proc()
        if stage.own_mounts:
            k.mount(None, "/", None, k.MS_REC | self.propagation)


class AttachRoot:
    """The root file system becomes a mount of its own, with all that is mounted in it."""

    __slots__ = ("apart", "path")

    def __init__(self, path: str, *, apart: bool = False) -> None:
        self.path = path
        self.apart = apart
        """Whether it goes to a place of the container's own."""

    def describe(self) -> str:
        return f"attach the root {self.path}"

    def open_source(self) -> int:
        """Return a descriptor of the detached tree. Raises RuntimeFault."""
        try:
            tree = k.clone_tree(self.path, recursive=True)
        except OSError as error:
            raise RuntimeFault("cannot open the root file system", where=_WHERE, why=reason(error)) from error
        if posix.fstat(tree).st_mode & 0o170000 != 0o040000:
            raise RuntimeFault(f"{self.path} is not a directory", where=_WHERE)
        return tree

    def execute(self, stage: "Stage") -> None:
        stage.root = stage.sources.pop(-1, -1)
        if stage.root < 0:
            stage.root = self.open_source()
        try:
            try:
                # In the runtime's own mount namespace the caller may have mounted something there, which is not ours to unmount.
                target = posix.open(ROOT if self.apart else self.path, O_PATH | posix.O_DIRECTORY | posix.O_CLOEXEC)
            except PermissionError:  # the container's root user may not go there, as with a bundle below /root
                target = posix.open(ROOT, O_PATH | posix.O_DIRECTORY | posix.O_CLOEXEC)
            if stage.own_mounts:
                # What is mounted in the container later must not show in the host by way of a shared parent.
                k.mount_setattr(stage.root, propagation=k.MS_SLAVE, recursive=True)
            k.move_mount(stage.root, target)
        except OSError as error:
            raise RuntimeFault("cannot attach the root file system", where=_WHERE, why=reason(error)) from error
        posix.close(target)


class ChangeRoot:
    """pivot_root(2), or chroot(2) in a mount namespace that is not the container's own; the old root is out of reach then."""

    __slots__ = ("pivot",)

    def __init__(self, *, pivot: bool) -> None:
        self.pivot = pivot

    def describe(self) -> str:
        return "pivot_root, and unmount the old root" if self.pivot else "chroot"

    def execute(self, stage: "Stage") -> None:
        forbid_imports()
        posix.fchdir(stage.root)
        try:
            if self.pivot:
                k.pivot_root(".", ".")
                k.umount(".")  # the old root lies on top of the new one now
            else:
                posix.chroot(".")
        except OSError as error:
            raise RuntimeFault("cannot change the root", why=posix.strerror(error.errno or 0).lower()) from error
        posix.chdir("/")


class SealRoot:
    """What had to wait until everything was in place: read-only mounts, a read-only root, the root's propagation."""

    __slots__ = ("propagation", "readonly", "recursive")

    def __init__(self, *, readonly: bool, propagation: int, recursive: bool) -> None:
        self.readonly = readonly
        self.propagation = propagation
        self.recursive = recursive

    def describe(self) -> str:
        changes = ["make the root read-only"] if self.readonly else []
        changes += [f"set the root's propagation to {self.propagation:#x}"] if self.propagation else []
        return ", ".join(changes) or "leave the root writable"

    def execute(self, stage: "Stage") -> None:
        try:
            for tree in stage.deferred:
                k.mount_setattr(tree, attach=k.MOUNT_ATTR_RDONLY)
                posix.close(tree)
            if self.readonly:
                k.mount_setattr(stage.root, attach=k.MOUNT_ATTR_RDONLY)
            if self.propagation:
                k.mount_setattr(stage.root, propagation=self.propagation, recursive=self.recursive)
        except OSError as error:
            raise RuntimeFault("cannot seal the root", where="$.root", why=reason(error)) from error
