"""Which cgroup hierarchies there are, where they are mounted, and which cgroup of each is ours.

A hierarchy has the name that /proc/self/cgroup gives it: "cpu,cpuacct" or "name=systemd" for v1, "" for v2.
Parsing is pure; the text comes from cgroups(7) and proc_pid_mountinfo(5). Imported by the jail, so no dataclasses here.
"""

import os
from collections.abc import Iterable, Sequence


class CannotJailError(Exception):
    """This host or this user cannot have the session that was asked for; the text is one line that says why."""


class CgroupMount:
    """One mount of a hierarchy: its directory `root` is seen at `point`."""

    __slots__ = ("options", "point", "root", "v2")

    def __init__(self, *, root: str, point: str, v2: bool, options: frozenset[str]) -> None:
        self.root = root
        self.point = point
        self.v2 = v2
        self.options = options


class Hierarchy:
    """One hierarchy, and the cgroup `path` of the calling process in it."""

    __slots__ = ("mounts", "name", "path")

    def __init__(self, *, name: str, path: str, mounts: Sequence[CgroupMount]) -> None:
        self.name = name
        self.path = path
        self.mounts = tuple(mounts)

    @property
    def controllers(self) -> frozenset[str]:
        """v1 controllers of this hierarchy; none for v2 and for named ones."""
        return frozenset(part for part in self.name.split(",") if part and "=" not in part)

    def place(self) -> tuple[str, str]:
        """Return (our cgroup's directory, the mount point above it); raises CannotJailError where no mount shows it."""
        for mount in self.mounts:
            below = _below(self.path, mount.root)
            if below is not None:
                return os.path.normpath(f"{mount.point}/{below}"), mount.point
        raise CannotJailError(f"cgroup hierarchy {self.name or 'v2'}: no mount here shows the current cgroup {self.path}")


def hierarchies(cgroup: str, mountinfo: str) -> tuple[Hierarchy, ...]:
    """Read /proc/self/cgroup and /proc/self/mountinfo together. A hierarchy without mounts is in use but not seen here."""
    mounts = cgroup_mounts(mountinfo)
    found = []
    for line in cgroup.splitlines():
        _, name, path = line.split(":", 2)
        wanted = set(name.split(","))
        ours = [mount for mount in mounts if (mount.v2 if name == "" else not mount.v2 and wanted <= mount.options)]
        found.append(Hierarchy(name=name, path=path, mounts=ours))
    return tuple(found)


def cgroup_mounts(mountinfo: str) -> tuple[CgroupMount, ...]:
    """Return the cgroup and cgroup2 mounts among the lines of a mountinfo, in its order."""
    found = []
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        fstype, _, options = rest.split(" ", 2)
        if fstype in ("cgroup", "cgroup2"):
            root, point = (_unescaped(field) for field in fields.split(" ")[3:5])
            found.append(CgroupMount(root=root, point=point, v2=fstype == "cgroup2", options=frozenset(options.split(","))))
    return tuple(found)


def mounted_fstype(mountinfo: str, point: str) -> str:
    """Return the type of the topmost filesystem mounted exactly at `point`, "" if there is none."""
    found = ""
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        if _unescaped(fields.split(" ")[4]) == point:
            found = rest.split(" ", 1)[0]
    return found


def free_v1_controllers(cgroups: str, v2_controllers: Iterable[str]) -> tuple[str, ...]:
    """Return the controllers in /proc/cgroups that are enabled, on no v1 hierarchy, and not offered by v2 either."""
    rows = [line.split() for line in cgroups.splitlines() if not line.startswith("#")]
    taken = set(v2_controllers)
    return tuple(name for name, hierarchy, _, enabled in rows if hierarchy == "0" and enabled == "1" and name not in taken)


def v2_parent(directory: str, top: str) -> tuple[str, frozenset[str]]:
    """Choose the v2 cgroup to put a session below, from our own up to the mount's top: (directory, controllers it hands on).

    The one that hands on the most controllers wins, the nearest of equals. A cgroup with processes in it can hand on
    nothing that it does not already ("no internal processes", cgroups(7)); only the real root is exempt.
    Raises CannotJailError where the host has v2 controllers and none can be handed on.
    """
    candidate, best, most = directory, directory, frozenset[str]()
    while True:
        enabled = _words(f"{candidate}/cgroup.subtree_control")
        offered = _words(f"{candidate}/cgroup.controllers")
        is_real_root = not os.path.exists(f"{candidate}/cgroup.type")
        reachable = offered if is_real_root or not _words(f"{candidate}/cgroup.procs") else enabled
        if len(reachable) > len(most):
            best, most = candidate, reachable
        if candidate == top or not candidate.startswith(top):
            break
        candidate = os.path.dirname(candidate)
    if not most and _words(f"{top}/cgroup.controllers"):
        raise CannotJailError(
            f"cgroup v2: {top} has processes of its own, so it passes no controllers on; move them into a child cgroup first"
        )
    return best, most


def read(path: str) -> str:
    """Read a small text file."""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def write(path: str, text: str) -> None:
    """Write a control file in one go, as the kernel wants it; raises OSError with the path."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        os.close(fd)


def _words(path: str) -> frozenset[str]:
    return frozenset(read(path).split())


def _below(path: str, root: str) -> str | None:
    if root == "/":
        return None if path.startswith("/..") else path
    return path[len(root) :] if path == root or path.startswith(root + "/") else None


def _unescaped(field: str) -> str:
    # The kernel writes space, tab, newline and backslash as octal escapes.
    for escape, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(escape, char)
    return field
