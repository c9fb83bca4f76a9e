"""Properties and annotations that no runtime knows."""

from typing import Any

from conformance.cases.case import Case
from conformance.expectations.extensibility import INVENTED
from conformance.record.config import put

_PLACES = {
    "top": "",
    "root": "/root",
    "process": "/process",
    "user": "/process/user",
    "mount": "/mounts/0",
    "linux": "/linux",
    "namespace": "/linux/namespaces/0",
}

_PROCESS = {
    "user": {"uid": 12, "gid": 34},
    "args": ["/probe", "argument"],
    "env": ["PATH=/bin", "COLOUR=blue"],
    "cwd": "/tmp",
    "capabilities": {name: ["CAP_CHOWN", "CAP_KILL"] for name in ("bounding", "effective", "permitted")},
}


def _reversed(value: Any) -> Any:
    """Return the value with the members of every object in the opposite order."""
    return {name: _reversed(value[name]) for name in reversed(value)} if isinstance(value, dict) else value


CASES: tuple[Case, ...] = (
    Case(
        name="extensibility/member-order",
        title="The order of members in an object means nothing",
        edits=(put("/process", _PROCESS),),
        defect=put("/process", _reversed(_PROCESS)),
        aims=("glossary.json.order-insignificant",),
    ),
    *(
        Case(
            name=f"extensibility/property-in-{place}",
            title=f"An unknown property ({pointer or 'top level'}) is ignored",
            defect=put(f"{pointer}/{INVENTED}property", {"nested": [1, None, {"deep": True}]}),
        )
        for place, pointer in _PLACES.items()
    ),
    Case(
        name="extensibility/annotation",
        title="An unknown annotation is ignored",
        defect=put(f"/annotations/{INVENTED}annotation", "a value\nof two lines"),
    ),
    Case(
        name="extensibility/annotation-empty",
        title="An annotation may have an empty value",
        defect=put("/annotations/org.opencontainers.image.author", ""),
    ),
)
