"""Plans config.md, "Process": what the first process does about itself before it waits for `start`."""

from reference_runtime.effects.process import FindProgram, Keyring, OomScore, Personality, Umask, WorkingDirectory
from reference_runtime.plan.program import candidates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.effects.stage import Effect
    from reference_runtime.effects.terminal import Terminal


def plan_process(config: "dict[str, Any]", *, container_id: str, keyring: bool) -> "list[Effect]":
    """Return the effects in the container, when its root is the root."""
    effects: list[Effect] = []
    if keyring:
        effects.append(Keyring(f"_ses.{container_id}"))
    personality = (config.get("linux") or {}).get("personality")
    if personality:
        effects.append(Personality(personality["domain"]))
    process = config.get("process")
    if process is not None:
        file = process["args"][0]
        effects.append(WorkingDirectory(process["cwd"]))
        effects.append(FindProgram(file, candidates(file, process.get("env") or [])))
        umask = process["user"].get("umask")
        if umask is not None:
            effects.append(Umask(umask))
    return effects


def plan_terminal(process: "dict[str, Any]", *, console: bool) -> "Terminal | None":
    """Return the effect of process.terminal, if there is to be one."""
    if not process.get("terminal"):
        return None
    from reference_runtime.effects.terminal import Terminal

    return Terminal(size=process.get("consoleSize"), owner=process["user"]["uid"], console=console)


def plan_outside(config: "dict[str, Any]") -> "list[OomScore]":
    """Return what the runtime does to the process from outside; each takes its pid."""
    value = (config.get("process") or {}).get("oomScoreAdj")
    return [] if value is None else [OomScore(value)]
