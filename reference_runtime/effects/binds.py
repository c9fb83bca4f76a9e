"""Entries of `mounts` that show again what is mounted already: binds, and new flags for a mount.

They are carried out on descriptors: source and destination are looked up once.
"""

import posix

from reference_runtime.effects.mounts import finish
from reference_runtime.effects.targets import find, keep_mounted, make_directory, make_file
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel import mounts as k
from reference_runtime.kernel.files import O_PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage
    from reference_runtime.plan.mount_options import Options

_S_IFMT, _S_IFDIR = 0o170000, 0o040000


class Bind:
    """A bind mount: a copy of a part of the mount tree, detached while it gets its attributes."""

    __slots__ = ("destination", "gid_map", "index", "options", "source", "uid_map", "where")

    def __init__(self, *, index: int, destination: str, source: str, options: "Options") -> None:
        self.index = index
        self.uid_map = self.gid_map = ""
        """Mappings of its own, as /proc/PID/uid_map wants them; without, idmap means those of the container."""
        self.where = f"$.mounts[{index}]"
        self.destination = destination
        self.source = source
        """An absolute path in the runtime's mount namespace."""
        self.options = options

    def describe(self) -> str:
        below = " and all below" if self.options.recursive else ""
        mapped = f", {self.options.id_map}ped" if self.options.id_map else ""
        return f"bind {self.source}{below} on {self.destination}{mapped}"

    def open_source(self) -> int:
        """Return a descriptor of the detached tree. Raises RuntimeFault."""
        try:
            return k.clone_tree(self.source, recursive=self.options.recursive)
        except OSError as error:
            raise RuntimeFault("cannot bind the source", where=self.where, why=reason(error)) from error

    def execute(self, stage: "Stage") -> None:
        tree = stage.sources.pop(self.index, -1)
        from_outside = tree >= 0
        if not from_outside:
            tree = self.open_source()
        try:
            if from_outside and stage.own_mounts:
                # Copied in the host's mount namespace it is a peer of the original: what is mounted on it would show there.
                k.mount_setattr(tree, propagation=k.MS_SLAVE, recursive=True)
            is_directory = posix.fstat(tree).st_mode & _S_IFMT == _S_IFDIR
            target = (make_directory if is_directory else make_file)(stage.root, self.destination)
            finish(tree, self.options, attributes=self.options.attributes)
            k.move_mount(tree, target)
        except OSError as error:
            raise RuntimeFault(f"cannot bind on {self.destination}", where=self.where, why=reason(error)) from error
        posix.close(target)
        keep_mounted(stage, self.destination, tree)


class Remount:
    """New flags for a mount that an earlier entry, or the root file system, has brought."""

    __slots__ = ("destination", "options", "where")

    def __init__(self, *, where: str, destination: str, options: "Options") -> None:
        self.where = where
        self.destination = destination
        self.options = options

    def describe(self) -> str:
        return f"remount {self.destination} (flags {self.options.flags:#x})"

    def execute(self, stage: "Stage") -> None:
        target = find(stage.root, self.destination)
        if target is None:
            raise RuntimeFault(f"nothing is mounted on {self.destination}", where=self.where)
        try:
            if self.options.bind:
                finish(target, self.options, attributes=self.options.attributes)
            else:
                _remount(target, self.options)
                finish(target, self.options, attributes=None)
        except OSError as error:
            raise RuntimeFault(f"cannot remount {self.destination}", where=self.where, why=reason(error)) from error
        posix.close(target)


def _remount(target: int, options: "Options") -> None:
    here = posix.open(".", O_PATH | posix.O_CLOEXEC)
    posix.fchdir(target)
    try:
        k.mount(None, ".", None, options.flags | k.MS_REMOUNT, ",".join(options.data) or None)
    finally:
        posix.fchdir(here)
        posix.close(here)
