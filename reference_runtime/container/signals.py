"""Sends signals to a container's processes, and to no others that got their pids later."""

import posix

from reference_runtime.container.state import CREATED, PAUSED, RUNNING
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel import pidfds as k

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.container.state import Container


def send(container: "Container", signal: int, *, everyone: bool) -> None:
    """Signal the first process, or every process of the container.

    Raises RuntimeFault if the container is neither created nor running; for `everyone` a stopped one does too, since others
    may live on in a pid namespace that it shared.
    """
    if everyone:
        _send_to_all(container, signal)
        return
    status = container.status()
    if status not in {CREATED, RUNNING, PAUSED}:
        raise RuntimeFault(f"container not running: it is {status}")
    pidfd = k.pidfd_open(container.pid)
    try:
        if not container.is_alive():
            raise RuntimeFault("container not running: it is stopped")
        k.pidfd_send_signal(pidfd, signal)
    finally:
        posix.close(pidfd)
    if status == PAUSED and signal == k.SIGKILL:
        container.cgroup.thaw()  # a frozen process of cgroup v1 dies only when it is thawed


def _send_to_all(container: "Container", signal: int) -> None:
    from reference_runtime.container.processes import processes

    manager = container.cgroup
    if signal == k.SIGKILL and manager.hierarchies:
        manager.kill()
        return
    for pid in processes(container):
        try:
            posix.kill(pid, signal)
        except ProcessLookupError:
            continue
