"""linux.resources for the hierarchies that there are: each controller's part is planned for the version that has it."""

from reference_runtime.cgroups.layout import of_controller, unified
from reference_runtime.cgroups.resources import check
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from reference_runtime.cgroups.layout import Hierarchy
    from reference_runtime.cgroups.setting import Current, Setting

    Plan = Callable[[dict[str, Any], Current], list[Setting]]

_CONTROLLERS = (
    ("cpu", "cpu"),
    ("cpuset", "cpuset"),
    ("memory", "memory"),
    ("blkio", "io"),
    ("pids", "pids"),
    ("hugetlb", "hugetlb"),
    ("rdma", "rdma"),
    ("net_cls", ""),
    ("net_prio", ""),
)
"""Names on v1 and on v2, where network has no controller."""


def nothing(_file: str) -> str:
    """Return what the files of a new cgroup say: nothing that matters."""
    return ""


def plan(resources: "dict[str, Any]", hierarchies: "Sequence[Hierarchy]", current: "Current" = nothing) -> "list[Setting]":
    """Return the control files to write, in order; the device list is planned apart.

    Raises RuntimeFault for an invalid value, for what a version cannot express, and for a controller that isn't there.
    """
    check(resources)
    settings: list[Setting] = []
    for old, new in _CONTROLLERS:
        settings += _planned(resources, hierarchies, current, old, new)
    return settings + _unified(resources, hierarchies)


def _planned(
    resources: "dict[str, Any]", hierarchies: "Sequence[Hierarchy]", current: "Current", old: str, new: str
) -> "list[Setting]":
    on_v1, on_v2 = of_controller(hierarchies, old), of_controller(hierarchies, new)
    if on_v2 is not None and on_v2.v2:
        from reference_runtime.cgroups import v2

        return v2.PLANS[new](resources, current)
    from reference_runtime.cgroups import v1

    asked = v1.PLANS[old](resources, current)
    if asked and (on_v1 is None or on_v1.v2):
        raise RuntimeFault(f"no hierarchy here has the {old} controller", where=asked[0].where)
    return asked


def _unified(resources: "dict[str, Any]", hierarchies: "Sequence[Hierarchy]") -> "list[Setting]":
    if not resources.get("unified"):
        return []
    from reference_runtime.cgroups import v2

    settings = v2.unified(resources)
    hierarchy = unified(hierarchies)
    for setting in settings:
        if hierarchy is None:
            raise RuntimeFault("this host has no unified hierarchy", where=setting.where)
        if setting.controller and setting.controller not in hierarchy.controllers:
            raise RuntimeFault(f"the unified hierarchy has no {setting.controller} controller", where=setting.where)
    return settings


_ZERO_IS_UNSET = (
    *("limit", "reservation", "swap", "kernel", "kernelTCP", "weight", "leafWeight"),
    *("shares", "quota", "period", "realtimeRuntime", "realtimePeriod"),
)


def without_zeros(resources: "dict[str, Any]") -> "dict[str, Any]":
    """Return the resources of an update without the zeros by which engines say "leave it as it is"."""
    kept: dict[str, Any] = {}
    for chapter, value in resources.items():
        kept[chapter] = value
        if chapter in ("memory", "cpu", "pids", "blockIO") and isinstance(value, dict):
            kept[chapter] = {name: each for name, each in value.items() if each != 0 or name not in _ZERO_IS_UNSET}
    return kept
