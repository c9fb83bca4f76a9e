"""config-linux.md, Memory, CPU, PIDs: limits beyond the plain ones of cgroups.py, as the control files show them.

What only cgroup v1 has is not judged on v2: there an error is due, see unified.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from conformance.expectations.cgroups import MOST_MEMORY, control, exactly, in_pages, number, version
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    running,
    violated,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record

_UNLIMITED = -1
_WITHOUT_KERNEL_MEMORY = (5, 16, 0)


def _integer(config: Config, pointer: str) -> int | None:
    value = lookup(config, f"/linux/resources/{pointer}")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _set_by_hand(config: Config, file: str) -> bool:
    return file in (lookup(config, "/linux/resources/unified") or {})


# Bytes, and no limit

_MEMORY_FILES: Mapping[str, tuple[str, str | None]] = {
    "limit": ("memory.limit_in_bytes", "memory.max"),
    "reservation": ("memory.soft_limit_in_bytes", None),
    "swap": ("memory.memsw.limit_in_bytes", None),
}
"""Property to its file on v1, and on v2 where that holds the very number."""


def _in_bytes(config: Config, host: Host) -> Mapping[str, int]:
    """Return control files and what the config wants them to hold, -1 for no limit."""
    where, found = version(host, "memory"), {}
    for name, (v1, v2) in _MEMORY_FILES.items():
        file, wanted = (v1 if where == "v1" else v2), _integer(config, f"memory/{name}")
        if file is None or wanted is None or not (wanted == _UNLIMITED or 0 < wanted <= MOST_MEMORY):
            continue
        if not _set_by_hand(config, file):
            found[file] = wanted
    return found


def _counts_bytes(config: Config, host: Host) -> Applicability:
    limits = lookup(config, "/linux/resources/memory") or {}
    if not limits.keys() & _MEMORY_FILES.keys():
        return False
    if version(host, "memory") is None:
        return NotTestable("this lane has no memory controller")
    return bool(_in_bytes(config, host))


def _judge_bytes(config: Config, host: Host, record: Record) -> Evidence:
    """Compare what is in force; that a limit is in force at all is another requirement's."""
    wanted = _in_bytes(config, host)
    observed = {file: control(record, file) for file in wanted}
    unlimited = {file for file, shown in observed.items() if shown == "max" or (isinstance(shown, int) and shown > MOST_MEMORY)}
    for file, limit in wanted.items():
        right = file in unlimited or (limit != _UNLIMITED and observed[file] in in_pages(limit))
        if not right:
            violated(expected={file: limit}, observed={file: observed[file]})
    if all(file in unlimited and limit != _UNLIMITED for file, limit in wanted.items()):
        raise Inconclusive("no limit is in force")
    return Evidence(wanted, observed)


# Memory and swap together


def _swaps(config: Config, host: Host) -> Applicability:
    swap, limit = _integer(config, "memory/swap"), _integer(config, "memory/limit")
    if swap is None or not 0 < swap <= MOST_MEMORY or limit is None or not 0 < limit <= swap:
        return False
    if version(host, "memory") is None:
        return NotTestable("this lane has no memory controller")
    return not _set_by_hand(config, "memory.swap.max")


def _judge_swap(config: Config, host: Host, record: Record) -> Evidence:
    swap, limit = _integer(config, "memory/swap") or 0, _integer(config, "memory/limit") or 0
    file, wanted = ("memory.memsw.limit_in_bytes", swap)
    if version(host, "memory") == "v2":
        file, wanted = ("memory.swap.max", swap - limit)
    observed = control(record, file)
    if observed not in in_pages(wanted):
        violated(expected={file: wanted}, observed={file: observed})
    return Evidence({file: wanted}, {file: observed})


# Switches and numbers of v1


def _on_v1(pointer: str, *, controller: str, wants: Callable[[object], bool]) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        if not wants(lookup(config, f"/linux/resources/{pointer}")):
            return False
        where = version(host, controller)
        if where is None:
            return NotTestable(f"this lane has no {controller} controller")
        return where == "v1"

    return applies


def _swappiness(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100


def _judge_swappiness(config: Config, _host: Host, record: Record) -> Evidence:
    wanted, observed = _integer(config, "memory/swappiness"), control(record, "memory.swappiness")
    if observed != wanted:
        violated(expected={"memory.swappiness": wanted}, observed={"memory.swappiness": observed})
    return Evidence({"memory.swappiness": wanted}, {"memory.swappiness": observed})


def _judge_oom_killer(_config: Config, _host: Host, record: Record) -> Evidence:
    content = running(record).cgroups.values.get("memory.oom_control", "")
    switches = dict(line.split() for line in content.splitlines() if len(line.split()) == 2)
    if "oom_kill_disable" not in switches:
        raise Inconclusive("memory.oom_control could not be read")
    if switches["oom_kill_disable"] != "1":
        violated(expected={"oom_kill_disable": "1"}, observed=switches)
    return Evidence({"oom_kill_disable": "1"}, switches)


def _judge_hierarchy(_config: Config, _host: Host, record: Record) -> Evidence:
    observed = control(record, "memory.use_hierarchy")
    if observed != 1:
        violated(expected={"memory.use_hierarchy": 1}, observed={"memory.use_hierarchy": observed})
    return Evidence({"memory.use_hierarchy": 1}, {"memory.use_hierarchy": observed})


def _is_true(value: object) -> bool:
    return value is True


# Processors


def _is_idle(config: Config, host: Host) -> Applicability:
    if _integer(config, "cpu/idle") not in {0, 1} or _set_by_hand(config, "cpu.idle"):
        return False
    if version(host, "cpu") is None:
        return NotTestable("this lane has no cpu controller")
    return host.kernel >= (5, 15, 0) or NotTestable("Linux 5.15, which has cpu.idle")


def _judge_idle(config: Config, _host: Host, record: Record) -> Evidence:
    wanted, observed = _integer(config, "cpu/idle"), control(record, "cpu.idle")
    if observed != wanted:
        violated(expected={"cpu.idle": wanted}, observed={"cpu.idle": observed})
    return Evidence({"cpu.idle": wanted}, {"cpu.idle": observed})


def _bursts_too_much(config: Config, _host: Host) -> Applicability:
    quota, burst = _integer(config, "cpu/quota"), _integer(config, "cpu/burst")
    return quota is not None and burst is not None and 0 < quota < burst


_BURST = number("linux.cpu.burst.effect", pointer="cpu/burst", controller="cpu", v1="cpu.cfs_burst_us", v2=("cpu.max.burst", 0))


def _bursts(config: Config, host: Host) -> Applicability:
    return not _bursts_too_much(config, host) and _BURST.applies(config, host)


def _judge_too_much(_config: Config, _host: Host, record: Record) -> Evidence:
    if record.refusal is None:
        running(record)
        violated(expected="an error for a burst above the quota, which is allowed", observed="accepted")
    return Evidence("an error for a burst above the quota", record.refusal.describe(), kind="refused")


# Processes


def _pids(value: int) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        if _integer(config, "pids/limit") != value or _set_by_hand(config, "pids.max"):
            return False
        return version(host, "pids") is not None or NotTestable("this lane has no pids controller")

    return applies


def _judge_pids(wanted: int | str) -> Callable[[Config, Host, Record], Evidence]:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        observed = control(record, "pids.max")
        if observed != wanted:
            violated(expected={"pids.max": wanted}, observed={"pids.max": observed})
        return Evidence({"pids.max": wanted}, {"pids.max": observed})

    return judge


def _kernel_memory() -> Expectation:
    """Judge where the kernel has the limit: newer ones take the value and drop it, and no runtime can tell."""
    limited = number(
        "linux.memory.kernel.effect",
        pointer="memory/kernel",
        controller="memory",
        v1="memory.kmem.limit_in_bytes",
        v2=None,
        accepted=in_pages,
    )

    def applies(config: Config, host: Host) -> Applicability:
        applied = limited.applies(config, host)
        if applied is True and host.kernel >= _WITHOUT_KERNEL_MEMORY:
            return NotTestable("Linux before 5.16, which still limits kernel memory")
        return applied

    return replace(limited, applies=applies)


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(requirement="linux.memory.unit", applies=_counts_bytes, judge=_judge_bytes),
    Expectation(requirement="linux.memory.swap.effect", applies=_swaps, judge=_judge_swap),
    _kernel_memory(),
    number(
        "linux.memory.kerneltcp.effect",
        pointer="memory/kernelTCP",
        controller="memory",
        v1="memory.kmem.tcp.limit_in_bytes",
        v2=None,
        accepted=in_pages,
    ),
    Expectation(
        requirement="linux.memory.swappiness.effect",
        applies=_on_v1("memory/swappiness", controller="memory", wants=_swappiness),
        judge=_judge_swappiness,
    ),
    Expectation(
        requirement="linux.memory.disableoomkiller.true",
        applies=_on_v1("memory/disableOOMKiller", controller="memory", wants=_is_true),
        judge=_judge_oom_killer,
    ),
    Expectation(
        requirement="linux.memory.usehierarchy.effect",
        applies=_on_v1("memory/useHierarchy", controller="memory", wants=_is_true),
        judge=_judge_hierarchy,
    ),
    replace(_BURST, applies=_bursts),
    number(
        "linux.cpu.realtimeruntime.effect",
        pointer="cpu/realtimeRuntime",
        controller="cpu",
        v1="cpu.rt_runtime_us",
        v2=None,
        accepted=exactly,
    ),
    number(
        "linux.cpu.realtimeperiod.effect",
        pointer="cpu/realtimePeriod",
        controller="cpu",
        v1="cpu.rt_period_us",
        v2=None,
        accepted=exactly,
    ),
    Expectation(requirement="linux.cpu.idle.effect", applies=_is_idle, judge=_judge_idle),
    *(
        Expectation(requirement=requirement, applies=_bursts_too_much, judge=_judge_too_much, judges_refusal=True)
        for requirement in ("linux.cpu.burst.quota-error-allowed", "linux.cpu.quota.burst-error-allowed")
    ),
    Expectation(requirement="linux.pids.limit.minus-one", applies=_pids(-1), judge=_judge_pids("max")),
    Expectation(requirement="linux.pids.limit.zero", applies=_pids(0), judge=_judge_pids(0)),
)
