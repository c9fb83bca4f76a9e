"""Id-mapped mounts: idmap and ridmap (config.md, "Linux mount options"). The kernel takes the mapping from a user namespace."""

import posix

from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel import processes as k
from reference_runtime.kernel.files import write_file
from reference_runtime.kernel.mounts import MOUNT_ATTR_IDMAP, mount_setattr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_runtime.effects.binds import Bind


def map_mounts(binds: "Sequence[Bind]", sources: "dict[int, int]", pid: int) -> None:
    """Map the trees of those bind mounts that ask for it; `pid` is in the container's user namespace. Raises RuntimeFault."""
    for bind in binds:
        if not bind.options.id_map:
            continue
        try:
            namespace = _namespace(bind.uid_map, bind.gid_map) if bind.uid_map else _open(pid)
            recursive = bind.options.id_map == "ridmap"
            mount_setattr(sources[bind.index], attach=MOUNT_ATTR_IDMAP, user_namespace=namespace, recursive=recursive)
            posix.close(namespace)
        except OSError as error:
            raise RuntimeFault("the mount cannot be mapped", where=bind.where, why=reason(error)) from error


def _namespace(uid_map: str, gid_map: str) -> int:
    """Return a descriptor of a user namespace with these mappings, which has nobody in it."""
    ours, theirs = k.socketpair()
    pid = k.clone3(k.CLONE_NEWUSER)
    if pid == 0:
        posix.close(ours)
        posix.read(theirs, 1)
        posix._exit(0)
    posix.close(theirs)
    try:
        write_file(f"/proc/{pid}/uid_map", uid_map)
        write_file(f"/proc/{pid}/gid_map", gid_map)
        return _open(pid)
    finally:
        posix.close(ours)
        posix.waitpid(pid, 0)


def _open(pid: int) -> int:
    return posix.open(f"/proc/{pid}/ns/user", posix.O_RDONLY | posix.O_CLOEXEC)
