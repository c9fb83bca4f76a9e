"""config.md, POSIX-platform Hooks: in which namespace a hook's path is looked up, and what exists by the time it runs.

A path is followed twice by the harness, on the host and below the container's root filesystem; which of the two files the
hook executes tells where the runtime has looked.
"""

from conformance.expectations.contract import Evidence, Inconclusive, Judge, created, violated
from conformance.expectations.hook_calls import KINDS, about_hooks, calls, has
from conformance.record.config import Config, lookup
from conformance.record.hook import HookCall
from conformance.record.host import Host
from conformance.record.record import Record
from specs.linux.namespaces import NAMESPACES

_UNCERTAIN = {"pid", "cgroup", "time"}
"""Not judged: the state's pid may be of a process that makes the pid namespace and stays outside, cgroups may come later
(config.md), and a time namespace is entered at execve."""


def _looked_up_in_runtime(kind: str) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        for call in _telling(calls(record, kind)):
            if call.executed == call.inside:
                violated(
                    expected="the path is looked up in the runtime namespace",
                    observed="the file of that path within the container is executed",
                    evidence=_files(call),
                )
        return Evidence("the file that the path leads to on the host", _files(calls(record, kind)[0]))

    return judge


def _looked_up_in_container(kind: str) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        for call in _telling(calls(record, kind)):
            if call.executed == call.outside:
                violated(
                    expected="the path is looked up in the container namespace",
                    observed="the file of that path on the host is executed",
                    evidence=_files(call),
                )
        return Evidence("the file that the path leads to in the container", _files(calls(record, kind)[0]))

    return judge


def _telling(found: list[HookCall]) -> list[HookCall]:
    """Return the calls whose file tells where it was found; raises Inconclusive without any."""
    telling = [
        call
        for call in found
        if call.executed is not None and call.outside != call.inside and call.executed in {call.outside, call.inside}
    ]
    if not telling:
        raise Inconclusive("what the hook executes is the same file in both places, or neither")
    return telling


def _files(call: HookCall) -> dict[str, object]:
    return {"hook": f"{call.kind} {call.index}", "executes": call.executed, "host": call.outside, "container": call.inside}


def _after_namespaces(kind: str) -> Judge:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        wanted = {name: created(record).namespaces.get(name) for name in _new_namespaces(config)}
        seen = [call.container_namespaces for call in calls(record, kind) if call.container_namespaces]
        if not seen or not wanted:
            raise Inconclusive("no new namespaces, or the hook's state names no process")
        for namespaces in seen:
            missing = {name: namespaces[name] for name, inode in wanted.items() if namespaces.get(name, inode) != inode}
            if missing:
                violated(expected={name: wanted[name] for name in missing}, observed=missing)
        return Evidence("the namespaces exist already", wanted)

    return judge


def _new_namespaces(config: Config) -> list[str]:
    entries = [entry for entry in lookup(config, "/linux/namespaces") or () if "path" not in entry]
    kinds = [entry.get("type") for entry in entries]
    return [NAMESPACES[kind].proc for kind in kinds if kind in NAMESPACES and kind not in _UNCERTAIN]


def _before_pivot(_config: Config, _host: Host, record: Record) -> Evidence:
    wanted = created(record).namespaces.get("mnt")
    for call in calls(record, "createContainer"):
        seen = {"mnt": call.namespaces.get("mnt"), "/ is the runtime's": call.root_has_marker}
        if seen != {"mnt": wanted, "/ is the runtime's": True}:
            violated(expected={"mnt": wanted, "/ is the runtime's": True}, observed=seen)
    return Evidence({"mnt": wanted, "/ is the runtime's": True}, "the same for each hook")


EXPECTATIONS = (
    *(
        about_hooks(
            f"config.hooks.{kind.lower()}.{name}",
            has(kind),
            _looked_up_in_container(kind) if kind == "startContainer" else _looked_up_in_runtime(kind),
        )
        for kind in KINDS
        for name in ("path-ns", "body-path-ns")
    ),
    *(
        about_hooks(f"config.hooks.{kind.lower()}.after-namespaces", has(kind), _after_namespaces(kind))
        for kind in ("prestart", "createRuntime")
    ),
    about_hooks("config.hooks.createcontainer.before-pivot", has("createContainer"), _before_pivot),
)
