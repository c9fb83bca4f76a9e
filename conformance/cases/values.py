"""Values that no property has: each an error by start, with the base config as the control."""

from conformance.cases.case import Case
from conformance.cases.defects import REFUSED, defective

CASES: tuple[Case, ...] = tuple(
    defective(defect.name, name=f"values/{defect.name}") for defect in REFUSED if defect.name.endswith("-invalid")
)
