"""Takes a container's root away again where it was mounted in a namespace that others use."""

import posix

from reference_runtime.kernel.mounts import MNT_DETACH, umount
from reference_runtime.kernel.processes import CLONE_NEWNS, setns


def unmount(root: str, namespace: str) -> None:
    """Unmount the root, and with it all that was mounted below, in a mount namespace given by its path; "" is our own.

    A root that isn't mounted, or a namespace that is gone, needs nothing. Our process ends up in that namespace.
    """
    try:
        if namespace:
            descriptor = posix.open(namespace, posix.O_RDONLY | posix.O_CLOEXEC)
            setns(descriptor, CLONE_NEWNS)
            posix.close(descriptor)
        umount(root, MNT_DETACH)
    except OSError:
        return
