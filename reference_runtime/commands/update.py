"""update: change the resources of a container; what is left out, or zero as engines write it, stays as it is."""

from reference_runtime.command_line import VALUE
from reference_runtime.config.reader import read_document
from reference_runtime.fault import RuntimeFault
from reference_runtime.invocation import Invocation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FLAGS = {
    "blkio-weight": ("blockIO", "weight"),
    "cpu-period": ("cpu", "period"),
    "cpu-quota": ("cpu", "quota"),
    "cpu-burst": ("cpu", "burst"),
    "cpu-share": ("cpu", "shares"),
    "cpu-rt-period": ("cpu", "realtimePeriod"),
    "cpu-rt-runtime": ("cpu", "realtimeRuntime"),
    "cpuset-cpus": ("cpu", "cpus"),
    "cpuset-mems": ("cpu", "mems"),
    "cpu-idle": ("cpu", "idle"),
    "memory": ("memory", "limit"),
    "memory-reservation": ("memory", "reservation"),
    "memory-swap": ("memory", "swap"),
    "pids-limit": ("pids", "limit"),
}
_WORDS = frozenset({"cpus", "mems"})
FLAGS = {"resources": VALUE, **dict.fromkeys(_FLAGS, VALUE)}


def run(call: Invocation) -> int:
    """Carry it out; returns the exit status."""
    from reference_runtime.cgroups.plan import plan, without_zeros
    from reference_runtime.container.state import STOPPED, Container

    file = call.line.value("resources")
    resources = read_document(call.absolute(file) if file != "-" else file)[0] if file else _by_flags(call)
    if not isinstance(resources, dict):
        raise RuntimeFault("must be an object", where="$")
    directory = call.container()
    directory.lock()
    container = Container.load(directory)
    if container.status() == STOPPED:
        raise RuntimeFault("container not running: it is stopped")
    cgroup = container.cgroup
    cgroup.apply(plan(without_zeros(resources), cgroup.hierarchies, cgroup.current))
    if resources.get("devices"):
        from reference_runtime.cgroups.device_rules import rules

        devices = (container.config().get("linux") or {}).get("devices") or ()
        cgroup.restrict_devices(rules(resources["devices"], devices))
    return 0


def _by_flags(call: Invocation) -> "dict[str, Any]":
    resources: dict[str, dict[str, Any]] = {}
    for flag, (chapter, name) in _FLAGS.items():
        text = call.line.value(flag)
        if text:
            resources.setdefault(chapter, {})[name] = text if name in _WORDS else _number(flag, text)
    return resources


def _number(flag: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise RuntimeFault(f"--{flag} needs a number, not {text!r}") from None
