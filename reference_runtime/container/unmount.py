"""Takes a container's root away again where it was mounted in a namespace that others use."""

import posix

from reference_runtime.init.imports import forbid_imports
from reference_runtime.kernel.mounts import MNT_DETACH, UMOUNT_NOFOLLOW, umount
from reference_runtime.kernel.processes import CLONE_NEWNS, clone3, setns


def unmount(root: str, namespace: str) -> None:
    """Unmount the root, and with it all that was mounted below, in a mount namespace given by its path; "" is our own.

    A root that isn't mounted, or a namespace that is gone, needs nothing. Only a child goes into that namespace: whatever we
    did there afterwards, even importing a module of ours, would find files that a container may have laid out for us.
    """
    child = clone3(0)
    if child == 0:
        try:
            forbid_imports()
            if namespace:
                setns(posix.open(namespace, posix.O_RDONLY | posix.O_CLOEXEC), CLONE_NEWNS)
            umount(root, MNT_DETACH | UMOUNT_NOFOLLOW)
        finally:
            posix._exit(0)
    posix.waitpid(child, 0)
