"""What the container's first process does between clone3 and the moment in which it becomes the stub."""

import posix

from reference_runtime.effects.stage import Stage
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.init.stub import elf, sealed
from reference_runtime.kernel import processes as k
from reference_runtime.kernel.files import write_file
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from reference_runtime.plan.plan import Plan
    from reference_runtime.plan.program import Descriptors, LastCalls

GO = b"G"
"""From the runtime: go on."""
HOOKS = b"H"
"""To the runtime: all mounts are in place, it is time for its hooks."""
FAULT = b"!"
"""To the runtime, with the text of an error."""

_AT_EMPTY_PATH = 0x1000
_F_DUPFD = 0


class Inside:
    """What the first process has got from the runtime."""

    __slots__ = ("descriptors", "fifos", "plan", "stage", "sync")

    def __init__(self, *, plan: "Plan", sync: int, fifos: "tuple[int, int]", descriptors: "Descriptors", stage: Stage) -> None:
        self.plan = plan
        self.sync = sync
        self.fifos = fifos
        self.descriptors = descriptors
        self.stage = stage

    def run(self) -> "NoReturn":
        """Set the container up, and become the stub. Any error goes to the runtime."""
        try:
            self._run()
        except RuntimeFault as fault:
            text = str(fault)
        except OSError as error:
            text = reason(error)
        except BaseException as error:  # whatever it is, two runtimes must never go on  # noqa: BLE001
            text = f"internal error: {error!r}"
        posix.write(self.sync, FAULT + text.encode("utf-8", "replace")[:60000])
        posix._exit(1)  # noqa: SLF001  # posix has no other name for it

    def _run(self) -> None:
        k.prctl(k.PR_SET_PDEATHSIG, k.SIGKILL)
        k.prctl(k.PR_SET_DUMPABLE, 0)
        self._await_go()
        self._enter_remaining_namespaces()
        plan, stage = self.plan, self.stage
        posix.setsid()
        umask = posix.umask(0)
        for effect in plan.environment:
            effect.execute(stage)
        if plan.runtime_hooks:
            posix.write(self.sync, HOOKS)
            self._await_go()
        for effect in plan.inside:
            effect.execute(stage)
        posix.umask(umask)
        for effect in plan.process:
            effect.execute(stage)
        self._become(plan.calls)

    def _await_go(self) -> None:
        """Wait for the runtime; if it has died, so do we."""
        if posix.read(self.sync, 1) != GO:
            posix._exit(1)  # noqa: SLF001  # as above

    def _enter_remaining_namespaces(self) -> None:
        """Make those that depend on what the runtime has done meanwhile: mappings, clocks, the place among the cgroups."""
        namespaces = self.plan.namespaces
        if namespaces.has_new("user"):
            syscall("setresgid", 0, 0, 0)
            syscall("setresuid", 0, 0, 0)
            k.prctl(k.PR_SET_DUMPABLE, 0)
        if namespaces.cgroup:
            k.unshare(k.CLONE_NEWCGROUP)
        if namespaces.time:
            k.unshare(k.CLONE_NEWTIME)
            if namespaces.time_offsets:
                try:
                    write_file("/proc/self/timens_offsets", namespaces.time_offsets)
                except OSError as error:
                    raise RuntimeFault("cannot be set", where="$.linux.timeOffsets", why=reason(error)) from error
            descriptor = posix.open("/proc/self/ns/time_for_children", posix.O_RDONLY | posix.O_CLOEXEC)
            k.setns(descriptor, k.CLONE_NEWTIME)
            posix.close(descriptor)

    def _become(self, calls: "LastCalls") -> None:
        numbers = self.descriptors
        machine = posix.uname().machine if not self.plan.machine else self.plan.machine
        stub = sealed(elf(machine, calls.image), name="container")
        from fcntl import fcntl

        # All are moved out of the way first, so that none is overwritten before it has been placed.
        high = numbers.first + 16
        stub, start, result, sync = (fcntl(fd, _F_DUPFD_CLOEXEC, high) for fd in (stub, *self.fifos, self.sync))
        syscall("close_range", numbers.first, high - 1, 0)
        for descriptor, number in ((start, numbers.start), (result, numbers.result), (sync, numbers.sync)):
            posix.dup2(descriptor, number)
        self.sync = numbers.sync
        reset_signals()
        syscall("execveat", stub, b"", bytes(8), bytes(8), _AT_EMPTY_PATH)


_F_DUPFD_CLOEXEC = 1030


def reset_signals() -> None:
    """Give all signals their default action and an empty mask: what a caller ignores or blocks is not the container's affair."""
    import _signal  # the interpreter has loaded it

    for number in range(1, 65):
        if number not in {9, 19, 32, 33} and _signal.getsignal(number) is not _signal.SIG_DFL:
            _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
