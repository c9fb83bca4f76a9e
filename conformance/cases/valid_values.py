"""Values that are none."""

from conformance.cases.case import Case
from conformance.expectations.valid_values import NO_VALUE
from conformance.record.config import Edit, put

_SECCOMP = put("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW"})
_PLACES: dict[str, tuple[str, tuple[Edit, ...], Edit]] = {
    "propagation": ("rootfsPropagation", (), put("/linux/rootfsPropagation", NO_VALUE)),
    "namespace-type": ("the type of a namespace", (), put("/linux/namespaces/-", {"type": NO_VALUE})),
    "seccomp-default": ("defaultAction of seccomp", (_SECCOMP,), put("/linux/seccomp/defaultAction", NO_VALUE)),
    "seccomp-action": (
        "action of a seccomp rule",
        (_SECCOMP,),
        put("/linux/seccomp/syscalls", [{"names": ["swapoff"], "action": NO_VALUE}]),
    ),
    "uid": ("a uid that is text", (), put("/process/user/uid", NO_VALUE)),
    "args": ("args that are no list", (), put("/process/args", NO_VALUE)),
    "readonly": ("a readonly that is text", (), put("/root/readonly", NO_VALUE)),
}

CASES: tuple[Case, ...] = tuple(
    Case(
        name=f"valid-values/{name}",
        title=f"An invalid value is an error: {what}",
        edits=edits,
        defect=defect,
        aims=("config.valid-values.error",),
    )
    for name, (what, edits, defect) in _PLACES.items()
)
