"""exec: run another process in a container that is running."""

import posix

from reference_runtime.command_line import SWITCH, VALUE
from reference_runtime.config.check_process import PROCESS, check_process_alone
from reference_runtime.config.reader import read_document
from reference_runtime.container.make import request_of, terminal_sockets
from reference_runtime.container.state import CREATED, PAUSED, RUNNING, Container
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.init.enter import Entered, Entry, enter
from reference_runtime.invocation import Invocation
from reference_runtime.kernel.files import create_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from reference_runtime.effects.stage import Effect
    from reference_runtime.init.listener import HandOver
    from reference_runtime.request import Request

FLAGS = {
    "process": VALUE,
    "detach": SWITCH,
    "tty": SWITCH,
    "pid-file": VALUE,
    "console-socket": VALUE,
    "preserve-fds": VALUE,
    "cwd": VALUE,
    "env": VALUE,
    "user": VALUE,
    "additional-gids": VALUE,
    "cap": VALUE,
    "no-new-privs": SWITCH,
    "apparmor": VALUE,
    "process-label": VALUE,
    "ignore-paused": SWITCH,
}


def run(call: Invocation) -> int:
    """Carry it out; returns the program's exit status, or 0 when it was left running."""
    arguments = call.line.arguments
    if not arguments:
        raise RuntimeFault("a container id is needed")
    request = request_of(call)
    directory = call.container(arguments[0])
    container = Container.load(directory)
    _check_status(container, ignore_paused=call.line.switch("ignore-paused"))
    config = container.config()
    process = _process(call, config, arguments[1:])
    ours, entered = _enter(container, config, process, request)
    if request.pid_file:
        try:
            create_file(request.pid_file, str(entered.pid), mode=0o644)
        except OSError as error:
            entered.kill()
            raise RuntimeFault(f"cannot write {request.pid_file}", why=reason(error)) from error
    if request.detach:
        return 0
    from reference_runtime.container.console import receive
    from reference_runtime.container.foreground import stay

    return stay(entered.pid, master=receive(ours) if ours >= 0 else -1)


def _check_status(container: Container, *, ignore_paused: bool) -> None:
    status = container.status()
    if status not in {CREATED, RUNNING} and not (status == PAUSED and ignore_paused):
        raise RuntimeFault(f"container not running: it is {status}")


def _enter(
    container: Container, config: "dict[str, Any]", process: "dict[str, Any]", request: "Request"
) -> "tuple[int, Entered]":
    """Return our end of the terminal's socket, or -1, and the process, which has executed its program."""
    from reference_runtime.plan.plan import plan_filter
    from reference_runtime.plan.process import plan_home, plan_scheduling, with_home
    from reference_runtime.plan.process_entry import plan_entry

    filter_ = plan_filter(config, posix.uname().machine)
    calls, descriptors = plan_entry(container, with_home(process), preserved=request.preserve_fds, filter_=filter_)
    effects, ours = _effects(process, request)
    effects += plan_home(process, calls)

    def hand_over(pid: int) -> "HandOver | None":
        from reference_runtime.init.listener import HandOver

        return HandOver(pid, filter_, calls.go, preserved=request.preserve_fds) if filter_ else None

    entry = Entry(calls, descriptors, effects, before=_affinity(process, "initial"), hand_over=hand_over if calls.go else None)
    scheduling = plan_scheduling(process, "$")
    entered = enter(container, entry)
    try:
        for effect in scheduling:
            effect.execute(entered.pid)
    except RuntimeFault:
        entered.kill()
        raise
    entered.release()
    return ours, entered


def _effects(process: "dict[str, Any]", request: "Request") -> "tuple[list[Effect], int]":
    from reference_runtime.effects.process import FindProgram, Umask
    from reference_runtime.plan.last_calls import candidates
    from reference_runtime.plan.process import plan_terminal

    ours = -1
    effects: list[Effect] = []
    terminal = plan_terminal(process, console=False)
    if terminal is not None:
        ours, terminal.socket = terminal_sockets(request, attached=not request.detach)
        effects.append(terminal)
    file = process["args"][0]
    effects.append(FindProgram(file, candidates(file, process.get("env") or [])))
    umask = process["user"].get("umask")
    if umask is not None:
        effects.append(Umask(umask))
    final = (process.get("execCPUAffinity") or {}).get("final")
    if final:
        from reference_runtime.effects.affinity import Affinity

        effects.append(Affinity(final))
    return effects, ours


def _affinity(process: "dict[str, Any]", key: str) -> "Callable[[], None] | None":
    cpus = (process.get("execCPUAffinity") or {}).get(key)
    if not cpus:
        return None
    from reference_runtime.effects.affinity import Affinity

    return Affinity(cpus).apply


def _process(call: Invocation, config: "dict[str, Any]", words: "list[str]") -> "dict[str, Any]":
    """Return the process that a file or the flags describe. Raises RuntimeFault."""
    file = call.line.value("process")
    if file:
        process = read_document(call.absolute(file) if file != "-" else file)[0]
        PROCESS(process, "$")
        check_process_alone(process, "$")
        if call.line.switch("tty"):
            process["terminal"] = True
        return dict(process)
    if not words:
        raise RuntimeFault("what to execute is needed: --process=FILE, or words after the container id")
    process = _by_flags(call, {**(config.get("process") or {}), "args": words})
    PROCESS(process, "$")
    return process


def _by_flags(call: Invocation, process: "dict[str, Any]") -> "dict[str, Any]":
    line = call.line
    process["terminal"] = line.switch("tty")
    process["cwd"] = line.value("cwd") or process.get("cwd") or "/"
    process["env"] = [*(process.get("env") or ()), *line.values("env")]
    user = dict(process.get("user") or {"uid": 0, "gid": 0})
    if line.value("user"):
        uid, _, gid = line.value("user").partition(":")
        if not uid.isdecimal() or not (gid or "0").isdecimal():
            raise RuntimeFault(f"--user needs UID or UID:GID in numbers, not {line.value('user')!r}")
        user.update(uid=int(uid), gid=int(gid or user["gid"]))
    added = line.values("additional-gids")
    if not all(map(str.isdecimal, added)):
        raise RuntimeFault(f"--additional-gids needs a number, not {added[-1]!r}")
    process["user"] = {**user, "additionalGids": [*(user.get("additionalGids") or ()), *map(int, added)]}
    if line.values("cap"):
        sets = process.get("capabilities") or {}
        # Not inheritable: the image's programs could take from there what their user was not given (CVE-2022-29162).
        granted = {name: [*(sets.get(name) or ()), *line.values("cap")] for name in ("bounding", "effective", "permitted")}
        process["capabilities"] = {**sets, **granted}
    if line.switch("no-new-privs"):
        process["noNewPrivileges"] = True
    for flag, key in (("apparmor", "apparmorProfile"), ("process-label", "selinuxLabel")):
        if line.value(flag):
            process[key] = line.value(flag)
    return process
