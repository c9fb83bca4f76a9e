"""Faults in what the program gets: arguments, variables, working directory, OOM score, limits."""

from typing import Any

from specs.linux.rlimits import RLIMITS
from tests.faulty.fault import Fault
from tests.faulty.faults.credentials import refuse

Config = dict[str, Any]


def _other_variables_dropped(config: Config) -> None:
    variables = config["process"].get("env", [])
    variables[:] = [entry for entry in variables if entry.startswith("PATH=")]


def _bare_name_not_searched(config: Config) -> None:
    """Run the probe by its path, and leave nothing of that name on PATH."""
    args = config["process"]["args"]
    if "/" not in args[0]:
        args[0] = "/probe"
        config["mounts"].append({"destination": "/tools", "type": "tmpfs", "source": "tmpfs"})


def _soft_limits_lowered(config: Config) -> None:
    for entry in config["process"].get("rlimits", ()):
        entry["soft"] = max(entry["soft"] - 1, 0)


def _hard_limits_lowered(config: Config) -> None:
    for entry in config["process"].get("rlimits", ()):
        entry["hard"] = max(entry["hard"] - 1, entry["soft"])


def _getrlimit_blocked(config: Config) -> None:
    if config["process"].get("rlimits"):
        rule = {"names": ["prlimit64"], "action": "SCMP_ACT_ERRNO"}
        config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}


def _unknown_limits_dropped(config: Config) -> None:
    limits = config["process"].get("rlimits", [])
    limits[:] = [entry for entry in limits if entry["type"] in RLIMITS]


def _repeated_limits_dropped(config: Config) -> None:
    limits = config["process"].get("rlimits", [])
    limits[:] = {entry["type"]: entry for entry in limits}.values()


def _another_size(config: Config) -> None:
    if config["process"].get("terminal") and "consoleSize" in config["process"]:
        config["process"]["consoleSize"]["height"] += 1


def _size_refused(config: Config) -> None:
    if "consoleSize" in config["process"] and not config["process"].get("terminal"):
        refuse(config)


def _affinity_for_init(config: Config) -> None:
    cpus = config["process"].get("execCPUAffinity", {}).get("final")
    if cpus:
        config["linux"].setdefault("resources", {})["cpu"] = {"cpus": cpus}


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="cwd-ignored",
        reddens=("config.process.cwd.effect",),
        config=lambda config: config["process"].update(cwd="/"),
    ),
    Fault(name="env-dropped", reddens=("config.process.env.effect",), config=_other_variables_dropped),
    Fault(
        name="args-truncated",
        reddens=("config.process.args.effect",),
        config=lambda config: config["process"].update(args=config["process"]["args"][:1]),
    ),
    Fault(
        name="bare-name-not-searched",
        reddens=("config.process.args.execvp-file",),
        config=_bare_name_not_searched,
    ),
    Fault(
        name="oom-score-ignored",
        reddens=("config.process.oomscoreadj.set",),
        config=lambda config: config["process"].pop("oomScoreAdj", None),
    ),
    Fault(
        name="oom-score-always-set",
        reddens=("config.process.oomscoreadj.unset",),
        config=lambda config: config["process"].setdefault("oomScoreAdj", 654),
    ),
    Fault(name="soft-limit-lowered", reddens=("config.process.rlimits.soft.effect",), config=_soft_limits_lowered),
    Fault(name="hard-limit-lowered", reddens=("config.process.rlimits.hard.effect",), config=_hard_limits_lowered),
    Fault(name="getrlimit-blocked", reddens=("config.process.rlimits.getrlimit-succeeds",), config=_getrlimit_blocked),
    Fault(
        name="unknown-limit-ignored",
        reddens=("config.process.rlimits.type.unmappable-error",),
        config=_unknown_limits_dropped,
    ),
    Fault(
        name="repeated-limit-ignored",
        reddens=("config.process.rlimits.duplicate-error",),
        config=_repeated_limits_dropped,
    ),
    Fault(name="terminal-for-stderr", behaviour="create_with_terminal", reddens=("config.process.terminal.default",)),
    Fault(name="terminal-not-on-console", behaviour="create_without_console", reddens=("linux.default-devices.console",)),
    Fault(name="terminal-ignored", behaviour="create_without_terminal", reddens=("config.process.terminal.linux-pty",)),
    Fault(
        name="terminal-of-another-size",
        reddens=("config.process.consolesize.effect",),
        config=_another_size,
    ),
    Fault(
        name="size-without-terminal-refused",
        reddens=("config.process.consolesize.ignored",),
        config=_size_refused,
    ),
    Fault(
        name="scheduler-ignored",
        reddens=tuple(
            f"config.process.scheduler.{name}.effect" for name in ("policy", "nice", "priority", "runtime", "deadline", "period")
        ),
        config=lambda config: config["process"].pop("scheduler", None),
    ),
    Fault(
        name="io-priority-ignored",
        reddens=("config.process.iopriority.whole-group",),
        config=lambda config: config["process"].pop("ioPriority", None),
    ),
    Fault(
        name="exec-affinity-for-init",
        reddens=("config.process.execcpuaffinity.not-init",),
        config=_affinity_for_init,
    ),
)
