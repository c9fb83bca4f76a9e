"""run: create and start in one call, and unless detached stay until the program ends."""

from reference_runtime.command_line import SWITCH
from reference_runtime.commands import create
from reference_runtime.invocation import Invocation

FLAGS = {**create.FLAGS, "detach": SWITCH, "keep": SWITCH, "no-subreaper": SWITCH}


def run(call: Invocation) -> int:
    """Carry it out; returns the program's exit status, or 0 when it was left running."""
    from reference_runtime import lifecycle
    from reference_runtime.container.make import create_container, request_of

    request = request_of(call)
    container = create_container(call, call.absolute(call.line.value("bundle", ".")), request, attached=not request.detach)
    try:
        lifecycle.start(container, call.log)
    except BaseException:
        if container.directory.exists():
            lifecycle.delete(container, call.log, force=True)
        raise
    if request.detach:
        return 0
    from reference_runtime.container.foreground import stay

    container.directory.unlock()
    status = stay(container.pid, master=container.take_terminal())
    if not request.keep:
        container.directory.lock()
        lifecycle.delete(container, call.log, force=True)
    return status
