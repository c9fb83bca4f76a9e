"""What a session is made of on the host: a mount namespace for the janitor, a work directory, a cgroup in each hierarchy.

Everything made registers its removal with the caller's ExitStack, so a half-made session goes away too.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence

from conformance.host import kernel
from conformance.host.cgroup_views import View, host_links, mount_v1, planned
from conformance.host.claims import claim, hand_on, locked, remove_cgroup, session_name, sweep, sweep_cgroups, take_back, thaw
from conformance.host.hierarchies import CannotJailError, Hierarchy, free_v1_controllers, hierarchies, read, v2_parent, write


class Session:
    """Our own directories: the work directory, v1 cgroups, and the v2 cgroup if the lane shows v2."""

    __slots__ = ("v1", "v2", "view", "workdir")

    def __init__(self, *, workdir: str, view: View) -> None:
        self.workdir = workdir
        self.view = view
        self.v1: list[str] = []
        self.v2: str | None = None

    def thaw(self) -> None:
        """Thaw what a v1 freezer holds in this session."""
        for cgroup in self.v1:
            thaw(cgroup)


def make(lane: str, parent: str, cleanup: contextlib.ExitStack) -> Session:
    """Make a session for `lane` with its work directory below `parent`, after sweeping what earlier ones left.

    The calling process gets a mount namespace of its own, where nothing that it mounts is seen by others.
    Raises CannotJailError where the host cannot have it, OSError with the path where a step fails.
    """
    name = session_name()
    try:
        kernel.unshare(kernel.CLONE_NEWNS)
    except PermissionError as error:
        raise CannotJailError("private namespaces need root with CAP_SYS_ADMIN, and this root is without") from error
    # Slave, not private: what the host unmounts goes away here too instead of staying busy.
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SLAVE)
    sweep(parent, os.rmdir)
    workdir, _ = claim(parent, name)
    cleanup.callback(os.rmdir, workdir)
    found = hierarchies(read("/proc/self/cgroup"), read("/proc/self/mountinfo"))
    cleanup.callback(unmount_if_mounted, workdir)
    reachable = _reachable(lane, found, workdir)
    session = Session(workdir=workdir, view=planned(lane, found if lane == "host" else reachable, host_links()))
    shown = {hierarchy.name for hierarchy in session.view.hierarchies}
    # The freezer first: what it holds of a killed session would keep that session's cgroups everywhere.
    for hierarchy in sorted(reachable, key=lambda one: "freezer" not in one.controllers):
        if hierarchy.name:
            _claim_v1(session, hierarchy, name if hierarchy.name in shown else None, cleanup)
        elif hierarchy.mounts:
            _claim_v2(session, hierarchy, name if hierarchy.name in shown else None, cleanup)
    return session


def _reachable(lane: str, found: Sequence[Hierarchy], directory: str) -> tuple[Hierarchy, ...]:
    """Mount what is in use but not seen here, and for the v1 view what could be, privately below `directory`; return all.

    A hierarchy that only a killed session's cgroup keeps in use is among them.
    """
    v2_tops = [hierarchy.mounts[0].point for hierarchy in found if hierarchy.name == "" and hierarchy.mounts]
    wanted = [hierarchy for hierarchy in found if hierarchy.name and not hierarchy.mounts]
    if lane == "v1":
        offered = read(f"{v2_tops[0]}/cgroup.controllers").split() if v2_tops else []
        free = free_v1_controllers(read("/proc/cgroups"), offered)
        wanted += [Hierarchy(name=controller, path="/", mounts=()) for controller in free]
    needs_v2 = lane == "v2" and not any(hierarchy.name == "" for hierarchy in found)
    if not wanted and not needs_v2:
        return tuple(found)
    kernel.mount("tmpfs", directory, "tmpfs")
    for number, hierarchy in enumerate(wanted):
        os.mkdir(f"{directory}/{number}")
        # Not in this kernel as v1, or bound elsewhere, or not in the initial cgroup namespace: then it is not free.
        with contextlib.suppress(OSError):
            mount_v1(hierarchy, f"{directory}/{number}")
    if needs_v2:
        # Nobody has ever mounted it here (there is no line for it), so there are no options of others to overwrite.
        os.mkdir(f"{directory}/v2")
        with contextlib.suppress(OSError):
            kernel.mount("cgroup2", f"{directory}/v2", "cgroup2")
    return hierarchies(read("/proc/self/cgroup"), read("/proc/self/mountinfo"))


def _claim_v1(session: Session, hierarchy: Hierarchy, name: str | None, cleanup: contextlib.ExitStack) -> None:
    """Sweep our place in a v1 hierarchy, and make our cgroup `name` there, if any."""
    try:
        parent, top = hierarchy.place()
    except CannotJailError:
        if name is None:
            return
        raise
    sweep_cgroups(parent, top)
    if name is None:
        return
    path, _ = claim(parent, name)
    cleanup.callback(remove_cgroup, path)
    if "cpuset" in hierarchy.controllers:
        # A new v1 cpuset is empty, and a process cannot join an empty one.
        for resource in ("cpus", "mems"):
            write(f"{path}/cpuset.{resource}", read(f"{parent}/cpuset.{resource}").strip())
    session.v1.append(path)


def _claim_v2(session: Session, hierarchy: Hierarchy, name: str | None, cleanup: contextlib.ExitStack) -> None:
    """Sweep our place in the v2 hierarchy, and make our cgroup `name` there, with every controller that can be had."""
    try:
        directory, top = hierarchy.place()
        parent, controllers = v2_parent(directory, top)
    except CannotJailError:
        if name is None:
            return
        raise
    with _lock(parent):
        sweep_cgroups(parent, top)
        take_back(parent)
        if name is None:
            return
        path, _ = claim(parent, name)
        cleanup.callback(_leave_v2, parent, path)
        hand_on(parent, controllers)
    session.v2 = path


def unmount_if_mounted(directory: str) -> None:
    """Take away whatever is mounted at `directory`."""
    # EINVAL: nothing had to be mounted there.
    with contextlib.suppress(OSError):
        kernel.umount2(directory, kernel.MNT_DETACH)


def _leave_v2(parent: str, path: str) -> None:
    with _lock(parent):
        remove_cgroup(path)
        take_back(parent)


@contextlib.contextmanager
def _lock(directory: str) -> Iterator[None]:
    fd = locked(directory)
    try:
        yield
    finally:
        os.close(fd)
