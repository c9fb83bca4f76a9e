"""Processes of the jail: collect exit statuses, and end whatever a runtime left behind.

The harness is pid 1 of its pid namespace, so every orphan becomes its child and every other process is the runtime's doing.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable

from conformance.bundle.removal import remove_tree
from conformance.host.kernel import MNT_DETACH, umount2
from conformance.record.leak import Leak

_ROUNDS = 100
_PAUSE = 0.01


class Reaper:
    """Exit statuses of processes that nobody else waits for."""

    def __init__(self) -> None:
        self._ended: dict[int, int] = {}

    def collect(self) -> bool:
        """Reap every zombie child there is; return whether a living one is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self._ended[pid] = os.waitstatus_to_exitcode(status)

    def exit_code(self, pid: int) -> int | None:
        """Return how a process ended (-N for signal N), None if it is not known to have ended; forgets it."""
        self.collect()
        return self._ended.pop(pid, None)

    def end_all(self) -> None:
        """Kill every process of this pid namespace but our own, and reap them. Only ever called as its pid 1."""
        if os.getpid() != 1:
            raise RuntimeError("refusing to kill processes outside a session jail")
        for _ in range(_ROUNDS):
            others = [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1" and not _is_zombie(name)]
            self.collect()
            if not others:
                break
            for pid in others:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_PAUSE)
        self._ended.clear()


def remove(leaks: Iterable[Leak]) -> None:
    """Remove leaked mounts, cgroups and state; processes are `Reaper.end_all`'s business."""
    found = list(leaks)
    for leak in reversed([leak for leak in found if leak.kind == "mount"]):
        with contextlib.suppress(OSError):
            umount2(leak.what, MNT_DETACH)
    for leak in sorted((leak for leak in found if leak.kind == "cgroup"), key=lambda leak: -len(leak.what)):
        _remove_cgroup(leak.what)
    for leak in found:
        if leak.kind == "state":
            # A symlink goes before its target could be taken for the runtime's directory.
            with contextlib.suppress(OSError):
                os.unlink(leak.what)
            with contextlib.suppress(OSError):
                remove_tree(leak.what)


def _remove_cgroup(directory: str) -> None:
    with contextlib.suppress(OSError), open(os.path.join(directory, "freezer.state"), "w") as file:
        file.write("THAWED")
    for _ in range(_ROUNDS):
        try:
            os.rmdir(directory)
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(_PAUSE)
        else:
            return


def _is_zombie(name: str) -> bool:
    try:
        with open(f"/proc/{name}/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[0] == b"Z"
    except OSError:
        return True
