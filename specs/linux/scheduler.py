"""Scheduling. Source: config.md#linux-process, linux/sched.h, linux/ioprio.h, sched_setattr(2) and ioprio_set(2)."""

from collections.abc import Mapping
from types import MappingProxyType

POLICIES: Mapping[str, int] = MappingProxyType(
    {
        "SCHED_OTHER": 0,
        "SCHED_FIFO": 1,
        "SCHED_RR": 2,
        "SCHED_BATCH": 3,
        "SCHED_ISO": 4,
        "SCHED_IDLE": 5,
        "SCHED_DEADLINE": 6,
    }
)
"""SCHED_ISO is a reserved number: the spec names it, no kernel has it."""

FLAGS: Mapping[str, int] = MappingProxyType(
    {
        "SCHED_FLAG_RESET_ON_FORK": 0x01,
        "SCHED_FLAG_RECLAIM": 0x02,
        "SCHED_FLAG_DL_OVERRUN": 0x04,
        "SCHED_FLAG_KEEP_POLICY": 0x08,
        "SCHED_FLAG_KEEP_PARAMS": 0x10,
        "SCHED_FLAG_UTIL_CLAMP_MIN": 0x20,
        "SCHED_FLAG_UTIL_CLAMP_MAX": 0x40,
    }
)

IOPRIO_CLASSES: Mapping[str, int] = MappingProxyType({"IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3})

IOPRIO_CLASS_SHIFT = 13
"""ioprio_get(2) returns class << 13 | level."""
