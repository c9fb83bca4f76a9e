"""Which cgroup hierarchies this host shows, v1, v2 or both, and which of them a controller is on.

Parsing is pure; the text comes from /proc/self/cgroup and /proc/self/mountinfo, described in cgroups(7) and proc(5).
"""

from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.files import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_USUAL = "/sys/fs/cgroup"


class Hierarchy:
    """One hierarchy: where it is mounted, its controllers (a named one of v1 has none), and the runtime's own cgroup in it."""

    __slots__ = ("controllers", "own", "point", "v2")

    def __init__(self, *, point: str, controllers: "Sequence[str]", v2: bool, own: str) -> None:
        self.point = point
        self.controllers = tuple(controllers)
        self.v2 = v2
        self.own = own


def parse(cgroup: str, mountinfo: str) -> "list[Hierarchy]":
    """Return the hierarchies that are in use and mounted, v2 first; its controllers are still to be read."""
    mounts = _mounts(mountinfo)
    found = []
    for line in cgroup.splitlines():
        _, name, own = line.split(":", 2)
        wanted = set(name.split(",")) if name else set()
        points = [point for point, v2, options in mounts if v2 == (not name) and wanted <= options]
        if points:
            # Binds can show a hierarchy twice; the usual place wins, then the first.
            point = min(points, key=lambda each: not (each == _USUAL or each.startswith(f"{_USUAL}/")))
            controllers = [part for part in name.split(",") if part and "=" not in part]
            found.append(Hierarchy(point=point, controllers=controllers, v2=not name, own=own))
    return sorted(found, key=lambda hierarchy: not hierarchy.v2)


def _mounts(mountinfo: str) -> "list[tuple[str, bool, set[str]]]":
    """Return (mount point, is it v2, options of the file system)."""
    found = []
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        kind = rest[: rest.find(" ")]
        if kind in ("cgroup", "cgroup2"):
            point = fields.split(" ")[4].replace("\\040", " ")
            found.append((point, kind == "cgroup2", set(rest.rpartition(" ")[2].split(","))))
    return found


def read() -> "list[Hierarchy]":
    """Return this host's hierarchies. Raises RuntimeFault where /proc can't be read."""
    try:
        found = parse(read_text("/proc/self/cgroup"), read_text("/proc/self/mountinfo"))
        for hierarchy in found:
            if hierarchy.v2:
                hierarchy.controllers = tuple(read_text(f"{hierarchy.point}/cgroup.controllers").split())
    except OSError as error:
        raise RuntimeFault.of("cannot see the control groups", error) from None
    return found


def of_controller(hierarchies: "Sequence[Hierarchy]", controller: str) -> "Hierarchy | None":
    """Return the hierarchy that has a controller."""
    return next((hierarchy for hierarchy in hierarchies if controller in hierarchy.controllers), None)


def unified(hierarchies: "Sequence[Hierarchy]") -> "Hierarchy | None":
    """Return the v2 hierarchy."""
    return next((hierarchy for hierarchy in hierarchies if hierarchy.v2), None)
