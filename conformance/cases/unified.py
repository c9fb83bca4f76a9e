"""Cgroup v2: files by name, controllers that are missing, and to whom the cgroup belongs."""

from typing import Any

from conformance.cases.case import Case
from conformance.record.config import Edit, put

_USER = put("/process/user", {"uid": 1000, "gid": 1000})
_WITHOUT_CGROUP = [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")]


def _cgroup_mount(*options: str) -> Edit:
    entry: dict[str, Any] = {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"}
    return put("/mounts/-", entry | {"options": ["nosuid", "noexec", "nodev", *options]})


CASES: tuple[Case, ...] = (
    Case(
        name="unified/core",
        title="Files that no setting of another kind stands for",
        edits=(put("/linux/resources", {"unified": {"cgroup.max.descendants": "5", "cgroup.max.depth": "3"}}),),
    ),
    Case(
        name="unified/huge-pages",
        title="A file of the hugetlb controller",
        edits=(put("/linux/resources", {"unified": {"hugetlb.2MB.max": "4194304"}}),),
    ),
    Case(
        name="unified/pids",
        title="A file of the pids controller",
        edits=(put("/linux/resources", {"unified": {"pids.max": "77"}}),),
    ),
    Case(
        name="unified/missing-controller",
        title="A file of a controller that no kernel has",
        edits=(put("/linux/resources", {"unified": {}}),),
        defect=put("/linux/resources/unified", {"conformance.max": "1"}),
    ),
    Case(
        name="cgroup-owner/mounted",
        title="A cgroup filesystem mounted read/write for a user",
        edits=(_USER,),
        defect=_cgroup_mount("rw"),
    ),
    Case(
        name="cgroup-owner/mounted-read-only",
        title="A cgroup filesystem mounted read-only for a user",
        edits=(_USER, _cgroup_mount("ro")),
    ),
    Case(name="cgroup-owner/not-mounted", title="A user without a cgroup filesystem", edits=(_USER,)),
    Case(
        name="cgroup-owner/no-namespace",
        title="A cgroup filesystem mounted read/write for a user who is in the runtime's cgroup namespace",
        edits=(_USER, _cgroup_mount("rw"), put("/linux/namespaces", _WITHOUT_CGROUP)),
    ),
)
