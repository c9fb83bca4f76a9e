"""Values that no property has: each an error by start, with the base config as the control."""

from conformance.cases.case import Case
from conformance.cases.defects import REFUSED

_BASE = {"linux": {"namespaces": [{"type": "mount"}]}}
"""What of the base config decides where a defect goes."""

CASES: tuple[Case, ...] = tuple(
    Case(name=f"values/{defect.name}", title=defect.title, rootfs=defect.rootfs, defect=defect.edit(_BASE), aims=defect.aims)
    for defect in REFUSED
    if defect.name.endswith("-invalid")
)
