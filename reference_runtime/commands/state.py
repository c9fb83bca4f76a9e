"""state: print the state of a container as JSON."""

import posix

from reference_runtime.config.writer import dumps
from reference_runtime.invocation import Invocation

FLAGS: "dict[str, str]" = {}


def run(call: Invocation) -> int:
    """Carry it out; returns the exit status."""
    from reference_runtime.container.state import Container

    state = Container.load(call.container()).state()
    posix.write(1, f"{dumps(state, indent='  ')}\n".encode())
    return 0
