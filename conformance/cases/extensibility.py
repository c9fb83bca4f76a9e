"""Properties and annotations that no runtime knows."""

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

CASES: tuple[Case, ...] = (
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
