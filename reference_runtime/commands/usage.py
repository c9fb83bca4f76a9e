"""--help."""

import posix

from reference_runtime import OPERATIONS
from reference_runtime.command_line import GLOBAL
from reference_runtime.invocation import NAME, Invocation

FLAGS: "dict[str, str]" = {}


def run(call: Invocation) -> int:  # noqa: ARG001  # every operation gets the call
    """Print what there is to call."""
    text = f"usage: {NAME} [global flags] operation [flags] [id]\n\noperations: {', '.join(OPERATIONS)}\n"
    for operation in OPERATIONS:
        flags = __import__(f"reference_runtime.commands.{operation}", fromlist=("FLAGS",)).FLAGS
        text += f"  {operation} {' '.join(_shown(flags))}\n"
    posix.write(1, f"{text}\nglobal flags: {' '.join(_shown(GLOBAL))}\n".encode())
    return 0


def _shown(flags: "dict[str, str]") -> "list[str]":
    return [f"--{name}" if kind == "switch" else f"--{name}=VALUE" for name, kind in flags.items()]
