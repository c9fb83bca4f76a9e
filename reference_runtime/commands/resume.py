"""resume: let the processes of a paused container go on."""

from reference_runtime.fault import RuntimeFault
from reference_runtime.invocation import Invocation

FLAGS: "dict[str, str]" = {}


def run(call: Invocation) -> int:
    """Carry it out; returns the exit status."""
    from reference_runtime.container.state import Container

    directory = call.container()
    directory.lock()
    container = Container.load(directory)
    if not container.is_alive() or not container.cgroup.frozen():
        raise RuntimeFault(f"container not paused: it is {container.status()}")
    container.cgroup.thaw()
    return 0
