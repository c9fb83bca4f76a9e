"""config.md, POSIX-platform Hooks, and the hook steps of runtime.md, Lifecycle.

Evidence comes from the hooks themselves: each is held by the harness while it runs and looked at (record.hook).
"""

from collections.abc import Callable

from conformance.expectations.contract import Applicability, Applies, Evidence, Inconclusive, Judge, created, violated
from conformance.expectations.hook_calls import (
    KINDS,
    OPERATION,
    RUNTIME_KINDS,
    about_hooks,
    any_kind,
    calls,
    entries,
    has,
    performed,
)
from conformance.record.config import Config
from conformance.record.hook import HookCall
from conformance.record.host import Host
from conformance.record.record import Record


def invoked(kind: str) -> Judge:
    """Judge whether each hook of the kind ran once."""

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        operation = performed(record, OPERATION[kind])
        if any(call.exit_status for call in record.hooks):
            raise Inconclusive("what follows a failed hook is another matter")
        wanted = list(range(len(entries(config, kind))))
        seen = sorted(call.index for call in record.hooks if call.kind == kind)
        if seen != wanted:
            violated(expected=f"{kind} hooks {wanted} run once each", observed=seen, evidence=operation.describe())
        return Evidence(f"{kind} hooks {wanted} run once each", seen)

    return judge


def _order(config: Config, _host: Host, record: Record) -> Evidence:
    seen = {kind: [call.index for call in calls(record, kind)] for kind in KINDS if len(entries(config, kind)) > 1}
    for kind, indexes in seen.items():
        if indexes != sorted(indexes):
            violated(expected=f"{kind} hooks in list order", observed=indexes)
    if not any(len(indexes) > 1 for indexes in seen.values()):
        raise Inconclusive("no two hooks of one list were seen")
    return Evidence("hooks of each list in list order", seen)


def _several_of_one_kind(config: Config, _host: Host) -> Applicability:
    return any(len(entries(config, kind)) > 1 for kind in KINDS)


def _before(first: str, second: str) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        last_of_first, first_of_second = calls(record, first)[-1], calls(record, second)[0]
        if first_of_second.arrived < last_of_first.arrived:
            violated(expected=f"{first} before {second}", observed=f"{second} came first")
        return Evidence(f"{first} before {second}", [last_of_first.arrived, first_of_second.arrived])

    return judge


def _state_on_stdin(_config: Config, _host: Host, record: Record) -> Evidence:
    if not record.hooks:
        raise Inconclusive("no hook was seen")
    for call in record.hooks:
        shown = None if call.state is None else call.state.get("id")
        if shown != record.container_id:
            violated(
                expected=f"the state of {record.container_id} on stdin of {call.kind}",
                observed=call.stdin[:300].decode(errors="backslashreplace"),
            )
    return Evidence(f"the state of {record.container_id} on stdin", [f"{call.kind} {call.index}" for call in record.hooks])


def _runtime_namespace(kind: str) -> Judge:
    def judge(_config: Config, host: Host, record: Record) -> Evidence:
        for call in calls(record, kind):
            differing = {name: inode for name, inode in call.namespaces.items() if host.namespaces.get(name, inode) != inode}
            if differing:
                violated(expected="the runtime's namespaces", observed={"hook": call.index, "differing": differing})
        return Evidence("the runtime's namespaces", dict(calls(record, kind)[0].namespaces))

    return judge


def _container_namespace(kind: str, names: Callable[[Record], list[str]]) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        wanted = created(record).namespaces
        for call in calls(record, kind):
            differing = {n: call.namespaces[n] for n in names(record) if call.namespaces.get(n, wanted[n]) != wanted[n]}
            if differing:
                violated(expected={name: wanted[name] for name in differing}, observed={"hook": call.index} | differing)
        return Evidence({name: wanted[name] for name in names(record)}, "the same for each hook")

    return judge


def _mount_only(_record: Record) -> list[str]:
    # Whether more than the mount namespace is promised to createContainer hooks is left open by the text.
    return ["mnt"]


def _all_namespaces(record: Record) -> list[str]:
    # A time namespace is entered at exec, so a hook run before it may lawfully be in the old one.
    return [name for name in created(record).namespaces if name != "time"]


def _during(kind: str) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        due = OPERATION[kind]
        for call in calls(record, kind):
            if kind == "poststop" and _undone(call, record):
                raise Inconclusive(f"{call.operation} failed, and whether what it made is deleted like a container is left open")
            if call.operation != due and not (kind == "startContainer" and _started_before(call, record)):
                violated(
                    expected=f"{kind} hooks during {due}", observed=f"hook {call.index} during {call.operation or 'nothing'}"
                )
            _moment(kind, call, record)
        return Evidence(f"{kind} hooks during {due}", [call.arrived for call in calls(record, kind)])

    return judge


def _undone(call: HookCall, record: Record) -> bool:
    """Whether the hook was called by a create or start that failed: what had been made by then is taken away again."""
    return any(op.name == call.operation and op.name in {"create", "start"} and not op.succeeded for op in record.operations)


def _started_before(call: HookCall, record: Record) -> bool:
    """Whether start had begun: that it waits for the hooks which the container's own process calls is not demanded."""
    return any(op.name == "start" and op.started <= call.arrived for op in record.operations)


def _moment(kind: str, call: HookCall, record: Record) -> None:
    """Judge what is special to the moment of one kind."""
    if kind == "createContainer" and not call.root_has_marker:
        violated(expected="before pivot_root: the hook's / is still the runtime's", observed="the hook's / is the container's")
    if kind == "startContainer" and any(moment < call.arrived for moment in record.program_started):
        violated(expected="before the program", observed="the program was already running")
    if kind == "poststart" and call.container_exe and record.running and call.container_exe != record.running.process.exe:
        violated(expected="after the program was executed", observed=f"the process still executes {call.container_exe}")
    if kind == "poststop" and call.container_alive:
        violated(expected="after the container is deleted", observed="its process is alive")


def _arguments(config: Config, _host: Host, record: Record) -> Evidence:
    seen = []
    for call, entry in _with_entries(config, record, "args"):
        if call.argv != tuple(entry["args"]):
            violated(expected=tuple(entry["args"]), observed=call.argv)
        seen.append(f"{call.kind} {call.index}")
    return Evidence("argv as configured", seen)


def _environment(config: Config, _host: Host, record: Record) -> Evidence:
    seen = []
    for call, entry in _with_entries(config, record, "env"):
        missing = [variable for variable in entry["env"] if variable not in call.environ]
        if missing:
            violated(expected=list(entry["env"]), observed=list(call.environ))
        seen.append(f"{call.kind} {call.index}")
    return Evidence("environment as configured", seen)


def _with_entries(config: Config, record: Record, member: str) -> list[tuple[HookCall, Config]]:
    found = []
    for call in record.hooks:
        configured = entries(config, call.kind)
        if call.index < len(configured) and member in configured[call.index]:
            found.append((call, configured[call.index]))
    if not found:
        raise Inconclusive(f"no hook with {member} was seen")
    return found


def _sets(member: str) -> Applies:
    def applies(config: Config, _host: Host) -> Applicability:
        return any(member in entry for kind in KINDS for entry in entries(config, kind))

    return applies


_NAMESPACES = {kind: _runtime_namespace(kind) for kind in RUNTIME_KINDS} | {
    "createContainer": _container_namespace("createContainer", _mount_only),
    "startContainer": _container_namespace("startContainer", _all_namespaces),
}
_INVOKED = (
    ("runtime.lifecycle.step03-prestart", "prestart"),
    ("runtime.lifecycle.step04-createruntime", "createRuntime"),
    ("runtime.lifecycle.step05-createcontainer", "createContainer"),
    ("runtime.lifecycle.step07-startcontainer", "startContainer"),
    ("runtime.lifecycle.step09-poststart", "poststart"),
    ("runtime.lifecycle.step13-poststop", "poststop"),
)

EXPECTATIONS = (
    *(about_hooks(requirement, has(kind), invoked(kind)) for requirement, kind in _INVOKED),
    *(about_hooks(f"config.hooks.{kind.lower()}.when", has(kind), _during(kind)) for kind in KINDS),
    about_hooks("runtime.lifecycle.step03-prestart-during-create", has("prestart"), _during("prestart")),
    *(
        about_hooks(f"config.hooks.{kind.lower()}.{name}", has(kind), _NAMESPACES[kind])
        for kind in KINDS
        for name in ("exec-ns", "body-exec-ns")
    ),
    about_hooks("config.hooks.order", _several_of_one_kind, _order),
    about_hooks(
        "config.hooks.prestart.before-createruntime", has("prestart", "createRuntime"), _before("prestart", "createRuntime")
    ),
    about_hooks(
        "config.hooks.createcontainer.after-createruntime",
        has("createRuntime", "createContainer"),
        _before("createRuntime", "createContainer"),
    ),
    about_hooks("config.hooks.state-on-stdin", any_kind, _state_on_stdin),
    about_hooks("config.hooks.args.effect", _sets("args"), _arguments),
    about_hooks("config.hooks.env.effect", _sets("env"), _environment),
)
