"""Starts the container's first process in its namespaces, and speaks with it until it waits for `start`."""

import posix

from reference_runtime.container.directory import CREATING, RESULT
from reference_runtime.effects.stage import Stage
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.init.beside import step_aside
from reference_runtime.init.setup import GO, HOOKS, Inside, receive
from reference_runtime.kernel import processes as k
from reference_runtime.kernel.credentials import is_root
from reference_runtime.kernel.pidfds import SIGKILL
from reference_runtime.plan.last_calls import CREATED, Descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_runtime.container.directory import Directory
    from reference_runtime.plan.plan import Plan


class Launched:
    """The first process, while it is being set up."""

    __slots__ = ("_plan", "_sources", "_sync", "pid")

    def __init__(self, pid: int, sync: int, plan: "Plan", sources: "dict[int, int]") -> None:
        self.pid = pid
        """As the runtime sees it. It is our child."""
        self._sync = sync
        self._plan = plan
        self._sources = sources

    def map_mounts(self) -> None:
        """Map what idmap and ridmap ask for; the process has its user namespace, and that its mappings. Raises RuntimeFault."""
        if self._sources:
            from reference_runtime.init.mapped_mounts import map_mounts

            map_mounts(self._plan.binds(), self._sources, self.pid)
            for descriptor in self._sources.values():
                posix.close(descriptor)

    def go_on(self) -> None:
        """Let it do the next step. One that has ended says why in its message."""
        try:
            posix.write(self._sync, GO)
        except BrokenPipeError:
            self._expect(GO)

    def await_mounts(self) -> None:
        """Wait until its mounts are in place. Raises RuntimeFault with its error."""
        self._expect(HOOKS)

    def await_created(self) -> None:
        """Wait until it has become the stub and waits for `start`. Raises RuntimeFault with its error."""
        self._expect(CREATED)
        posix.close(self._sync)
        self._sync = -1

    def kill(self) -> None:
        """End it, and with it all processes of a pid namespace of its own."""
        try:
            posix.kill(self.pid, SIGKILL)
            posix.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass

    def raise_its_fault(self) -> None:
        """Raise RuntimeFault if the process, which has ended, has told why: then what failed on our side was for its end."""
        posix.set_blocking(self._sync, False)  # its one parameter
        try:
            receive(self._sync)
        except BlockingIOError:
            return

    def _expect(self, wanted: bytes) -> None:
        message = receive(self._sync)
        if message == wanted:
            return
        if len(message) > 1:  # the stub's results
            from reference_runtime.plan.failures import explain

            raise explain(self._plan.calls, message)
        raise RuntimeFault("the container's first process has ended unexpectedly", why=self._ending())

    def _ending(self) -> str:
        """Say how it has ended, if it has; it stays to be collected."""
        ended = posix.waitid(posix.P_PID, self.pid, posix.WEXITED | posix.WNOHANG | posix.WNOWAIT)
        if ended is None:
            return ""
        if ended.si_status == SIGKILL and ended.si_code != posix.CLD_EXITED:
            return "killed, as it is where the memory limit is too low for it"
        return f"status {ended.si_status}"


def launch(
    directory: "Directory", plan: "Plan", descriptors: Descriptors, *, cgroup: int, entrances: "Sequence[int]"
) -> Launched:
    """Start the process; it waits for `go_on` before or after its mounts, as `plan` says.

    The working directory becomes the state directory.
    `cgroup` is a descriptor of the v2 cgroup that it starts in, or -1; `entrances` are those of the others, which it enters
    itself. All are closed.

    Raises RuntimeFault.
    """
    posix.chdir(directory.path)
    stage = Stage(own_mounts=plan.namespaces.has_new("mount"), user_namespace="user" in plan.namespaces)
    ours, theirs = k.socketpair()
    flags = posix.O_RDWR | posix.O_CLOEXEC
    fifos = posix.open(CREATING, flags), posix.open(RESULT, flags)
    inside = Inside(plan=plan, sync=theirs, fifos=fifos, entrances=entrances, descriptors=descriptors, stage=stage)
    if posix.geteuid() == 0:
        # Before it is there: in a pid namespace that it joins others could look into it from its first moment.
        k.prctl(k.PR_SET_DUMPABLE, 0)
    if is_root():
        _open_sources(plan, stage)
    try:
        if plan.namespaces.joined:
            from reference_runtime.init.joined import clone_joined

            pid = clone_joined(inside, ours)
        else:
            pid = k.clone3(plan.namespaces.new, cgroup=cgroup)
        if pid == 0:
            posix.close(ours)  # so that it hears of our end, and doesn't wait for ever
            inside.run()
    except OSError as error:
        why = reason(error)
        if not is_root() and "user" not in plan.namespaces:
            why += ": an ordinary user makes them in a user namespace alone"
        raise RuntimeFault("cannot make the namespaces", where="$.linux.namespaces", why=why) from error
    step_aside(pid)
    for descriptor in (theirs, *fifos, *entrances, *([cgroup] if cgroup >= 0 else [])):
        posix.close(descriptor)
    return Launched(pid, ours, plan, stage.sources)


def _open_sources(plan: "Plan", stage: Stage) -> None:
    """Open what the user that is root in the container may not reach on the host, and what has to be mapped first."""
    if stage.user_namespace:
        stage.sources[-1] = plan.attach.open_source()
    for bind in plan.binds():
        if stage.user_namespace or bind.options.id_map:
            stage.sources[bind.index] = bind.open_source()
