"""The lanes: how the cgroup file system looks from inside a session.

`host` is the host's own layout, `v1` the v1 hierarchies alone, `v2` cgroup2 at /sys/fs/cgroup. `planned` decides, purely,
`show` mounts. What a session sees as the root of a hierarchy is its own cgroup, since it is in a cgroup namespace of its own.
"""

import contextlib
import errno
import os
import time
from collections.abc import Sequence

from conformance.host import kernel
from conformance.host.hierarchies import CannotJailError, Hierarchy, cgroup_mounts, mounted_fstype, read

LANES = ("host", "v1", "v2")
CGROUP_ROOT = "/sys/fs/cgroup"
_BUSY_ROUNDS = 50
_BUSY_PAUSE = 0.02
_MOUNT_FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC


class View:
    """What a lane shows: (mount point, hierarchy) pairs, and symlinks as (path, target)."""

    __slots__ = ("links", "mounts")

    def __init__(self, mounts: Sequence[tuple[str, Hierarchy]], links: Sequence[tuple[str, str]] = ()) -> None:
        self.mounts = tuple(mounts)
        self.links = tuple(links)

    @property
    def hierarchies(self) -> tuple[Hierarchy, ...]:
        """Each hierarchy once."""
        return tuple({hierarchy.name: hierarchy for _, hierarchy in self.mounts}.values())


def planned(lane: str, found: Sequence[Hierarchy], links: Sequence[tuple[str, str]]) -> View:
    """Lay out `lane`. `found` are the hierarchies in use, `links` the host's symlinks below /sys/fs/cgroup.

    Raises CannotJailError where this host cannot have that view.
    """
    hierarchies = [hierarchy for hierarchy in found if hierarchy.mounts]
    in_use = any(hierarchy.name == "" for hierarchy in found)
    if lane == "host":
        points = [(mount.point, hierarchy) for hierarchy in hierarchies for mount in hierarchy.mounts]
        return View(sorted(points, key=lambda pair: pair[0]), links)
    if lane == "v2":
        unified = [hierarchy for hierarchy in hierarchies if hierarchy.name == ""]
        if not unified:
            raise CannotJailError(f"v2 view: {'cgroup v2 is not mounted here' if in_use else 'this kernel has no cgroup v2'}")
        return View([(CGROUP_ROOT, unified[0])])
    legacy = [hierarchy for hierarchy in hierarchies if hierarchy.name]
    if not any(hierarchy.controllers for hierarchy in legacy):
        raise CannotJailError("v1 view: this kernel has no free cgroup v1 controller")
    aliases = [
        (f"{CGROUP_ROOT}/{controller}", hierarchy.name)
        for hierarchy in legacy
        for controller in sorted(hierarchy.controllers)
        if controller != hierarchy.name
    ]
    return View([(f"{CGROUP_ROOT}/{hierarchy.name.removeprefix('name=')}", hierarchy) for hierarchy in legacy], aliases)


def distinct(found: Sequence[Hierarchy], links: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the lanes without `v2` where that is the host's own layout already; arguments as for `planned`.

    `v1` always stays: there a session also mounts controllers that are on no hierarchy yet.
    """
    own = planned("host", found, links)
    try:
        unified = planned("v2", found, links)
    except CannotJailError:
        return LANES
    same = (own.mounts, own.links) == (unified.mounts, unified.links)
    return tuple(lane for lane in LANES if not (same and lane == "v2"))


def host_links() -> tuple[tuple[str, str], ...]:
    """Return the symlinks that distributions put beside v1 hierarchies: /sys/fs/cgroup/cpu to cpu,cpuacct."""
    if not os.path.isdir(CGROUP_ROOT):
        return ()
    return tuple((entry.path, os.readlink(entry.path)) for entry in os.scandir(CGROUP_ROOT) if entry.is_symlink())


def mount_v1(hierarchy: Hierarchy, target: str) -> None:
    """Mount a v1 hierarchy; the kernel makes it if it does not exist, in the initial cgroup namespace only."""
    names = hierarchy.name if hierarchy.controllers else f"none,{hierarchy.name}"
    # Other options than those in force would only fill the kernel's log.
    xattr = any("xattr" in mount.options for mount in hierarchy.mounts)
    kernel.mount("cgroup", target, "cgroup", _MOUNT_FLAGS, names + (",xattr" if xattr else ""))


def show(view: View) -> None:
    """Replace what is mounted of cgroups by `view`, in the private mount namespace of the caller.

    The caller is in a cgroup namespace of its own already: mounting cgroup2 in the initial one would set the options
    (nsdelegate, memory_recursiveprot) of the whole machine's v2 hierarchy.
    """
    mountinfo = read("/proc/self/mountinfo")
    for mount in reversed(cgroup_mounts(mountinfo)):
        # EINVAL: another mount hides this one, so a runtime cannot reach it either.
        with contextlib.suppress(OSError):
            kernel.umount2(mount.point, kernel.MNT_DETACH)
    if mounted_fstype(mountinfo, CGROUP_ROOT) == "tmpfs":
        kernel.umount2(CGROUP_ROOT, kernel.MNT_DETACH)
    if any(point.startswith(f"{CGROUP_ROOT}/") for point, _ in view.mounts):
        kernel.mount("tmpfs", CGROUP_ROOT, "tmpfs", _MOUNT_FLAGS, "mode=755")
    for point, hierarchy in view.mounts:
        os.makedirs(point, exist_ok=True)
        if hierarchy.name:
            mount_v1(hierarchy, point)
        else:
            _mount_v2(point)
    for path, target in view.links:
        os.symlink(target, path)


def _mount_v2(target: str) -> None:
    """Mount the v2 hierarchy; seen to be busy for a moment where another user namespace has just given up its mount of it."""
    for left in reversed(range(_BUSY_ROUNDS)):
        try:
            kernel.mount("cgroup2", target, "cgroup2", _MOUNT_FLAGS)
        except OSError as error:
            if error.errno != errno.EBUSY or not left:
                raise
            time.sleep(_BUSY_PAUSE)
        else:
            return
