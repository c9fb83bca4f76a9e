"""What linux.resources may hold, and the rules that need no kernel to be decided."""

from reference_runtime.cgroups.setting import WHERE
from reference_runtime.config.number_list import numbers
from reference_runtime.config.shape import (
    array,
    choice,
    flag,
    int64,
    integer,
    mapping,
    record,
    text,
    uint16,
    uint32,
    uint64,
)
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNLIMITED = -1

_LIMIT = integer(UNLIMITED, (1 << 63) - 1)
_NUMBER = integer(-1, (1 << 32) - 1)
"""A device number; -1 is how older configs say "any"."""

_RATES = array(record({"major": int64, "minor": int64, "rate": uint64}, required=("major", "minor", "rate")))
THROTTLES = ("throttleReadBpsDevice", "throttleWriteBpsDevice", "throttleReadIOPSDevice", "throttleWriteIOPSDevice")

_MEMORY = record(
    {
        **dict.fromkeys(("limit", "reservation", "swap", "kernel", "kernelTCP"), _LIMIT),
        **dict.fromkeys(("disableOOMKiller", "useHierarchy", "checkBeforeUpdate"), flag),
        "swappiness": integer(0, 100),
    }
)
_CPU = record(
    {
        **dict.fromkeys(("shares", "burst", "period", "realtimePeriod"), uint64),
        **dict.fromkeys(("quota", "realtimeRuntime"), _LIMIT),
        **dict.fromkeys(("cpus", "mems"), text),
        "idle": integer(0, 1),
    }
)
_BLOCK_IO = record(
    {
        **dict.fromkeys(THROTTLES, _RATES),
        **dict.fromkeys(("weight", "leafWeight"), uint16),
        "weightDevice": array(
            record({"major": int64, "minor": int64, "weight": uint16, "leafWeight": uint16}, required=("major", "minor"))
        ),
    }
)
_DEVICE = record(
    {"allow": flag, "type": choice("a", "b", "c"), "major": _NUMBER, "minor": _NUMBER, "access": text}, required=("allow",)
)
_PRIORITY = record({"name": text, "priority": uint32}, required=("name", "priority"))
_RESOURCES = record(
    {
        "devices": array(_DEVICE),
        "memory": _MEMORY,
        "cpu": _CPU,
        "blockIO": _BLOCK_IO,
        "hugepageLimits": array(record({"pageSize": text, "limit": uint64}, required=("pageSize", "limit"))),
        "network": record({"classID": uint32, "priorities": array(_PRIORITY)}),
        "pids": record({"limit": _LIMIT}),
        "rdma": mapping(record({"hcaHandles": uint32, "hcaObjects": uint32})),
        "unified": mapping(text),
    }
)


def check(resources: "dict[str, Any]") -> None:
    """Raise RuntimeFault for a value that is invalid wherever the container runs."""
    _RESOURCES(resources, WHERE)
    _check_memory(resources.get("memory") or {})
    _check_cpu(resources.get("cpu") or {})
    _check_block_io(resources.get("blockIO") or {})
    for index, limit in enumerate(resources.get("hugepageLimits") or ()):
        _check_page_size(limit["pageSize"], f"{WHERE}.hugepageLimits[{index}].pageSize")
    for name, limits in (resources.get("rdma") or {}).items():
        _check_name(name, f"{WHERE}.rdma")
        if limits.get("hcaHandles") is None and limits.get("hcaObjects") is None:
            raise RuntimeFault("needs hcaHandles or hcaObjects", where=f"{WHERE}.rdma.{name}")
    for index, each in enumerate((resources.get("network") or {}).get("priorities") or ()):
        _check_name(each["name"], f"{WHERE}.network.priorities[{index}].name")
    for index, rule in enumerate(resources.get("devices") or ()):
        if not set(rule.get("access") or "rwm") <= set("rwm"):
            raise RuntimeFault("access is made of r, w and m", where=f"{WHERE}.devices[{index}].access")
    for file in resources.get("unified") or ():
        _check_file(file, f"{WHERE}.unified")


def _check_memory(memory: "dict[str, Any]") -> None:
    limit, swap = memory.get("limit"), memory.get("swap")
    if swap is None or swap == UNLIMITED:
        return
    where = f"{WHERE}.memory.swap"
    if limit == UNLIMITED:
        raise RuntimeFault("memory and swap together cannot be limited where memory is not", where=where)
    if limit is not None and swap < limit:
        raise RuntimeFault(f"{swap} for memory and swap together is less than the {limit} for memory", where=where)


def _check_cpu(cpu: "dict[str, Any]") -> None:
    quota, burst = cpu.get("quota"), cpu.get("burst")
    if quota is not None and burst is not None and 0 < quota < burst:
        raise RuntimeFault(f"{burst} is more than the quota of {quota}", where=f"{WHERE}.cpu.burst")
    for name in ("cpus", "mems"):
        numbers(cpu.get(name) or "", f"{WHERE}.cpu.{name}")


def _check_block_io(block_io: "dict[str, Any]") -> None:
    where = f"{WHERE}.blockIO"
    _check_weights(block_io, where)
    for index, device in enumerate(block_io.get("weightDevice") or ()):
        if device.get("weight") is None and device.get("leafWeight") is None:
            raise RuntimeFault("needs weight or leafWeight", where=f"{where}.weightDevice[{index}]")
        _check_weights(device, f"{where}.weightDevice[{index}]")


def _check_weights(parent: "dict[str, Any]", where: str) -> None:
    for name in ("weight", "leafWeight"):
        # Engines write 0 for a weight that nobody asked for; it is none of the kernel's.
        if parent.get(name) and not 10 <= parent[name] <= 1000:
            raise RuntimeFault(f"{parent[name]} is not within 10 and 1000", where=f"{where}.{name}")


def _check_page_size(size: str, where: str) -> None:
    digits, unit = size[:-2], size[-2:]
    if unit not in ("KB", "MB", "GB") or not (digits.isascii() and digits.isdigit()) or digits[0] == "0":
        raise RuntimeFault(f"{size!r} is no page size such as 2MB", where=where)


def _check_name(name: str, where: str) -> None:
    """Refuse what would become two words, or two lines, of a control file."""
    if not name or name.split() != [name]:
        raise RuntimeFault(f"{name!r} is no name of a device", where=where)


def _check_file(file: str, where: str) -> None:
    if "/" in file or "." not in file.strip("."):
        raise RuntimeFault(f"{file!r} is no file of a cgroup", where=where)
