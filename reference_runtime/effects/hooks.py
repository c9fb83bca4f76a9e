"""Runs hooks (config.md, "POSIX-platform Hooks"): in order, the state on their standard input, ended when their time is over."""

import posix

from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.files import read_descriptor
from reference_runtime.kernel.pidfds import SIGKILL, children, pidfd_open
from reference_runtime.kernel.processes import PR_SET_CHILD_SUBREAPER, prctl
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_FIRST_OTHER, _HIGHEST = 3, (1 << 32) - 1
_CLOSE_RANGE_CLOEXEC = 4
_SHOWN = 1000
"""How many bytes of what a failed hook has printed belong to the error."""


def run_hooks(kind: str, hooks: "Sequence[dict[str, Any]]", state: str, *, keep: int = 0) -> None:
    """Run hooks one after the other. Raises RuntimeFault for the first that fails; those after it are not run.

    `keep` is a child of ours that is no hook's: the container's first process.
    """
    for index, hook in enumerate(hooks):
        run_hook(hook, state, where=f"$.hooks.{kind}[{index}]", keep=keep)


def run_hook(hook: "dict[str, Any]", state: str, *, where: str, keep: int = 0) -> None:
    """Run one hook of the runtime's namespaces to its end. Raises RuntimeFault."""
    HookRun(hook, state, where=where, keep=keep).run(lambda given, printed: _spawn(hook, given, printed))


class HookRun:
    """One hook, from its start to its end."""

    __slots__ = ("_hook", "_keep", "_state", "_where")

    def __init__(self, hook: "dict[str, Any]", state: str, *, where: str, keep: int = 0) -> None:
        self._hook = hook
        self._keep = keep
        self._state = state
        self._where = where

    def run(self, spawn: "Callable[[int, int], int]") -> None:
        """Start it with `spawn`, which gets descriptors for what it reads and what it prints, and returns the pid of a child.

        Raises RuntimeFault if it cannot be run, fails, or takes longer than its timeout.
        """
        # The state comes from a file in memory: a hook that doesn't read it can block nobody.
        given, printed = _memory(self._state.encode()), _memory(b"")
        timeout = self._hook.get("timeout")
        try:
            if timeout:
                prctl(PR_SET_CHILD_SUBREAPER, 1)  # what the hook leaves behind comes to us, and can be ended too
            self._judge(_wait(spawn(given, printed), timeout, self._keep), printed)
        except OSError as error:
            raise RuntimeFault(f"cannot run {self._hook['path']}", where=self._where, why=reason(error)) from error
        except RuntimeFault as fault:
            if fault.where:
                raise
            raise RuntimeFault(f"cannot run {self._hook['path']}", where=self._where, why=str(fault)) from fault
        finally:
            posix.close(given)
            posix.close(printed)

    def _judge(self, status: "int | None", printed: int) -> None:
        path = self._hook["path"]
        if status is None:
            raise RuntimeFault(f"{path} took longer than {self._hook['timeout']} s", where=self._where)
        if status:
            posix.lseek(printed, 0, 0)
            said = read_descriptor(printed, limit=_SHOWN).decode(errors="replace").strip()
            how = f"exit status {status}" if status > 0 else f"signal {-status}"
            raise RuntimeFault(f"{path} failed with {how}", where=self._where, why=said)


def _memory(content: bytes) -> int:
    descriptor = posix.memfd_create("hook", posix.MFD_CLOEXEC)
    while content:
        content = content[posix.write(descriptor, content) :]
    posix.lseek(descriptor, 0, 0)
    return descriptor


def _spawn(hook: "dict[str, Any]", given: int, printed: int) -> int:
    """Start a hook as the leader of a process group. Without `env` it gets the runtime's environment, as everywhere."""
    arguments = hook.get("args") or [hook["path"]]
    entries = hook.get("env")
    environment = posix.environ if entries is None else dict(entry.partition("=")[::2] for entry in entries)
    syscall("close_range", _FIRST_OTHER, _HIGHEST, _CLOSE_RANGE_CLOEXEC)  # what our caller has left open is no hook's affair
    return posix.posix_spawn(
        hook["path"],
        arguments,
        environment,
        file_actions=[
            (posix.POSIX_SPAWN_DUP2, given, 0),
            (posix.POSIX_SPAWN_DUP2, printed, 1),
            (posix.POSIX_SPAWN_DUP2, printed, 2),
        ],
        setpgroup=0,
        setsigmask=(),
        setsigdef=range(1, 32),
    )


def _wait(pid: int, timeout: "int | None", keep: int) -> "int | None":
    """Return the exit code of a hook, negative for a signal, or None if its time was over and it had to be killed."""
    if timeout:
        from select import poll  # built in on most systems

        pidfd = pidfd_open(pid)
        poller = poll()
        poller.register(pidfd, 1)
        ended = poller.poll(timeout * 1000)
        posix.close(pidfd)
        if not ended:
            _kill_all(pid, keep)
            return None
    return posix.waitstatus_to_exitcode(posix.waitpid(pid, 0)[1])


def _kill_all(leader: int, keep: int) -> None:
    """End a hook, its process group, and whatever has left that group: orphans become our children, until there are none."""
    descendants = _descendants(leader)
    posix.killpg(leader, SIGKILL)
    posix.waitpid(leader, 0)
    # Those in the container's pid namespace become children of its first process, not ours.
    for pid in descendants:
        try:
            posix.kill(pid, SIGKILL)
        except ProcessLookupError:
            continue
    while orphans := [pid for pid in children("thread-self") if pid != keep]:
        for orphan in orphans:
            posix.kill(orphan, SIGKILL)
            posix.waitpid(orphan, 0)


def _descendants(pid: int) -> "list[int]":
    """Return the pids of all that a process has started and that still hangs on it."""
    found = children(f"{pid}/task/{pid}")
    for child in found:
        found += _descendants(child)
    return found
