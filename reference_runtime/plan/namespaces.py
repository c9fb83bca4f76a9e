"""Plans config-linux.md "Namespaces", "User namespace mappings" and "Offset for Time Namespace"."""

from reference_runtime.kernel import processes as k

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KINDS = {
    "user": k.CLONE_NEWUSER,
    "mount": k.CLONE_NEWNS,
    "network": k.CLONE_NEWNET,
    "ipc": k.CLONE_NEWIPC,
    "uts": k.CLONE_NEWUTS,
    "pid": k.CLONE_NEWPID,
    "cgroup": k.CLONE_NEWCGROUP,
    "time": k.CLONE_NEWTIME,
}
FILES = {"mount": "mnt", "network": "net"}
"""Names below /proc/PID/ns where they are not the kind's own."""


class Namespaces:
    """What namespaces the container's first process gets, and how."""

    __slots__ = ("cgroup", "gid_map", "joined", "kinds", "new", "time", "time_offsets", "uid_map")

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        """Kind to path, or to "" for a new one; a kind that is missing is inherited."""
        self.new = 0
        """Flags of clone3(2)."""
        self.cgroup = False
        """A new cgroup namespace, which is made when the process is in its cgroup: that becomes the root of what it sees."""
        self.time = False
        """A new time namespace, which nobody may be in yet while its offsets are written."""
        self.joined: list[tuple[int, str, str]] = []
        """(flag, path, place in the config), the user namespace last: whoever is in it has no rights over the others."""
        self.uid_map = ""
        self.gid_map = ""
        """As /proc/PID/uid_map wants it."""
        self.time_offsets = ""
        """As /proc/PID/timens_offsets wants it."""

    def describe(self) -> str:
        new = ", ".join(kind for kind, path in self.kinds.items() if not path) or "none"
        joined = "".join(f"; join {path}" for _, path, _ in self.joined)
        maps = f"; map users {self.uid_map!r}, groups {self.gid_map!r}" if self.uid_map or self.gid_map else ""
        return f"new namespaces: {new}{joined}{maps}{f'; clocks {self.time_offsets!r}' if self.time_offsets else ''}"

    def has_new(self, kind: str) -> bool:
        """Whether the container gets a new namespace of this kind."""
        return self.kinds.get(kind) == ""

    def __contains__(self, kind: object) -> bool:
        """Whether the container's namespace of this kind is not the runtime's."""
        return kind in self.kinds


def plan_namespaces(config: "dict[str, Any]") -> Namespaces:
    """Return the plan; the mappings must be valid."""
    linux = config.get("linux") or {}
    plan = Namespaces()
    for index, entry in enumerate(linux.get("namespaces") or ()):
        kind, path = entry["type"], entry.get("path") or ""
        plan.kinds[kind] = path
        if path:
            plan.joined.append((KINDS[kind], path, f"$.linux.namespaces[{index}].path"))
        elif kind == "cgroup":
            plan.cgroup = True
        elif kind == "time":
            plan.time = True
        else:
            plan.new |= KINDS[kind]
    plan.joined.sort(key=lambda each: each[0] == k.CLONE_NEWUSER)
    plan.uid_map = mapping_text(linux.get("uidMappings") or ())
    plan.gid_map = mapping_text(linux.get("gidMappings") or ())
    for clock, offset in (linux.get("timeOffsets") or {}).items():
        plan.time_offsets += f"{clock} {offset.get('secs') or 0} {offset.get('nanosecs') or 0}\n"
    return plan


def mapping_text(mappings: "Any") -> str:
    """Return mappings as the kernel reads them: a line each of first id inside, first id outside, number."""
    return "".join(f"{each['containerID']} {each['hostID']} {each['size']}\n" for each in mappings)
