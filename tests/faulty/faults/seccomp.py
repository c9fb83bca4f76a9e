"""Faults in seccomp filters."""

from collections.abc import Callable
from typing import Any

from conformance.expectations.unappliable import NO_SUCH
from conformance.expectations.valid_values import INVALID
from specs.linux.seccomp import CARRIES_ERRNO
from tests.faulty.fault import Fault

Config = dict[str, Any]
Filter = dict[str, Any]
_EIO, _EINVAL = 5, 22


def _changing(change: Callable[[Filter], object]) -> Callable[[Config], None]:
    """Change the filter in place, if there is one."""

    def changed(config: Config) -> None:
        if "seccomp" in config["linux"]:
            change(config["linux"]["seccomp"])

    return changed


def _logging_ignored(config: Config) -> None:
    if config["linux"].get("seccomp", {}).get("defaultAction") == "SCMP_ACT_LOG":
        del config["linux"]["seccomp"]


def _default_traced(seccomp: Filter) -> None:
    if seccomp["defaultAction"] == "SCMP_ACT_ERRNO":
        seccomp["defaultAction"] = "SCMP_ACT_TRACE"


def _trapped_for_killed(seccomp: Filter) -> None:
    for entry in seccomp["syscalls"]:
        if entry["action"] == "SCMP_ACT_KILL_THREAD":
            entry["action"] = "SCMP_ACT_TRAP"


def _errno_of_entries(seccomp: Filter) -> None:
    for entry in seccomp["syscalls"]:
        if entry["action"] in CARRIES_ERRNO and "errnoRet" in entry:
            entry["errnoRet"] = _EINVAL


def _default_errno_of_entries(seccomp: Filter) -> None:
    for entry in seccomp["syscalls"]:
        if entry["action"] in CARRIES_ERRNO:
            entry.setdefault("errnoRet", _EIO)


def _errno_of_default(seccomp: Filter) -> None:
    if seccomp["defaultAction"] in CARRIES_ERRNO and "defaultErrnoRet" in seccomp:
        seccomp["defaultErrnoRet"] = _EINVAL


def _default_errno_of_default(seccomp: Filter) -> None:
    if seccomp["defaultAction"] in CARRIES_ERRNO:
        seccomp.setdefault("defaultErrnoRet", _EIO)


def _first_condition_only(seccomp: Filter) -> None:
    for entry in seccomp["syscalls"]:
        if "args" in entry:
            del entry["args"][1:]


def _operator(name: str, instead: str) -> Callable[[Filter], None]:
    def change(seccomp: Filter) -> None:
        for entry in seccomp["syscalls"]:
            for condition in entry.get("args", ()):
                if condition["op"] == f"SCMP_CMP_{name}":
                    condition["op"] = f"SCMP_CMP_{instead}"

    return change


def _halved(seccomp: Filter) -> None:
    """Compare with the lower 32 bits of the configured value."""
    for entry in seccomp["syscalls"]:
        for condition in entry.get("args", ()):
            condition["value"] &= 0xFFFFFFFF


def _impossible_errno_of_entries_dropped(seccomp: Filter) -> None:
    for entry in seccomp["syscalls"]:
        if entry["action"] not in CARRIES_ERRNO:
            entry.pop("errnoRet", None)


def _impossible_errno_of_default_dropped(seccomp: Filter) -> None:
    if seccomp["defaultAction"] not in CARRIES_ERRNO:
        seccomp.pop("defaultErrnoRet", None)


def _fault(name: str, change: Callable[[Filter], object], *reddens: str, real: str = "runc") -> Fault:
    requirements = tuple(f"linux.seccomp.{requirement}" for requirement in reddens)
    return Fault(name=f"seccomp-{name}", reddens=requirements, config=_changing(change), real=real)


def _architectures_ignored(seccomp: Filter) -> None:
    if INVALID not in seccomp.get("architectures", ()):
        seccomp.pop("architectures", None)


def _unheard_ignored(seccomp: Filter) -> None:
    """Do without an agent that is not there."""
    if NO_SUCH in seccomp.get("listenerPath", ""):
        del seccomp["listenerPath"]
        for entry in seccomp["syscalls"]:
            if entry["action"] == "SCMP_ACT_NOTIFY":
                entry["action"] = "SCMP_ACT_ERRNO"


def _unneeded_agent_refused(seccomp: Filter) -> None:
    """Have the real runtime refuse a path that is of no use."""
    actions = {entry["action"] for entry in seccomp["syscalls"]}
    if "listenerPath" in seccomp and "SCMP_ACT_NOTIFY" not in actions:
        seccomp["defaultAction"] = "SCMP_ACT_UNKNOWN"


def _agent(behaviour: str, *reddens: str) -> Fault:
    requirements = tuple(f"linux.{requirement}" for requirement in reddens)
    return Fault(name=behaviour.replace("_", "-"), reddens=requirements, behaviour=behaviour)


_COMPARED = ("syscalls.args.effect", "syscalls.args.op.values")


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="seccomp-logging-ignored",
        reddens=("linux.seccomp.effect", "linux.seccomp.defaultaction.effect"),
        config=_logging_ignored,
    ),
    _fault("default-traced", _default_traced, "defaultaction.effect"),
    _fault("trap-for-kill", _trapped_for_killed, "syscalls.action.effect"),
    _fault("errno-ignored", _errno_of_entries, "syscalls.errnoret.effect"),
    _fault("errno-defaults-to-another", _default_errno_of_entries, "syscalls.errnoret.default"),
    _fault("default-errno-ignored", _errno_of_default, "defaulterrnoret.effect"),
    _fault("default-errno-defaults-to-another", _default_errno_of_default, "defaulterrnoret.default"),
    _fault("second-condition-ignored", _first_condition_only, "syscalls.args.effect"),
    _fault("le-for-lt", _operator("LT", "LE"), *_COMPARED),
    _fault("lt-for-le", _operator("LE", "LT"), *_COMPARED),
    _fault("le-for-eq", _operator("EQ", "LE"), *_COMPARED),
    _fault("gt-for-ne", _operator("NE", "GT"), *_COMPARED),
    _fault("values-halved", _halved, *_COMPARED),
    _fault("architectures-ignored", _architectures_ignored, "architectures.effect"),
    _fault(
        "impossible-errno-dropped",
        _impossible_errno_of_entries_dropped,
        "syscalls.errnoret.unsupported-error",
        real="crun",
    ),
    _fault(
        "impossible-default-errno-dropped",
        _impossible_errno_of_default_dropped,
        "defaulterrnoret.unsupported-error",
        real="crun",
    ),
    _fault("flags-ignored", lambda seccomp: seccomp.pop("flags", None), "flags.log", "flags.wait-killable"),
    _fault("absent-agent-ignored", _unheard_ignored, "listenerpath.send-fail-error"),
    _fault("unneeded-agent-refused", _unneeded_agent_refused, "listenerpath.ignored"),
    _agent("agent_hears_nothing", "seccomp.listenerpath.sends-state", "seccomp.listenerpath.socket-type"),
    _agent(
        "agent_hears_it_twice",
        "seccomp.listenerpath.one-state",
        "seccomp.listenerpath.not-reused",
        "process-state.fds-first-only",
        "seccomp.listenerpath.fds",
    ),
    _agent("agent_is_kept_waiting", "seccomp.listenerpath.closed"),
    _agent("agent_gets_no_descriptor", "process-state.scm-rights", "seccomp.listenerpath.fds", "seccomp.listenerpath.seccompfd"),
    _agent("agent_gets_no_names", "seccomp.listenerpath.fds"),
    _agent("agent_gets_another_name", "seccomp.listenerpath.seccompfd"),
    _agent("agent_gets_descriptors_swapped", "process-state.fds-index"),
    _agent("agent_gets_descriptors_late", "process-state.fds-first-only"),
    _agent("agent_hears_no_json", "process-state.payload"),
    _agent("agent_hears_no_version", "process-state.ociversion"),
    _agent("agent_hears_another_pid", "process-state.pid"),
    _agent("agent_hears_no_state", "process-state.state"),
    _agent("agent_hears_other_metadata", "seccomp.listenermetadata.sent"),
)
