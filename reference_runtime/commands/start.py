"""start: run the program of a created container."""

from reference_runtime.invocation import Invocation

FLAGS: "dict[str, str]" = {}


def run(call: Invocation) -> int:
    """Carry it out; returns the exit status."""
    from reference_runtime import lifecycle
    from reference_runtime.container.state import Container

    directory = call.container()
    directory.lock()
    lifecycle.start(Container.load(directory), call.log)
    return 0
