"""Intel RDT: asked for where there is none."""

from conformance.cases.case import Case
from conformance.cases.defects import defective
from conformance.record.config import put

CASES: tuple[Case, ...] = (
    defective("schema-without-resctrl", name="intel-rdt/no-resctrl"),
    Case(
        name="intel-rdt/class-alone",
        title="A class of service without a schema, and no resctrl filesystem to have it",
        defect=put("/linux/intelRdt", {"closID": "oci-conformance"}),
    ),
)
