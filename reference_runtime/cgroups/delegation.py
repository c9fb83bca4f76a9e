"""Who owns a container's cgroup. Source: config-linux.md#cgroup-ownership, cgroups(7).

Deciding is pure; `hand_over` changes the owner of the directory and of the files that the kernel calls safe, of no others.
"""

import posix

from reference_runtime.kernel.files import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LIST = "/sys/kernel/cgroup/delegate"
_FALLBACK = ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads")


def wanted(config: "dict[str, Any]") -> bool:
    """Return whether the container is to own its cgroup: a cgroup namespace of its own, and the file system writable in it."""
    namespaces = (config.get("linux") or {}).get("namespaces") or ()
    new_namespace = any(each["type"] == "cgroup" and not each.get("path") for each in namespaces)
    return new_namespace and any(_writable(mount) for mount in config.get("mounts") or ())


def _writable(mount: "dict[str, Any]") -> bool:
    shows = mount.get("source") == "cgroup" and mount.get("destination") == "/sys/fs/cgroup"
    return shows and "ro" not in (mount.get("options") or ())


def hand_over(directory: str, uid: int) -> None:
    """Make `uid`, as the host counts, the owner of a v2 cgroup. Files that this cgroup doesn't have are passed over.

    Raises OSError.
    """
    posix.chown(directory, uid, -1)
    try:
        files = read_text(_LIST).split()
    except FileNotFoundError:
        files = list(_FALLBACK)
    for file in files:
        try:
            posix.chown(f"{directory}/{file}", uid, -1)
        except FileNotFoundError:
            continue
