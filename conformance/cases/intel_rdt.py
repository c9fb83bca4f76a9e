"""Intel RDT: asked for where there is none."""

from conformance.cases.case import Case
from conformance.record.config import put

CASES: tuple[Case, ...] = (
    Case(
        name="intel-rdt/no-resctrl",
        title="A schema for the cache, and no resctrl filesystem to write it to",
        defect=put("/linux/intelRdt", {"closID": "oci-conformance", "l3CacheSchema": "L3:0=f"}),
    ),
    Case(
        name="intel-rdt/class-alone",
        title="A class of service without a schema, and no resctrl filesystem to have it",
        defect=put("/linux/intelRdt", {"closID": "oci-conformance"}),
    ),
)
