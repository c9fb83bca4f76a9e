"""Plans config.md, "Process": what the first process does about itself before it waits for `start`."""

from reference_runtime.effects.process import (
    HOME_ROOM,
    FindProgram,
    Home,
    Keyring,
    Umask,
    WorkingDirectory,
)
from reference_runtime.plan.last_calls import candidates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.effects.stage import Effect, Outside
    from reference_runtime.effects.terminal import Terminal
    from reference_runtime.plan.last_calls import LastCalls


def plan_process(config: "dict[str, Any]", *, container_id: str, keyring: bool) -> "list[Effect]":
    """Return the effects in the container, when its root is the root."""
    effects: list[Effect] = []
    if keyring:
        effects.append(Keyring(f"_ses.{container_id}"))
    personality = (config.get("linux") or {}).get("personality")
    if personality:
        from reference_runtime.effects.personality import Personality

        effects.append(Personality(personality["domain"]))
    if (config.get("linux") or {}).get("memoryPolicy"):
        from reference_runtime.plan.memory_policy import plan_memory_policy

        effects.append(plan_memory_policy(config["linux"]["memoryPolicy"]))
    process = config.get("process")
    if process is not None:
        file = process["args"][0]
        effects.append(WorkingDirectory(process["cwd"]))
        effects.append(FindProgram(file, candidates(file, process.get("env") or [])))
        umask = process["user"].get("umask")
        if umask is not None:
            effects.append(Umask(umask))
    return effects


def with_home(process: "dict[str, Any]") -> "dict[str, Any]":
    """Return the process with HOME in its environment, or room for what `plan_home` finds."""
    env = process.get("env") or []
    return process if any(each.startswith("HOME=") for each in env) else {**process, "env": [*env, HOME_ROOM]}


def plan_home(process: "dict[str, Any]", calls: "LastCalls") -> "list[Effect]":
    """Return the effect that fills that room in; `calls` are those of the process `with_home`."""
    return [] if with_home(process) is process else [Home(calls, process["user"]["uid"])]


def plan_terminal(process: "dict[str, Any]", *, console: bool) -> "Terminal | None":
    """Return the effect of process.terminal, if there is to be one."""
    if not process.get("terminal"):
        return None
    from reference_runtime.effects.terminal import Terminal

    return Terminal(size=process.get("consoleSize"), owner=process["user"]["uid"], console=console)


def plan_outside(config: "dict[str, Any]", *, container_id: str) -> "list[Outside]":
    """Return what the runtime does to the process from outside. Raises RuntimeFault."""
    process, linux = config.get("process") or {}, config.get("linux") or {}
    effects: list[Outside] = []
    if process.get("oomScoreAdj") is not None:
        from reference_runtime.effects.personality import OomScore

        effects.append(OomScore(process["oomScoreAdj"]))
    if linux.get("intelRdt") is not None:
        from reference_runtime.plan.intel_rdt import plan_intel_rdt

        effects.append(plan_intel_rdt(linux["intelRdt"], container_id))
    if linux.get("netDevices"):
        from reference_runtime.network.devices import plan_network_devices

        effects.append(plan_network_devices(config))
    return effects + plan_scheduling(process, "$.process")


def plan_scheduling(process: "dict[str, Any]", where: str) -> "list[Outside]":
    """Return how a process is to be scheduled, be it the first or one that exec adds. Raises RuntimeFault."""
    effects: list[Outside] = []
    if process.get("scheduler") is not None:
        from reference_runtime.plan.scheduling import plan_scheduler

        effects.append(plan_scheduler(process["scheduler"], f"{where}.scheduler"))
    if process.get("ioPriority") is not None:
        from reference_runtime.plan.scheduling import plan_io_priority

        effects.append(plan_io_priority(process["ioPriority"], f"{where}.ioPriority"))
    return effects
