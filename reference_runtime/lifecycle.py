"""The lifecycle of runtime.md: its thirteen steps, and where each of them is.

 1  create is called                         create, which goes on with 2 to 5
 2  the environment is created               step_2_create_the_environment
 3  the prestart hooks run                   step_3_run_prestart_hooks
 4  the createRuntime hooks run              step_4_run_create_runtime_hooks
 5  the createContainer hooks run            step_5_run_create_container_hooks
 6  start is called                          start, which goes on with 7 to 9
 7  the startContainer hooks run             step_7_run_start_container_hooks
 8  the program runs                         step_8_run_the_program
 9  the poststart hooks run                  step_9_run_poststart_hooks
10  the process ends                         by itself, by kill, or by stop where a deletion is forced
11  delete is called                         delete, which goes on with 12 and 13
12  what step 2 has made is undone           step_12_destroy
13  the poststop hooks run                   step_13_run_poststop_hooks
"""

import posix

from reference_runtime.container.directory import RESULT, START
from reference_runtime.container.state import CREATED, CREATING, RUNNING, STOPPED, Container
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel import pidfds as k
from reference_runtime.kernel.files import read_descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from reference_runtime.container.cgroup import Cgroup
    from reference_runtime.container.make import Planned
    from reference_runtime.init.launch import Launched
    from reference_runtime.init.listener import HandOver
    from reference_runtime.log import Log
    from reference_runtime.plan.last_calls import Descriptors
    from reference_runtime.plan.plan import Plan

_HOOK = "$.hooks."
_PATIENCE_MS = 10_000
"""How long a killed process may take to end."""


def create(container: Container, planned: "Planned", log: "Log") -> None:
    """Take a claimed container through steps 1 to 5 (its command has been called: 1). After a fault nothing of it is left."""
    launched: Launched | None = None
    plan = planned.plan
    try:
        launched = step_2_create_the_environment(container, plan, planned.cgroup, planned.descriptors)
        if plan.runtime_hooks:
            launched.await_mounts()
            step_3_run_prestart_hooks(container, plan)
            step_4_run_create_runtime_hooks(container, plan)
            launched.go_on()
        step_5_run_create_container_hooks(launched)
        container.directory.announce()
    except BaseException as fault:
        if launched is not None:
            _take_back(plan, launched)
        step_12_destroy(container)
        if _HOOK in str(fault):
            step_13_run_poststop_hooks(container, log)
        raise


def start(container: Container, log: "Log") -> None:
    """Take a created container through steps 6 to 9. Raises RuntimeFault if it is not created, or has no program."""
    status = container.status()
    if status != CREATED:
        raise RuntimeFault(f"cannot start a container that is {status}, only one that is created")
    if container.is_frozen():
        raise RuntimeFault("cannot start a container that is paused")
    if not container.document["hasProcess"]:
        raise RuntimeFault("is required for start", where="$.process")
    try:
        step_7_run_start_container_hooks(container)
        step_8_run_the_program(container)
        step_9_run_poststart_hooks(container)
    except RuntimeFault as fault:
        if _HOOK in str(fault):
            stop(container)
            step_12_destroy(container)
            step_13_run_poststop_hooks(container, log)
        raise


def delete(container: Container, log: "Log", *, force: bool) -> None:
    """Take a stopped container through steps 11 to 13; with `force` any, which is stopped first. Raises RuntimeFault."""
    status = container.status()
    if status != STOPPED:
        if not force:
            raise RuntimeFault(f"cannot delete a container that is {status}, only one that is stopped")
        stop(container)
    step_12_destroy(container)
    step_13_run_poststop_hooks(container, log)


def step_2_create_the_environment(container: Container, plan: "Plan", cgroup: "Cgroup", descriptors: "Descriptors") -> "Launched":
    """Make the cgroups, the namespaces and the first process in them, which begins with its mounts."""
    from reference_runtime.init.launch import launch

    cgroup.create()
    container.document["cgroup"] = cgroup.manager.record()  # without the hierarchies that a user may not write
    container.document["freezer"] = cgroup.freezer()
    plan.container_hooks.state = container.state(status=CREATING, pid=0)
    placed = -1 if plan.namespaces.joined else cgroup.open_unified()
    entrances = cgroup.manager.entrances(unified=placed < 0)
    launched = launch(container.directory, plan, descriptors, cgroup=placed, entrances=entrances)
    try:
        cgroup.restrict_devices()  # the process begins with its mounts meanwhile
        container.document["pid"] = launched.pid
        container.document["startTime"] = k.start_time(launched.pid)
        container.save()
        if plan.namespaces.has_new("user"):
            from reference_runtime.init.mappings import write_mappings

            write_mappings(launched.pid, plan.namespaces)
        launched.map_mounts()
        for effect in plan.outside:
            effect.execute(launched.pid)
        container.document["lasting"] = [directory for effect in plan.outside for directory in effect.lasting()]
        if container.document["lasting"]:
            container.save()
        launched.go_on()
    except BaseException:
        _take_back(plan, launched)
        launched.raise_its_fault()
        raise
    return launched


def _take_back(plan: "Plan", launched: "Launched") -> None:
    """Undo what the first process was given, while its namespaces are there, and end it."""
    try:
        for effect in reversed(plan.outside):
            effect.undo()
    finally:
        launched.kill()


def step_3_run_prestart_hooks(container: Container, plan: "Plan") -> None:
    """Run them in the runtime's namespaces, before pivot_root."""
    _run_hooks(container, "prestart", plan.hooks.get("prestart"), CREATING)


def step_4_run_create_runtime_hooks(container: Container, plan: "Plan") -> None:
    """Run what the prestart hooks are called today."""
    _run_hooks(container, "createRuntime", plan.hooks.get("createRuntime"), CREATING)


def step_5_run_create_container_hooks(launched: "Launched") -> None:
    """Wait while the first process runs them, in the container's namespaces and before pivot_root; then it waits for step 8."""
    launched.await_created()


def step_7_run_start_container_hooks(container: Container) -> None:
    """Run them in the container's namespaces."""
    hooks = container.document["hooks"].get("startContainer")
    if hooks:
        from reference_runtime.init.inner_hooks import run_inside

        run_inside(container, hooks)


def step_8_run_the_program(container: Container) -> None:
    """Send the byte that the first process waits for. What it answers is an error; without one it is the program now.

    Raises RuntimeFault; the container then is created as before.
    """
    path = container.directory.path
    # The process holds both FIFOs open for reading and writing until it executes the program, so neither open waits.
    result = posix.open(f"{path}/{RESULT}", posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC)
    posix.set_blocking(result, True)
    start = posix.open(f"{path}/{START}", posix.O_WRONLY | posix.O_NONBLOCK | posix.O_CLOEXEC)
    hand_over = _hand_over(container) if container.document["listener"] else None
    posix.write(start, b"S")
    if hand_over:
        hand_over.finish(container.state(status=RUNNING, pid=container.pid), result=result)
    answer = read_descriptor(result, limit=container.document["results"])
    posix.close(result)
    if not answer:
        _await_no_reader(start)
    posix.close(start)
    if answer:
        from reference_runtime.container.make import calls_of
        from reference_runtime.plan.failures import explain

        raise explain(calls_of(container), answer)


def _await_no_reader(fifo: int) -> None:
    """Wait until a FIFO is closed at its other end: execve closes the two in no certain order, and this one tells the status."""
    from select import poll  # built in on most systems

    poller = poll()
    poller.register(fifo, 0)  # an error, as no reader is one, is always told
    poller.poll()


def _hand_over(container: Container) -> "HandOver | None":
    from reference_runtime.init.listener import HandOver
    from reference_runtime.plan.plan import plan_filter

    filter_ = plan_filter(container.config(), posix.uname().machine)
    if filter_ is None:
        return None
    return HandOver(container.pid, filter_, container.document["listener"], preserved=container.document["preserved"])


def step_9_run_poststart_hooks(container: Container) -> None:
    """Run them in the runtime's namespaces."""
    _run_hooks(container, "poststart", container.document["hooks"].get("poststart"), RUNNING)


def _run_hooks(container: Container, kind: str, hooks: "Sequence[dict[str, Any]] | None", status: str) -> None:
    if hooks:
        from reference_runtime.config.writer import dumps
        from reference_runtime.effects.hooks import run_hooks

        run_hooks(kind, hooks, dumps(container.state(status=status, pid=container.pid)), keep=container.pid)


def stop(container: Container) -> None:
    """End all processes of a container, and wait until they are gone."""
    if container.is_alive():
        pidfd = k.pidfd_open(container.pid)
        if container.is_alive():  # the pid is the same process still, and the pidfd is of it
            k.pidfd_send_signal(pidfd, k.SIGKILL)
            if container.is_frozen():
                container.cgroup.thaw()  # a frozen process of cgroup v1 dies only when it is thawed
            _await_end(pidfd)
        posix.close(pidfd)
    container.cgroup.kill()


def _await_end(pidfd: int) -> None:
    from select import poll

    poller = poll()
    poller.register(pidfd, 1)
    if not poller.poll(_PATIENCE_MS):
        raise RuntimeFault("the container's first process does not end: a process that exec added may not have been reaped")


def step_12_destroy(container: Container) -> None:
    """Undo step 2: what lives in the container's namespaces has gone with its processes."""
    if container.document.get("lasting"):
        from reference_runtime.effects.intel_rdt import remove

        remove(container.document["lasting"])
    if container.document["mountsIn"] is not None:
        from reference_runtime.container.unmount import unmount
        from reference_runtime.effects.root import ROOT

        namespace = container.document["mountsIn"]
        unmount(container.document["rootfs"] if namespace else f"{container.directory.path}/{ROOT}", namespace)
    container.cgroup.delete(container.document["madeCgroups"])
    posix.chdir("/")
    container.directory.remove()


def step_13_run_poststop_hooks(container: Container, log: "Log") -> None:
    """Run them in the runtime's namespaces. One that fails is a warning, and the others run all the same."""
    hooks = container.document["hooks"].get("poststop")
    if not hooks:
        return
    from reference_runtime.config.writer import dumps
    from reference_runtime.effects.hooks import run_hook

    state = dumps(container.state(status=STOPPED, pid=0))
    for index, hook in enumerate(hooks):
        try:
            run_hook(hook, state, where=f"$.hooks.poststop[{index}]")
        except RuntimeFault as fault:
            log.warning(str(fault))
