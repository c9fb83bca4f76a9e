"""config-linux.md, Unified: control files of cgroup v2 by name, controllers that are missing, and settings that only v1 has.

Judged where v2 alone is mounted; beside v1 hierarchies it is the runtime's choice which of both to use.
"""

from collections.abc import Callable, Mapping

from conformance.expectations.cgroups import in_pages
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    must_be_refused,
    running,
    violated,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record

_CORE = "cgroup"
_OBJECTS: Mapping[str, str] = {
    "memory": "memory",
    "cpu": "cpu",
    "cpuset": "cpu",
    "pids": "pids",
    "io": "blockIO",
    "hugetlb": "hugepageLimits",
    "rdma": "rdma",
}
"""Controller to the object of `linux.resources` that may want the same files."""
_ALWAYS = (".pressure", ".stat", ".stat.local")
"""Endings of files that are there without their controller."""
_ONLY_V1: Mapping[str, tuple[str, ...]] = {
    "memory": ("swappiness", "disableOOMKiller"),
    "cpu": ("realtimeRuntime", "realtimePeriod"),
}
"""Controller to settings that cgroup v2 has nothing for. memory.kernel and kernelTCP are left out: openly contested."""


def _unified(config: Config) -> dict[str, str]:
    found = lookup(config, "/linux/resources/unified") or {}
    return {name: value for name, value in found.items() if "/" not in name and "." in name}


def _controller(file: str) -> str:
    return file.partition(".")[0]


def _on_v2(wants: Callable[[Config, Host], object]) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        resources = lookup(config, "/linux/resources") or {}
        if not resources.keys() & {"unified", *_OBJECTS.values()}:
            return False
        if host.cgroup_layout != "v2":
            return NotTestable("this lane has cgroup v1 controllers") if "unified" in resources else False
        return bool(wants(config, host))

    return applies


# Files that are written


def _plain(config: Config) -> dict[str, str]:
    """Return settings of one number or "max" that no other part of the config may have a say in."""
    resources = lookup(config, "/linux/resources") or {}
    return {
        file: value
        for file, value in _unified(config).items()
        if (value == "max" or value.isdigit()) and _OBJECTS.get(_controller(file)) not in resources
    }


def _of_controllers(config: Config, host: Host) -> dict[str, str]:
    return {file: value for file, value in _plain(config).items() if _controller(file) in host.controllers}


def _of_the_core(config: Config, _host: Host) -> dict[str, str]:
    """Return settings of files that need no controller, and that no setting of the v1 sort has ever stood for."""
    return {file: value for file, value in _plain(config).items() if _controller(file) == _CORE}


def _written(chosen: Callable[[Config, Host], dict[str, str]]) -> Callable[[Config, Host, Record], Evidence]:
    def judge(config: Config, host: Host, record: Record) -> Evidence:
        wanted, values = chosen(config, host), running(record).cgroups.values
        observed = {file: values.get(file) for file in wanted}
        for file, value in wanted.items():
            if observed[file] is None:
                raise Inconclusive(f"{file} could not be read")
            if observed[file] not in _meanings(value):
                violated(expected={file: value}, observed={file: observed[file]})
        return Evidence(wanted, observed)

    return judge


def _meanings(value: str) -> set[str]:
    """Return a value, and what the kernel may make of it: it rounds to pages, of memory or huge ones."""
    if not value.isdigit():
        return {value}
    number = int(value)
    return {value, *map(str, in_pages(number)), *(str(number - number % size) for size in (1 << 21, 1 << 30) if number >= size)}


# Controllers


def _judge_enabled(config: Config, host: Host, record: Record) -> Evidence:
    needed = {_controller(file) for file in _of_controllers(config, host)}
    content = running(record).cgroups.values.get("cgroup.controllers")
    if content is None:
        raise Inconclusive("cgroup.controllers could not be read")
    if not needed <= set(content.split()):
        violated(expected=sorted(needed), observed=content)
    return Evidence(sorted(needed), content)


def _absent(config: Config, host: Host) -> list[str]:
    """Return files of controllers that this lane does not hand on."""
    return [
        file
        for file in _unified(config)
        if _controller(file) != _CORE and _controller(file) not in host.controllers and not file.endswith(_ALWAYS)
    ]


def _judge_absent(config: Config, host: Host, record: Record) -> Evidence:
    files = _absent(config, host)
    if record.running is not None and set(files) & record.running.cgroups.values.keys():
        raise Inconclusive("the controller could be enabled after all")
    return must_be_refused(record, by="start", defect=f"no controller for {', '.join(files)}")


# Settings of the v1 sort


def _v1_style(config: Config, host: Host) -> list[str]:
    resources = lookup(config, "/linux/resources") or {}
    return [name for controller, name in _OBJECTS.items() if controller in host.controllers and resources.get(name)]


def _judge_conversion(config: Config, host: Host, record: Record) -> Evidence:
    if record.refusal is not None:
        violated(expected="a conversion, which is allowed", observed=record.refusal.describe())
    running(record)
    return Evidence("a conversion", _v1_style(config, host))


def _impossible(config: Config, host: Host) -> list[str]:
    return [
        f"{controller}.{name}"
        for controller, names in _ONLY_V1.items()
        for name in names
        if controller in host.controllers and lookup(config, f"/linux/resources/{controller}/{name}")
    ]


def _judge_impossible(config: Config, host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect=f"cgroup v2 has nothing for {', '.join(_impossible(config, host))}")


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(requirement="linux.unified.key-is-file", applies=_on_v2(_of_controllers), judge=_written(_of_controllers)),
    Expectation(requirement="linux.unified.unknown-written", applies=_on_v2(_of_the_core), judge=_written(_of_the_core)),
    Expectation(requirement="linux.unified.controllers-enabled", applies=_on_v2(_of_controllers), judge=_judge_enabled),
    Expectation(
        requirement="linux.unified.controller-missing-error",
        applies=_on_v2(_absent),
        judge=_judge_absent,
        judges_refusal=True,
    ),
    Expectation(
        requirement="linux.unified.conversion-allowed",
        applies=_on_v2(_v1_style),
        judge=_judge_conversion,
        judges_refusal=True,
    ),
    Expectation(
        requirement="linux.unified.conversion-impossible-error",
        applies=_on_v2(_impossible),
        judge=_judge_impossible,
        judges_refusal=True,
    ),
)
