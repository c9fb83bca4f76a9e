"""Properties that cannot be applied: create has to fail, and to leave no container."""

from conformance.cases.case import Case, Directory
from conformance.expectations.unappliable import NO_SUCH, NO_SUCH_SYSCTL
from conformance.record.config import put

CASES: tuple[Case, ...] = (
    Case(
        name="unappliable/filesystem-type",
        title="A mount of a filesystem type that no kernel has",
        rootfs=(Directory("mnt"),),
        defect=put("/mounts/-", {"destination": "/mnt", "type": f"{NO_SUCH}fs", "source": "none"}),
    ),
    Case(
        name="unappliable/bind-source",
        title="A bind mount of something that does not exist",
        rootfs=(Directory("mnt"),),
        defect=put(
            "/mounts/-", {"destination": "/mnt", "type": "none", "source": f"{{host}}/{NO_SUCH}source", "options": ["bind"]}
        ),
    ),
    Case(
        name="unappliable/sysctl",
        title="A network sysctl that no kernel has",
        defect=put("/linux/sysctl", {NO_SUCH_SYSCTL: "1"}),
    ),
    Case(
        name="unappliable/namespace-path",
        title="A namespace to join that does not exist",
        edits=(put("/linux/namespaces", [{"type": kind} for kind in ("pid", "ipc", "mount", "uts", "cgroup")]),),
        defect=put("/linux/namespaces/-", {"type": "network", "path": f"{{host}}/{NO_SUCH}namespace"}),
    ),
)
