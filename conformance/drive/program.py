"""Which processes execute a bundle's program, whatever the runtime says."""

import os

from conformance.bundle.builder import Bundle


def executes(pid: int, bundle: Bundle) -> bool:
    """Whether the process executes the program, and no longer the runtime's own."""
    try:
        seen, program = os.stat(f"/proc/{pid}/exe"), os.stat(f"{bundle.rootfs}/probe")
    except OSError:
        return False
    return (seen.st_dev, seen.st_ino) == (program.st_dev, program.st_ino)


def executing(bundle: Bundle) -> set[int]:
    """Return the processes that execute it: more than the container's own if that has forked."""
    return {int(name) for name in os.listdir("/proc") if name.isdigit() and executes(int(name), bundle)}
