"""Rules on `linux` of config.json."""

from collections.abc import Iterator
from typing import Any

from specs.validation.finding import Breach, shown
from specs.validation.rules import EACH, Rule, find, repeated

_WITHOUT_ERRNO = {
    "SCMP_ACT_ALLOW",
    "SCMP_ACT_LOG",
    "SCMP_ACT_KILL",
    "SCMP_ACT_KILL_THREAD",
    "SCMP_ACT_KILL_PROCESS",
}
"""Actions that plainly return no errno. The text names only examples of those that do, so the others are left alone."""
_WITHOUT_NODES = {"MPOL_DEFAULT", "MPOL_LOCAL"}
_WITH_NODES = {"MPOL_BIND", "MPOL_INTERLEAVE"}


def _namespaces(config: Any) -> Iterator[Breach]:
    for path, value in repeated(find(config, "linux", "namespaces", EACH, "type")):
        yield Breach(path, "linux.namespaces.duplicate-error", f"the namespace {shown(value)} is listed more than once")


def _devices(config: Any) -> Iterator[Breach]:
    numbered = (
        (path, (device["type"].replace("u", "c"), device["major"], device["minor"]))
        for path, device in find(config, "linux", "devices", EACH)
        if isinstance(device, dict) and isinstance(device.get("type"), str) and {"major", "minor"} <= device.keys()
        if isinstance(device["major"], int) and isinstance(device["minor"], int)
    )
    for path, (_, major, minor) in repeated(numbered):
        message = f"an earlier entry has the same type and the numbers {shown(major)}:{shown(minor)}"
        yield Breach(path, "linux.devices.no-duplicate-numbers", message)


def _discouraged(config: Any) -> Iterator[Breach]:
    for name in ("kernel", "kernelTCP"):
        for path, _ in find(config, "linux", "resources", "memory", name):
            yield Breach(path, f"linux.memory.{name.lower()}.discouraged", f"{name} is not recommended")


def _burst(config: Any) -> Iterator[Breach]:
    for path, cpu in find(config, "linux", "resources", "cpu"):
        quota, burst = (cpu.get(name) if isinstance(cpu, dict) else None for name in ("quota", "burst"))
        if isinstance(quota, int) and isinstance(burst, int) and 0 < quota < burst:
            message = f"expected a burst no larger than the quota, found {shown(burst)} with {shown(quota)}"
            yield Breach((*path, "quota"), "linux.cpu.quota.not-below-burst", message)
            yield Breach((*path, "burst"), "linux.cpu.burst.not-above-quota", message)


def _nodes(config: Any) -> Iterator[Breach]:
    for path, policy in find(config, "linux", "memoryPolicy"):
        mode, nodes = (policy.get("mode"), policy.get("nodes", "")) if isinstance(policy, dict) else (None, None)
        if not isinstance(mode, str) or not isinstance(nodes, str):
            continue
        if (mode in _WITHOUT_NODES and nodes) or (mode in _WITH_NODES and not nodes):
            wanted = "no nodes" if mode in _WITHOUT_NODES else "nodes"
            message = f"expected {wanted} with {mode}, found {shown(nodes)}"
            yield Breach(path, "linux.memorypolicy.nodes.mode-dependent", message)


def _errno(config: Any) -> Iterator[Breach]:
    for path, seccomp in find(config, "linux", "seccomp"):
        if isinstance(seccomp, dict) and "defaultErrnoRet" in seccomp and _takes_none(seccomp.get("defaultAction")):
            message = f"expected no errno with {seccomp['defaultAction']}, found {shown(seccomp['defaultErrnoRet'])}"
            yield Breach((*path, "defaultErrnoRet"), "linux.seccomp.defaulterrnoret.unsupported-error", message)
    for path, rule in find(config, "linux", "seccomp", "syscalls", EACH):
        if isinstance(rule, dict) and "errnoRet" in rule and _takes_none(rule.get("action")):
            message = f"expected no errno with {rule['action']}, found {shown(rule['errnoRet'])}"
            yield Breach((*path, "errnoRet"), "linux.seccomp.syscalls.errnoret.unsupported-error", message)


def _takes_none(action: Any) -> bool:
    return isinstance(action, str) and action in _WITHOUT_ERRNO


RULES = (
    Rule(("linux.namespaces.duplicate-error",), _namespaces),
    Rule(("linux.devices.no-duplicate-numbers",), _devices),
    Rule(("linux.memory.kernel.discouraged", "linux.memory.kerneltcp.discouraged"), _discouraged),
    Rule(("linux.cpu.quota.not-below-burst", "linux.cpu.burst.not-above-quota"), _burst),
    Rule(("linux.memorypolicy.nodes.mode-dependent",), _nodes),
    Rule(("linux.seccomp.defaulterrnoret.unsupported-error", "linux.seccomp.syscalls.errnoret.unsupported-error"), _errno),
)
