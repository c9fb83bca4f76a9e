"""When the program gets a processor, and its input and output."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property

_CAP_SYS_NICE = 23
_MICROSECOND = 1000


def scheduler(host: Host) -> SearchStrategy[Feature]:
    """Generate a policy with the attributes that belong to it; those of real time take a capability."""
    niceness = st.integers(0 if not host.can(_CAP_SYS_NICE) else -20, 19)
    policies: list[SearchStrategy[dict[str, Any]]] = [
        st.fixed_dictionaries({"policy": st.sampled_from(("SCHED_OTHER", "SCHED_BATCH")), "nice": niceness}),
        st.just({"policy": "SCHED_IDLE"}),
    ]
    if host.can(_CAP_SYS_NICE):
        policies.append(
            st.fixed_dictionaries({"policy": st.sampled_from(("SCHED_FIFO", "SCHED_RR")), "priority": st.integers(1, 99)})
        )
        policies.append(st.lists(st.integers(2000, 100_000), min_size=3, max_size=3).map(_deadline))
    return st.one_of(*policies).map(
        lambda given: Feature(
            name="process.scheduler",
            shows=("config.process.scheduler.*",),
            edits=(put("/process/scheduler", given),),
        )
    )


def _deadline(microseconds: list[int]) -> dict[str, Any]:
    """Return a budget, deadline and period in the order that the kernel wants; small, since it grants no more than there is."""
    _, deadline, period = (each * _MICROSECOND for each in sorted(microseconds))
    return {"policy": "SCHED_DEADLINE", "runtime": 1500 * _MICROSECOND, "deadline": deadline, "period": period}


def io_priority(host: Host) -> SearchStrategy[Feature]:
    """Generate a class of I/O priority and a level."""
    classes = ("IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE", *(("IOPRIO_CLASS_RT",) if host.can(_CAP_SYS_NICE) else ()))
    return st.tuples(st.sampled_from(classes), st.integers(0, 7)).map(
        lambda given: Feature(
            name="process.ioPriority",
            shows=("config.process.iopriority.*",),
            edits=(put("/process/ioPriority", {"class": given[0], "priority": given[1]}),),
        )
    )


PROPERTIES = (Property("process.scheduler", scheduler), Property("process.ioPriority", io_priority))
