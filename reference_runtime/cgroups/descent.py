"""The way down to a cgroup: directories are made, v2's controllers handed on, v1's cpusets filled."""

import posix

from reference_runtime.cgroups.tree import ancestors, value
from reference_runtime.kernel.files import write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.cgroups.layout import Hierarchy

_RACES = 10
"""A parent that another container has just left behind, empty, may be removed under our feet."""


def descend(hierarchy: "Hierarchy", path: str) -> None:
    """Make the cgroup `path` and those above it in one hierarchy. Raises OSError."""
    for attempt in range(1, _RACES + 1):
        try:
            _descend(hierarchy, path)
        except FileNotFoundError:
            if attempt == _RACES:
                raise
        else:
            return


def _descend(hierarchy: "Hierarchy", path: str) -> None:
    above = hierarchy.point
    for directory in ancestors(hierarchy.point, path):
        if hierarchy.v2:
            enable_controllers(above)
        try:
            posix.mkdir(directory, 0o755)
        except FileExistsError:
            pass
        except OSError as error:
            raise type(error)(error.errno, error.strerror, directory) from None
        if "cpuset" in hierarchy.controllers and not hierarchy.v2:
            inherit_cpuset(above, directory)
        above = directory


def enable_controllers(directory: str) -> None:
    """Let the children of a v2 cgroup use every controller that it has itself, as far as the kernel lets us.

    It does not where processes live in the cgroup, but for the root ("no internal processes", cgroups(7)), nor where we lack
    the right. Whether the ones needed have arrived is seen further down.
    """
    enabled = value(directory, "cgroup.subtree_control").split()
    absent = [f"+{name}" for name in value(directory, "cgroup.controllers").split() if name not in enabled]
    if absent and not _written(directory, " ".join(absent)):
        for name in absent:
            _written(directory, name)


def _written(directory: str, names: str) -> bool:
    try:
        write_file(f"{directory}/cgroup.subtree_control", names)
    except OSError:
        return False
    return True


def inherit_cpuset(parent: str, directory: str) -> None:
    """Copy the CPUs and memory nodes of the parent into a new cpuset of v1: without any, no process can enter. Raises OSError."""
    for file in ("cpuset.cpus", "cpuset.mems"):
        if not value(directory, file):
            write_file(f"{directory}/{file}", value(parent, file))
