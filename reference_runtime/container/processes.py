"""Which processes are a container's: those in its cgroup; without one, which a user may have, those in its own pid namespace."""

import posix

from reference_runtime.kernel.files import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.container.state import Container


def processes(container: "Container") -> "list[int]":
    """Return their pids, as the runtime sees them. Raises RuntimeFault if there is no such container."""
    manager = container.cgroup
    if manager.hierarchies:
        return manager.processes()
    if not container.is_alive():
        return []
    own = _own_pid_namespace(container.pid)
    return [pid for pid in _pids() if own and _pid_namespace(pid) == own] or [container.pid]


def _own_pid_namespace(pid: int) -> str:
    """Return the pid namespace whose first process this is; "" if it shares one with processes that are not the container's."""
    try:
        status = read_text(f"/proc/{pid}/status")
    except OSError:
        return ""
    line = next(line for line in status.splitlines() if line.startswith("NSpid:"))
    return _pid_namespace(pid) if line.split()[-1] == "1" else ""


def _pid_namespace(pid: int) -> str:
    try:
        return posix.readlink(f"/proc/{pid}/ns/pid")
    except OSError:  # gone, or another user's
        return ""


def _pids() -> "list[int]":
    return sorted(int(name) for name in posix.listdir("/proc") if name.isdigit())
