"""Plans process.scheduler and process.ioPriority (config.md, "Linux Process"): pure.

The rules are those of the kernel, so that a config that can never work is refused before anything is made.
"""

from reference_runtime.config.shape import array, choice, integer, record, uint64
from reference_runtime.effects.scheduling import IoPriority, Scheduler
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

POLICIES = {
    "SCHED_OTHER": 0,
    "SCHED_FIFO": 1,
    "SCHED_RR": 2,
    "SCHED_BATCH": 3,
    "SCHED_ISO": 4,
    "SCHED_IDLE": 5,
    "SCHED_DEADLINE": 6,
}
"""linux/sched.h; no kernel has the fourth, whose number is only kept free."""

FLAGS = {
    "SCHED_FLAG_RESET_ON_FORK": 0x01,
    "SCHED_FLAG_RECLAIM": 0x02,
    "SCHED_FLAG_DL_OVERRUN": 0x04,
    "SCHED_FLAG_KEEP_POLICY": 0x08,
    "SCHED_FLAG_KEEP_PARAMS": 0x10,
    "SCHED_FLAG_UTIL_CLAMP_MIN": 0x20,
    "SCHED_FLAG_UTIL_CLAMP_MAX": 0x40,
}
IO_CLASSES = {"IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3}

_LEAST_RUNTIME = 1024
"""Nanoseconds that a deadline task must have at least (kernel, sched/deadline.c)."""

_SCHEDULER = record(
    {
        "policy": choice(*POLICIES),
        "nice": integer(-20, 19),
        "priority": integer(0, 99),
        "flags": array(choice(*FLAGS)),
        "runtime": uint64,
        "deadline": uint64,
        "period": uint64,
    },
    required=("policy",),
)
_IO_PRIORITY = record({"class": choice(*IO_CLASSES), "priority": integer(0, 7)}, required=("class", "priority"))


def plan_scheduler(given: "dict[str, Any]", where: str) -> Scheduler:
    """Return the effect of process.scheduler. Raises RuntimeFault."""
    _SCHEDULER(given, where)
    policy = given["policy"]
    if policy == "SCHED_ISO":
        raise RuntimeFault("no kernel has this policy", where=f"{where}.policy")
    priority = given.get("priority") or 0
    if (policy in ("SCHED_FIFO", "SCHED_RR")) != (priority > 0):
        raise RuntimeFault(f"{policy} cannot have the priority {priority}", where=f"{where}.priority")
    times = tuple(given.get(name) or 0 for name in ("runtime", "deadline", "period"))
    if policy == "SCHED_DEADLINE":
        _check_times(times, where)
    flags = 0
    for name in given.get("flags") or ():
        flags |= FLAGS[name]
    return Scheduler(
        policy, POLICIES[policy], flags=flags, nice=given.get("nice") or 0, priority=priority, times=times, where=where
    )


def _check_times(times: "tuple[int, ...]", where: str) -> None:
    runtime, deadline, period = times
    if runtime < _LEAST_RUNTIME:
        raise RuntimeFault(f"SCHED_DEADLINE needs at least {_LEAST_RUNTIME} ns", where=f"{where}.runtime")
    if deadline < runtime:
        raise RuntimeFault(f"{deadline} is less than the runtime of {runtime}", where=f"{where}.deadline")
    if 0 < period < deadline:
        raise RuntimeFault(f"{period} is less than the deadline of {deadline}", where=f"{where}.period")


def plan_io_priority(given: "dict[str, Any]", where: str) -> IoPriority:
    """Return the effect of process.ioPriority. Raises RuntimeFault."""
    _IO_PRIORITY(given, where)
    return IoPriority(IO_CLASSES[given["class"]], given["priority"], where)
