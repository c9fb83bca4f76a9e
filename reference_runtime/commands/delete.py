"""delete: take away what create has made for a container that has stopped."""

from reference_runtime.command_line import SWITCH
from reference_runtime.fault import RuntimeFault
from reference_runtime.invocation import Invocation

FLAGS = {"force": SWITCH}


def run(call: Invocation) -> int:
    """Carry it out; returns the exit status. With --force an unknown container is as good as deleted."""
    from reference_runtime import lifecycle
    from reference_runtime.container.state import Container

    directory, force = call.container(), call.line.switch("force")
    if force:
        directory.sweep()
    if not directory.exists():
        if force:
            return 0
        raise directory.unknown()
    directory.lock()
    try:
        container = Container.load(directory)
    except RuntimeFault:
        if not force:
            raise
        directory.remove()  # a create was killed before it had made anything else
        return 0
    lifecycle.delete(container, call.log, force=force)
    return 0
