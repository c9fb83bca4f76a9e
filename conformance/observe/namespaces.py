"""The namespaces of a process: /proc/PID/ns, see namespaces(7)."""

import os

from conformance.observe.procfs import ProcessDirectory

NAMES = ("pid", "net", "mnt", "ipc", "uts", "user", "cgroup", "time")


def observe(process: ProcessDirectory) -> dict[str, int]:
    """Return the inode number that names each namespace; kinds that the kernel does not have are left out."""
    listing = os.open("ns", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=process.descriptor)
    found = {}
    try:
        for name in NAMES:
            try:
                found[name] = os.stat(name, dir_fd=listing).st_ino
            except FileNotFoundError:
                continue
    finally:
        os.close(listing)
    return found
