"""pause: stop all processes of a container where they stand."""

from reference_runtime.fault import RuntimeFault
from reference_runtime.invocation import Invocation

FLAGS: "dict[str, str]" = {}


def run(call: Invocation) -> int:
    """Carry it out; returns the exit status."""
    from reference_runtime.container.state import CREATED, RUNNING, Container

    directory = call.container()
    directory.lock()
    container = Container.load(directory)
    status = container.status()
    if status not in {CREATED, RUNNING}:
        raise RuntimeFault(f"container not running: it is {status}")
    container.cgroup.freeze()
    return 0
