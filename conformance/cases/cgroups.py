"""Control groups: limits whose values cannot be met by chance."""

from conformance.cases.case import Case, Container
from conformance.expectations.cgroup_paths import AGAIN
from conformance.expectations.cgroups import version
from conformance.record.config import drop, put
from conformance.record.host import Host

_MEBIBYTE = 1 << 20
_SWITCHES = {"swappiness": 37, "disableOOMKiller": True, "useHierarchy": True}


def _needs_first_processor(host: Host) -> str:
    return "" if 0 in host.cpus else "processor 0 is not for the harness to use"


def _needs_switches(host: Host) -> str:
    return "" if version(host, "memory") == "v1" else "cgroup v1 with the memory controller"


def _needs_v2(host: Host) -> str:
    return "" if host.cgroup_layout == "v2" else "a lane with cgroup v2 alone"


def twice(container: Container) -> None:
    """Run a container, and after its deletion another one of the same config."""
    for name in ("running", AGAIN):
        if not container.create().succeeded:
            return
        container.start()
        container.snapshot(name)
        container.kill("KILL")
        container.delete()


CASES: tuple[Case, ...] = (
    Case(
        name="cgroups/path",
        title="An absolute path below another, and no limits",
        edits=(put("/linux/cgroupsPath", "/oci-conformance/{id}"),),
        aims=("linux.cgroups.path.absolute", "linux.cgroups.created", "linux.cgroups.more-controllers"),
    ),
    Case(
        name="cgroups/path-again",
        title="Two containers of one config, one after the other",
        script=twice,
        aims=("linux.cgroups.path.consistent",),
    ),
    Case(
        name="cgroups/path-relative",
        title="A relative path, which counts from wherever the runtime likes",
        edits=(put("/linux/cgroupsPath", "oci-conformance-relative/{id}"),),
    ),
    Case(name="cgroups/path-default", title="No path at all", edits=(drop("/linux/cgroupsPath"),)),
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
        name="cgroups/memory-and-swap",
        title="A limit of memory and swap together, and the switches of memory on cgroup v1",
        edits=(put("/linux/resources", {"memory": {"limit": 96 * _MEBIBYTE, "swap": 128 * _MEBIBYTE, **_SWITCHES}}),),
        needs=_needs_switches,
    ),
    Case(
        name="cgroups/swap",
        title="A limit of memory and swap together",
        edits=(put("/linux/resources", {"memory": {"limit": 96 * _MEBIBYTE, "swap": 128 * _MEBIBYTE}}),),
    ),
    Case(
        name="cgroups/memory-unlimited",
        title="No limit of memory, said in so many words",
        edits=(put("/linux/resources", {"memory": {"limit": -1, "swap": -1, "reservation": -1}}),),
    ),
    *(
        Case(
            name=f"cgroups/memory-{name.lower()}",
            title=f"A limit that has fallen from favour: {name}",
            edits=(put("/linux/resources", {"memory": {name: 64 * _MEBIBYTE}}),),
        )
        for name in ("kernel", "kernelTCP")
    ),
    *(
        Case(
            name=f"cgroups/v2-{name.lower()}",
            title=f"A setting that cgroup v2 has nothing for: {name}",
            edits=(put("/linux/resources", {controller: {}}),),
            defect=put(f"/linux/resources/{controller}/{name}", value),
            needs=_needs_v2,
        )
        for controller, name, value in (
            ("memory", "swappiness", 37),
            ("memory", "disableOOMKiller", True),
            ("cpu", "realtimePeriod", 500_000),
        )
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
        name="cgroups/cpu-burst",
        title="A burst beyond the quota",
        edits=(put("/linux/resources", {"cpu": {"quota": 70000, "burst": 20000}}),),
    ),
    Case(
        name="cgroups/cpu-burst-above-quota",
        title="A burst larger than the quota",
        edits=(put("/linux/resources", {"cpu": {"quota": 70000, "burst": 80000}}),),
    ),
    Case(
        name="cgroups/cpu-idle",
        title="A cgroup that gets what others leave",
        edits=(put("/linux/resources", {"cpu": {"idle": 1}}),),
    ),
    Case(
        name="cgroups/cpu-realtime-period",
        title="The period of real-time scheduling",
        edits=(put("/linux/resources", {"cpu": {"realtimePeriod": 500_000}}),),
    ),
    Case(
        name="cgroups/cpu-realtime",
        title="A budget of real-time scheduling, which few cgroups have to give",
        edits=(put("/linux/resources", {"cpu": {"realtimePeriod": 500_000, "realtimeRuntime": 1000}}),),
    ),
    Case(
        name="cgroups/pids-unlimited",
        title="No limit of processes, said in so many words",
        edits=(put("/linux/resources", {"pids": {"limit": -1}}),),
    ),
    Case(
        name="cgroups/pids-none",
        title="A limit of no process at all",
        edits=(put("/linux/resources", {"pids": {"limit": 0}}),),
    ),
    Case(
        name="cgroups/cpuset",
        title="One processor and one memory node",
        edits=(put("/linux/resources", {"cpu": {"cpus": "0", "mems": "0"}}),),
        needs=_needs_first_processor,
    ),
)
