"""Properties and annotations that no runtime knows."""

from conformance.cases.case import Case
from conformance.cases.defects import defective, members_reversed
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


CASES: tuple[Case, ...] = (
    Case(
        name="extensibility/member-order",
        title="The order of members in an object means nothing",
        edits=(put("/process", _PROCESS),),
        defect=put("/process", members_reversed(_PROCESS)),
        aims=("glossary.json.order-insignificant",),
    ),
    *(
        defective(
            f"property-unknown{pointer.replace('/', '-')}",
            name=f"extensibility/property-in-{place}",
            title=f"An unknown property ({pointer or 'top level'}) is ignored",
        )
        for place, pointer in _PLACES.items()
    ),
    defective("annotation-unknown", name="extensibility/annotation", title="An unknown annotation is ignored"),
    defective("annotation-empty", name="extensibility/annotation-empty", title="An annotation may have an empty value"),
)
