"""Starts the first process of a container that joins namespaces which are there already."""

import posix

from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.init.imports import forbid_imports
from reference_runtime.init.setup import receive, tell
from reference_runtime.kernel import processes as k

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.init.setup import Inside

_EINVAL = 22
_PID = b"P"


def clone_joined(inside: "Inside", ours: int) -> int:
    """Start the process from a go-between that has joined the namespaces that are there already.

    It makes the process our child, not its own, so nothing of it remains. Returns 0 in the process itself.
    """
    between = k.clone3(0)
    if between == 0 and _is_container(inside):
        return 0
    message = receive(ours)
    posix.waitpid(between, 0)
    return int(message[1:])


def _is_container(inside: "Inside") -> bool:
    """In the go-between: join, make the process and tell its pid. Returns, with True, in the process alone."""
    try:
        for kind, path, where in inside.plan.namespaces.joined:
            _join(kind, path, where)
        pid = k.clone3(inside.plan.namespaces.new | k.CLONE_PARENT)
        if pid == 0:
            return True
        posix.write(inside.sync, _PID + str(pid).encode())
    except BaseException as error:  # whatever it is, two runtimes must never go on
        tell(inside.sync, error)
    posix._exit(0)


def _join(kind: int, path: str, where: str) -> None:
    try:
        descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
        if kind == k.CLONE_NEWNS:
            forbid_imports()  # they would find what a container has laid out there
        k.setns(descriptor, kind, path=path)
        posix.close(descriptor)
    except OSError as error:
        # setns(2) has this error for a file that is no namespace, or one of another kind.
        why = f"{path} is no namespace of that type" if error.errno == _EINVAL else reason(error)
        raise RuntimeFault("cannot join", where=where, why=why) from error
