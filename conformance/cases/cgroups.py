"""Control groups: limits whose values cannot be met by chance."""

from conformance.cases.case import Case
from conformance.record.config import put
from conformance.record.host import Host

_MEBIBYTE = 1 << 20


def _needs_first_processor(host: Host) -> str:
    return "" if 0 in host.cpus else "processor 0 is not for the harness to use"


CASES: tuple[Case, ...] = (
    Case(
        name="cgroups/path",
        title="An absolute path below another, and no limits",
        edits=(put("/linux/cgroupsPath", "/oci-conformance/{id}"),),
        aims=("linux.cgroups.path.absolute",),
    ),
    Case(
        name="cgroups/pids",
        title="At most 40 processes",
        edits=(put("/linux/resources", {"pids": {"limit": 40}}),),
    ),
    Case(
        name="cgroups/memory",
        title="A hard and a soft memory limit",
        edits=(put("/linux/resources", {"memory": {"limit": 96 * _MEBIBYTE, "reservation": 48 * _MEBIBYTE}}),),
    ),
    Case(
        name="cgroups/cpu",
        title="Processor time: a quota, its period, and shares",
        edits=(put("/linux/resources", {"cpu": {"quota": 70000, "period": 200000, "shares": 517}}),),
    ),
    Case(
        name="cgroups/cpu-period",
        title="A period without a quota",
        edits=(put("/linux/resources", {"cpu": {"period": 50000}}),),
    ),
    Case(
        name="cgroups/cpuset",
        title="One processor and one memory node",
        edits=(put("/linux/resources", {"cpu": {"cpus": "0", "mems": "0"}}),),
        needs=_needs_first_processor,
    ),
)
