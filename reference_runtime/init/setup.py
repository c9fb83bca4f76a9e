"""What the container's first process does between clone3 and the moment in which it becomes the stub."""

import posix

from reference_runtime.effects.stage import Stage
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.init.become import become
from reference_runtime.kernel import processes as k
from reference_runtime.kernel.files import write_file
from reference_runtime.kernel.pidfds import SIGKILL
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from reference_runtime.plan.last_calls import Descriptors
    from reference_runtime.plan.plan import Plan

GO = b"G"
"""From the runtime: go on."""
HOOKS = b"H"
"""To the runtime: all mounts are in place, it is time for its hooks."""
FAULT = b"!"
"""To the runtime, with the text of an error."""


class Inside:
    """What the first process has got from the runtime."""

    __slots__ = ("by_root", "descriptors", "entrances", "fifos", "plan", "stage", "sync")

    def __init__(
        self,
        *,
        plan: "Plan",
        sync: int,
        fifos: "tuple[int, int]",
        entrances: "Sequence[int]",
        descriptors: "Descriptors",
        stage: Stage,
    ) -> None:
        self.plan = plan
        self.entrances = entrances
        """Of the container's cgroups."""
        self.sync = sync
        self.fifos = fifos
        self.descriptors = descriptors
        self.stage = stage
        self.by_root = posix.geteuid() == 0
        """Whether root calls the runtime. Asked before the clone: inside, the answer changes when the mapping is written."""

    def run(self) -> "NoReturn":
        """Set the container up, and become the stub. Any error goes to the runtime."""
        try:
            self._run()
        except BaseException as error:  # whatever it is, two runtimes must never go on
            tell(self.sync, error)
        posix._exit(1)

    def _run(self) -> None:
        k.prctl(k.PR_SET_PDEATHSIG, SIGKILL)
        if self.by_root:
            k.prctl(k.PR_SET_DUMPABLE, 0)
        self._enter_cgroups()
        plan, stage = self.plan, self.stage
        if plan.waits_before_mounts():
            self._await_go()
        self._enter_remaining_namespaces()
        posix.setsid()
        umask = posix.umask(0)
        for effect in plan.environment:
            effect.execute(stage)
        if not plan.waits_before_mounts():
            self._await_go()  # nothing of the image runs before the state is written and the cgroup restricts us
        for effect in plan.devices:
            effect.execute(stage)
        if plan.runtime_hooks:
            posix.write(self.sync, HOOKS)
            self._await_go()
        for effect in plan.inside:
            effect.execute(stage)
        posix.umask(umask)
        for effect in plan.process:
            effect.execute(stage)
        numbers = self.descriptors
        given = (*self.fifos, self.sync, self.stage.proc)
        become(plan.calls.image, machine=plan.machine, descriptors=numbers, given=given)

    def _enter_cgroups(self) -> None:
        """Move from the runtime's cgroups to the container's."""
        try:
            for descriptor in self.entrances:
                posix.write(descriptor, b"0")
                posix.close(descriptor)
        except OSError as error:
            raise RuntimeFault.of("cannot move the process into its cgroup", error, where="$.linux.cgroupsPath") from None

    def _await_go(self) -> None:
        """Wait for the runtime; if it has died, so do we."""
        if posix.read(self.sync, 1) != GO:
            posix._exit(1)

    def _enter_remaining_namespaces(self) -> None:
        """Make those that depend on what the runtime has done meanwhile: mappings, clocks, the place among the cgroups."""
        namespaces = self.plan.namespaces
        if namespaces.has_new("user"):
            syscall("setresgid", 0, 0, 0)
            syscall("setresuid", 0, 0, 0)
        k.prctl(k.PR_SET_DUMPABLE, 0)  # an ordinary user could not write our mappings before
        if namespaces.cgroup:
            k.unshare(k.CLONE_NEWCGROUP)
        if namespaces.time:
            _enter_new_time_namespace(namespaces.time_offsets)


def _enter_new_time_namespace(offsets: str) -> None:
    """Make it for our children, set its clocks while it is empty, and then step into it ourselves."""
    k.unshare(k.CLONE_NEWTIME)
    if offsets:
        # The files of a process that may not be dumped belong to the host's root; nobody else is in here yet.
        k.prctl(k.PR_SET_DUMPABLE, 1)
        try:
            write_file("/proc/self/timens_offsets", offsets)
        except OSError as error:
            raise RuntimeFault("cannot be set", where="$.linux.timeOffsets", why=reason(error)) from error
        k.prctl(k.PR_SET_DUMPABLE, 0)
    descriptor = posix.open("/proc/self/ns/time_for_children", posix.O_RDONLY | posix.O_CLOEXEC)
    k.setns(descriptor, k.CLONE_NEWTIME)
    posix.close(descriptor)


def tell(sync: int, error: BaseException) -> None:
    """Send an error to the runtime; it raises it in its own name."""
    if isinstance(error, RuntimeFault):
        text = str(error)
    elif isinstance(error, OSError):
        text = reason(error)
    else:
        text = f"internal error: {error!r}"
    posix.write(sync, FAULT + text.encode("utf-8", "replace")[:_LONGEST])


def receive(sync: int) -> bytes:
    """Return the next message of the process. Raises RuntimeFault for one that tells an error."""
    try:
        message = posix.read(sync, _MESSAGE)
    except ConnectionResetError:
        message = b""
    if message[:1] == FAULT:
        raise RuntimeFault(message[1:].decode("utf-8", "replace"))
    return message


_MESSAGE = 1 << 16
_LONGEST = 60_000
"""A message has to fit into the socket's buffer."""
