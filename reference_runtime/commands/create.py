"""create: make the container and leave its first process waiting for start."""

from reference_runtime.command_line import SWITCH, VALUE
from reference_runtime.invocation import Invocation

FLAGS = {
    "bundle": VALUE,
    "pid-file": VALUE,
    "console-socket": VALUE,
    "no-pivot": SWITCH,
    "no-new-keyring": SWITCH,
    "preserve-fds": VALUE,
}


def run(call: Invocation) -> int:
    """Carry it out, or with --plan print what would be done; returns the exit status."""
    from reference_runtime.container.make import create_container, plan_container, request_of

    request = request_of(call)
    bundle = call.absolute(call.line.value("bundle", "."))
    if call.options.switch("plan"):
        import posix

        planned = plan_container(call.container_id(), bundle, request)
        lines = [*planned.cgroup.describe(), *planned.plan.describe()]
        posix.write(1, ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"))
        return 0
    create_container(call, bundle, request)
    return 0
