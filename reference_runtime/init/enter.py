"""Brings another process into a container that is there: for exec, and for the hooks that run inside at start.

Python never appears in the container's pid namespace (CVE-2016-9962): it enters all others, and the stub makes the step.
"""

import posix

from reference_runtime.effects.stage import Stage
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.init.become import become
from reference_runtime.init.imports import forbid_imports
from reference_runtime.init.setup import FAULT, GO, tell
from reference_runtime.kernel import processes as k
from reference_runtime.kernel.files import O_PATH, read_descriptor
from reference_runtime.kernel.mounts import open_proc
from reference_runtime.kernel.pidfds import SIGKILL, children, pidfd_open
from reference_runtime.kernel.syscall import syscall
from reference_runtime.plan.last_calls import CREATED, Descriptors, LastCalls
from reference_runtime.plan.namespaces import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

    from reference_runtime.container.state import Container
    from reference_runtime.effects.stage import Effect
    from reference_runtime.init.listener import HandOver

_MESSAGE = 1 << 16
_WORD = 8


class Entry:
    """What is to run in the container."""

    __slots__ = ("before", "calls", "descriptors", "effects", "hand_over", "streams")

    def __init__(
        self,
        calls: LastCalls,
        descriptors: Descriptors,
        effects: "Sequence[Effect]",
        *,
        streams: "tuple[int, int, int] | None" = None,
        before: "Callable[[], None] | None" = None,
        hand_over: "Callable[[int], HandOver | None] | None" = None,
    ) -> None:
        self.calls = calls
        self.descriptors = descriptors
        self.effects = effects
        """Carried out in the container's namespaces, with its root as root."""
        self.streams = streams
        """What becomes 0, 1 and 2; None leaves ours."""
        self.before = before
        """Called in the process before it leaves the runtime's namespaces and cgroups."""
        self.hand_over = hand_over
        """Called by the runtime with the pid of the process while it waits, if it will have a listener."""


class Entered:
    """A process that is in the container and waits for its program to be released. It is our child."""

    __slots__ = ("_container", "_entry", "_result", "_start", "pid")

    def __init__(self, pid: int, container: "Container", entry: Entry, start: int, result: int) -> None:
        self.pid = pid
        self._container = container
        self._entry = entry
        self._start = start
        self._result = result

    def release(self) -> None:
        """Let it execute the program. Raises RuntimeFault if that fails; the process has been killed then."""
        hand_over = self._entry.hand_over(self.pid) if self._entry.hand_over else None
        posix.write(self._start, b"S")
        if hand_over:
            try:
                hand_over.finish(self._container.state(), result=self._result)
            except RuntimeFault:
                self.kill()
                raise
        answer = read_descriptor(self._result, limit=len(self._entry.calls.names) * _WORD)
        posix.close(self._result)
        posix.close(self._start)
        if answer:
            self.kill()
            from reference_runtime.plan.failures import explain

            raise explain(self._entry.calls, answer)

    def kill(self) -> None:
        """End it."""
        _reap(self.pid)


def enter(container: "Container", entry: Entry) -> Entered:
    """Start a process in the container. Raises RuntimeFault."""
    ours, theirs = k.socketpair()
    start, result = posix.pipe2(posix.O_CLOEXEC), posix.pipe2(posix.O_CLOEXEC)
    others = children()
    first = k.clone3(0)
    if first == 0:
        posix.close(ours)  # so that it hears of our end, and doesn't wait for ever
        _enter(container, entry, theirs, (start[0], result[1]))
    for descriptor in (theirs, start[0], result[1]):
        posix.close(descriptor)
    try:
        container.cgroup.add(first)
        posix.write(ours, GO)
        pid = _await_ready(ours, first, entry.calls, clones="pid" in container.document["namespaces"])
    except BaseException:
        _reap(first)
        for pid in children():  # its own clone is our child, and nobody else would wait for that
            if pid not in others:
                _reap(pid)
        raise
    finally:
        posix.close(ours)
    return Entered(pid, container, entry, start[1], result[0])


def _await_ready(ours: int, first: int, calls: LastCalls, *, clones: bool) -> int:
    """Return the pid of the process when it waits for its release. One that enters a pid namespace is another than we made."""
    pid = 0 if clones else first
    ready = False
    while not (ready and pid):
        message = posix.read(ours, _MESSAGE)
        if len(message) == _WORD and message.endswith(bytes(_WORD // 2)):  # no text; its first byte may be that of a fault
            pid = int.from_bytes(message, "little")
        elif message[:1] == FAULT:
            raise RuntimeFault(message[1:].decode("utf-8", "replace"))
        elif message == CREATED:
            ready = True
        elif message:  # the stub's results
            from reference_runtime.plan.failures import explain

            raise explain(calls, message)
        else:
            raise RuntimeFault("the process has ended before it was in the container")
    if clones:
        posix.waitpid(first, 0)
    return pid


def _reap(pid: int) -> None:
    try:
        posix.kill(pid, SIGKILL)
        posix.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def _enter(container: "Container", entry: Entry, sync: int, pipes: "tuple[int, int]") -> "NoReturn":
    """In the new process: join, set up, become the stub."""
    try:
        k.prctl(k.PR_SET_PDEATHSIG, SIGKILL)
        k.prctl(k.PR_SET_DUMPABLE, 0)
        if entry.before:
            entry.before()
        if posix.read(sync, 1) == GO:
            forbid_imports()
            proc = open_proc()
            stage = _join(container)
            for effect in entry.effects:
                effect.execute(stage)
            for number, stream in enumerate(entry.streams or ()):
                posix.dup2(stream, number)
            machine = posix.uname().machine
            become(entry.calls.image, machine=machine, descriptors=entry.descriptors, given=(*pipes, sync, proc))
    except BaseException as error:  # whatever it is, two runtimes must never go on
        tell(sync, error)
    posix._exit(1)


def _join(container: "Container") -> Stage:
    kinds = container.document["namespaces"]
    try:
        pidfd = pidfd_open(container.pid)
        root = posix.open(f"/proc/{container.pid}/root", O_PATH | posix.O_DIRECTORY | posix.O_CLOEXEC)
        if not container.is_alive():  # else both are of that very process
            raise RuntimeFault("container not running: it is stopped")
        flags = 0
        for kind in kinds:
            flags |= KINDS[kind]
        if flags:
            k.setns(pidfd, flags)
        posix.fchdir(root)
        posix.chroot(".")
        if "user" in kinds:
            syscall("setresgid", 0, 0, 0)
            syscall("setresuid", 0, 0, 0)
            k.prctl(k.PR_SET_DUMPABLE, 0)
        posix.close(pidfd)
    except OSError as error:
        raise RuntimeFault("cannot enter the container", why=reason(error)) from error
    stage = Stage(own_mounts="mount" in kinds, user_namespace="user" in kinds)
    stage.root = root
    return stage
