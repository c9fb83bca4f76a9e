"""A mount of type cgroup or cgroup2: whatever hierarchies the host has, as the container may see them."""

import posix

from reference_runtime.effects.mounts import finish, new_filesystem
from reference_runtime.effects.targets import make_directory
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel import mounts as k
from reference_runtime.kernel.files import exists, read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage
    from reference_runtime.plan.mount_options import Options

_FLAGS = k.MS_NOSUID | k.MS_NODEV | k.MS_NOEXEC


class CgroupMount:
    """In a cgroup namespace new mounts show the container's own cgroups as roots; otherwise those are bound in."""

    __slots__ = ("destination", "options", "own_namespace", "where")

    def __init__(self, *, where: str, destination: str, options: "Options", own_namespace: bool) -> None:
        self.where = where
        self.destination = destination
        self.options = options
        self.own_namespace = own_namespace

    def describe(self) -> str:
        return f"mount the container's cgroups on {self.destination} (flags {self.options.flags:#x})"

    def execute(self, stage: "Stage") -> None:
        try:
            target = make_directory(stage.root, self.destination)
            controllers = v1_hierarchies(read_text("/proc/self/cgroup"))
            if controllers:
                self._mount_v1(stage, target, controllers)
            else:
                self._mount_v2(stage, target)
            posix.close(target)
        except OSError as error:
            where = f"{self.where}.type"
            raise RuntimeFault(f"cannot mount cgroups on {self.destination}", where=where, why=reason(error)) from error

    def _mount_v2(self, stage: "Stage", target: int) -> None:
        if self.own_namespace:
            tree = new_filesystem(stage, source="cgroup", kind="cgroup2", flags=self.options.flags, data="")
        else:
            tree = self._bound(f"/sys/fs/cgroup{own_path(read_text('/proc/self/cgroup'))}")
        finish(tree, self.options, attributes=None)
        k.move_mount(tree, target)
        posix.close(tree)

    def _mount_v1(self, stage: "Stage", target: int, hierarchies: "list[tuple[str, str]]") -> None:
        """Mount a tmpfs with a directory for each hierarchy, and links for those of several controllers."""
        flags = _FLAGS | self.options.flags & ~k.MS_RDONLY
        top = new_filesystem(stage, source="tmpfs", kind="tmpfs", flags=flags, data="mode=755")
        k.move_mount(top, target)
        for controllers, path in hierarchies:
            name = controllers.removeprefix("name=")
            if not self.own_namespace and not exists(f"/sys/fs/cgroup/{name}"):
                continue  # only another mount namespace shows it, and there is nothing to bind
            posix.mkdir(name, 0o755, dir_fd=top)
            place = k.openat2(top, name, posix.O_RDONLY | posix.O_DIRECTORY, resolve=k.RESOLVE_BENEATH)
            if self.own_namespace:
                tree = new_filesystem(stage, source="cgroup", kind="cgroup", flags=_FLAGS | self.options.flags, data=controllers)
            else:
                tree = self._bound(f"/sys/fs/cgroup/{name}{path}")
            k.move_mount(tree, place)
            posix.close(tree)
            posix.close(place)
            for alias in name.split(",") if "," in name else ():
                posix.symlink(name, alias, dir_fd=top)
        finish(top, self.options, attributes=None)
        if self.options.flags & k.MS_RDONLY:
            stage.deferred.append(top)
        else:
            posix.close(top)

    def _bound(self, path: str) -> int:
        tree = k.clone_tree(path, recursive=False)
        attach = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV | k.MOUNT_ATTR_NOEXEC
        attach |= k.MOUNT_ATTR_RDONLY if self.options.flags & k.MS_RDONLY else 0
        k.mount_setattr(tree, attach=attach)
        return tree


def v1_hierarchies(text: str) -> "list[tuple[str, str]]":
    """Return (controllers, path) of each v1 hierarchy in /proc/self/cgroup; named ones are "name=NAME"."""
    fields = [line.split(":", 2) for line in text.splitlines()]
    return [(controllers, path) for _, controllers, path in fields if controllers]


def own_path(text: str) -> str:
    """Return the path in the v2 hierarchy."""
    return next((line[3:] for line in text.splitlines() if line.startswith("0::")), "/")
