"""What a container has used, from the control files of v1 and v2, in the form of `events --stats`.

The names are those that engines read from runc; numbers are bytes, nanoseconds or counts. What no controller counts is left out.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.cgroups.setting import Current

_NO_LIMIT = (1 << 64) - 1


def collect(current: "Current") -> "dict[str, Any]":
    """Return the document; `current` reads a control file of the container, "" if there is none."""
    chapters = {"cpu": _cpu(current), "memory": _memory(current), "pids": _pids(current)}
    return {name: chapter for name, chapter in chapters.items() if chapter}


def _cpu(current: "Current") -> "dict[str, Any]":
    stat = _table(current("cpu.stat"))
    throttling = {
        "periods": stat.get("nr_periods", 0),
        "throttledPeriods": stat.get("nr_throttled", 0),
        "throttledTime": stat.get("throttled_time", 1000 * stat.get("throttled_usec", 0)),
    }
    if "usage_usec" in stat:
        kernel, user = 1000 * stat.get("system_usec", 0), 1000 * stat.get("user_usec", 0)
        return {"usage": {"total": 1000 * stat["usage_usec"], "kernel": kernel, "user": user}, "throttling": throttling}
    total = current("cpuacct.usage")
    if not total:
        return {}
    per_cpu = [int(each) for each in current("cpuacct.usage_percpu").split()]
    kernel, user = (_number(current(f"cpuacct.usage_{mode}")) for mode in ("sys", "user"))
    return {"usage": {"total": int(total), "percpu": per_cpu, "kernel": kernel, "user": user}, "throttling": throttling}


def _memory(current: "Current") -> "dict[str, Any]":
    raw = _table(current("memory.stat"))
    for usage, limit, swap_usage, swap_limit in (
        ("memory.current", "memory.max", "memory.swap.current", "memory.swap.max"),
        ("memory.usage_in_bytes", "memory.limit_in_bytes", "memory.memsw.usage_in_bytes", "memory.memsw.limit_in_bytes"),
    ):
        used = current(usage)
        if used:
            cache = raw.get("file", raw.get("cache", 0))
            swap = {"usage": _number(current(swap_usage)), "limit": _number(current(swap_limit))}
            return {"usage": {"usage": int(used), "limit": _number(current(limit))}, "swap": swap, "cache": cache, "raw": raw}
    return {}


def _pids(current: "Current") -> "dict[str, Any]":
    count = current("pids.current")
    return {"current": int(count), "limit": _number(current("pids.max"))} if count else {}


def _table(text: str) -> "dict[str, int]":
    """Return lines of a name and a number."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _NO_LIMIT if text == "max" else 0
