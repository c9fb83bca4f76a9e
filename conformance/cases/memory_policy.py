"""Memory policies, and the label of mounts."""

from conformance.cases.case import Case
from conformance.record.config import put

CASES: tuple[Case, ...] = (
    Case(
        name="memory-policy/bind",
        title="Memory from the first node alone",
        edits=(put("/linux/memoryPolicy", {"mode": "MPOL_BIND", "nodes": "0"}),),
    ),
    Case(
        name="mounts/label",
        title="An SELinux context for mounts",
        edits=(put("/linux/mountLabel", "system_u:object_r:container_file_t:s0:c10,c20"),),
    ),
)
