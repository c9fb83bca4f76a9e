"""The namespaces of a process: /proc/PID/ns, see namespaces(7)."""

from conformance.observe.procfs import ProcessDirectory

NAMES = ("pid", "net", "mnt", "ipc", "uts", "user", "cgroup", "time")


def observe(process: ProcessDirectory) -> dict[str, int]:
    """Return the inode number that names each namespace; kinds that the kernel does not have are left out."""
    found = {}
    for name in NAMES:
        try:
            # The link's text says it, "pid:[4026531836]", and takes half the time of a stat.
            found[name] = int(process.link(f"ns/{name}").partition("[")[2][:-1])
        except FileNotFoundError:
            continue
    return found
