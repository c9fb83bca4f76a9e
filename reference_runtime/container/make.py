"""From a bundle to a created container: read, check, plan, claim the id, and go through the first steps of the lifecycle."""

import posix
from time import gmtime, strftime  # built in

from reference_runtime.config.check import check
from reference_runtime.config.reader import read_document
from reference_runtime.container.cgroup import Cgroup
from reference_runtime.container.state import Container
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.files import create_file
from reference_runtime.plan.labels import check_mount_label, labels_for
from reference_runtime.plan.last_calls import Descriptors
from reference_runtime.plan.plan import Plan
from reference_runtime.plan.process import plan_home, with_home
from reference_runtime.plan.process_entry import privileges_for
from reference_runtime.plan.program import plan_program
from reference_runtime.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.invocation import Invocation
    from reference_runtime.plan.last_calls import LastCalls


class Planned:
    """A bundle that has been read, checked and planned."""

    __slots__ = ("bundle", "cgroup", "config", "content", "descriptors", "plan", "warnings")

    def __init__(  # its members
        self, bundle: str, config: "dict[str, Any]", content: bytes, *, plan: Plan, cgroup: Cgroup, descriptors: Descriptors
    ) -> None:
        self.bundle = bundle
        self.cgroup = cgroup
        self.config = config
        self.content = content
        """The config as it was read."""
        self.plan = plan
        self.descriptors = descriptors
        self.warnings: list[str] = []


def request_of(call: "Invocation") -> Request:
    """Return what the flags of create or run ask for. Raises RuntimeFault."""
    line = call.line
    number = line.value("preserve-fds", "0")
    if not number.isdecimal() or int(number) > 1 << 16:
        raise RuntimeFault(f"--preserve-fds needs a number, not {number!r}")
    return Request(
        console_socket=call.absolute(line.value("console-socket")),
        detach=line.switch("detach"),
        keep=line.switch("keep"),
        keyring=not line.switch("no-new-keyring"),
        pid_file=call.absolute(line.value("pid-file")),
        pivot=not line.switch("no-pivot"),
        preserve_fds=int(number),
    )


def plan_container(container_id: str, bundle: str, request: Request) -> Planned:
    """Read, check and plan a bundle; nothing is changed. Raises RuntimeFault."""
    config, content = read_document(f"{bundle}/config.json", regular=True)
    check(config)
    check_mount_label(config)
    machine = posix.uname().machine
    plan = Plan(config, request, container_id=container_id, bundle=bundle, machine=machine)
    if plan.filter is not None and plan.filter.flags:
        from reference_runtime.seccomp.support import check as check_filter

        check_filter(plan.filter)
    cgroup = Cgroup(config, container_id)
    planned = Planned(bundle, config, content, plan=plan, cgroup=cgroup, descriptors=Descriptors(request.preserve_fds))
    plan.calls, planned.warnings = plan_calls(config, plan, planned.descriptors)
    return planned


def plan_calls(config: "dict[str, Any]", plan: Plan, descriptors: Descriptors) -> "tuple[LastCalls, list[str]]":
    """Return the last calls, by what this machine and this caller may grant, and warnings about what they may not."""
    process = config.get("process")
    privileges, warnings = privileges_for(process or {}, config)
    calls = plan_program(
        with_home(process) if process else None,
        machine=plan.machine,
        privileges=privileges,
        descriptors=descriptors,
        filter_=plan.filter,
        exec_labels=labels_for(process or {}),
    )
    if process:
        plan.process += plan_home(process, calls)
    return calls, warnings


def create_container(call: "Invocation", bundle: str, request: Request, *, attached: bool = False) -> Container:
    """Create the container that the call names. Raises RuntimeFault; nothing is left then.

    With `attached` its terminal is ours, unless the request names a socket to send it to.
    """
    from reference_runtime import lifecycle

    directory = call.container()
    bundle = _real(bundle)
    planned = plan_container(directory.container_id, bundle, request)
    _check_preserved(request.preserve_fds)
    for warning in planned.warnings:
        call.log.warning(warning)
    ours = -1
    if planned.plan.terminal is not None:
        ours, planned.plan.terminal.socket = terminal_sockets(request, attached=attached)
    directory.claim(root=planned.plan.attach.apart or "user" in planned.plan.namespaces)
    planned.cgroup.survey()
    container = Container(directory, _document(planned))
    container.terminal = ours
    try:
        container.save()
    except OSError as error:
        directory.remove()
        raise RuntimeFault("cannot write the container's state", why=reason(error)) from error
    lifecycle.create(container, planned, call.log)
    if request.pid_file:
        try:
            # No newline: containerd takes the bytes for a number as they are.
            create_file(request.pid_file, str(container.pid), mode=0o644)
        except OSError as error:
            lifecycle.delete(container, call.log, force=True)
            raise RuntimeFault(f"cannot write {request.pid_file}", why=reason(error)) from error
    return container


def terminal_sockets(request: Request, *, attached: bool) -> "tuple[int, int]":
    """Return our end, or -1, and the process's end of what the first half of its terminal is sent over. Raises RuntimeFault."""
    from reference_runtime.container.console import connect, pair

    if request.console_socket:
        return -1, connect(request.console_socket)
    if not attached:
        raise RuntimeFault("needs --console-socket, or a call that stays attached", where="$.process.terminal")
    return pair()


def _document(planned: Planned) -> "dict[str, Any]":
    """Return what is kept of a container: what later calls need and the config doesn't say at once."""
    config, plan = planned.config, planned.plan
    return {
        "pid": 0,
        "startTime": None,
        "bundle": planned.bundle,
        "config": planned.content,
        "rootfs": plan.attach.path,
        "created": strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()),
        "owner": "",
        "annotations": config.get("annotations") or {},
        "hooks": {kind: plan.hooks[kind] for kind in ("startContainer", "poststart", "poststop") if plan.hooks.get(kind)},
        "cgroup": planned.cgroup.manager.record(),
        "madeCgroups": planned.cgroup.made,
        "freezer": "",
        "namespaces": list(plan.namespaces.kinds),
        "mountsIn": None if plan.namespaces.has_new("mount") else plan.namespaces.kinds.get("mount", ""),
        "hasProcess": config.get("process") is not None,
        "results": len(plan.calls.names) * 8,
        "preserved": planned.descriptors.first - 3,
        "listener": plan.calls.go,
    }


def calls_of(container: Container) -> "LastCalls":
    """Return once more what was planned for the first process of a container."""
    config = container.config()
    request = Request(preserve_fds=container.document["preserved"])
    machine = posix.uname().machine
    plan = Plan(config, request, container_id=container.container_id, bundle=container.document["bundle"], machine=machine)
    return plan_calls(config, plan, Descriptors(request.preserve_fds))[0]


def _real(path: str) -> str:
    """Return an absolute path without links. Raises RuntimeFault if there is no such directory."""
    try:
        descriptor = posix.open(path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
        real = posix.readlink(f"/proc/self/fd/{descriptor}")
        posix.close(descriptor)
    except OSError as error:
        raise RuntimeFault(f"cannot open the bundle {path}", why=reason(error)) from error
    return real


def _check_preserved(number: int) -> None:
    for descriptor in range(3, 3 + number):
        try:
            posix.fstat(descriptor)
        except OSError as error:
            raise RuntimeFault(f"--preserve-fds={number}: descriptor {descriptor} is not open") from error
