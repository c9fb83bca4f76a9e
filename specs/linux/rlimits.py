"""Resource limits. Source: asm-generic/resource.h, getrlimit(2), and fs/proc/base.c for the rows of /proc/PID/limits.

The numbers are not those of alpha, mips and sparc, which have their own.
"""

from collections.abc import Mapping
from types import MappingProxyType

RLIMITS: Mapping[str, int] = MappingProxyType(
    {
        "RLIMIT_CPU": 0,
        "RLIMIT_FSIZE": 1,
        "RLIMIT_DATA": 2,
        "RLIMIT_STACK": 3,
        "RLIMIT_CORE": 4,
        "RLIMIT_RSS": 5,
        "RLIMIT_NPROC": 6,
        "RLIMIT_NOFILE": 7,
        "RLIMIT_MEMLOCK": 8,
        "RLIMIT_AS": 9,
        "RLIMIT_LOCKS": 10,
        "RLIMIT_SIGPENDING": 11,
        "RLIMIT_MSGQUEUE": 12,
        "RLIMIT_NICE": 13,
        "RLIMIT_RTPRIO": 14,
        "RLIMIT_RTTIME": 15,
    }
)

ROWS: Mapping[str, str] = MappingProxyType(
    {
        "RLIMIT_CPU": "Max cpu time",
        "RLIMIT_FSIZE": "Max file size",
        "RLIMIT_DATA": "Max data size",
        "RLIMIT_STACK": "Max stack size",
        "RLIMIT_CORE": "Max core file size",
        "RLIMIT_RSS": "Max resident set",
        "RLIMIT_NPROC": "Max processes",
        "RLIMIT_NOFILE": "Max open files",
        "RLIMIT_MEMLOCK": "Max locked memory",
        "RLIMIT_AS": "Max address space",
        "RLIMIT_LOCKS": "Max file locks",
        "RLIMIT_SIGPENDING": "Max pending signals",
        "RLIMIT_MSGQUEUE": "Max msgqueue size",
        "RLIMIT_NICE": "Max nice priority",
        "RLIMIT_RTPRIO": "Max realtime priority",
        "RLIMIT_RTTIME": "Max realtime timeout",
    }
)
"""Title of the limit's row in /proc/PID/limits."""

INFINITY = (1 << 64) - 1
"""RLIM_INFINITY as a config.json spells it (uint64)."""
