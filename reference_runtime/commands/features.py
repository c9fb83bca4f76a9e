"""features: what this runtime recognises, as JSON."""

import posix

from reference_runtime.config.writer import dumps
from reference_runtime.invocation import Invocation

FLAGS: "dict[str, str]" = {}


def run(call: Invocation) -> int:  # noqa: ARG001  # every operation gets the call
    """Print the document."""
    from reference_runtime.features import document

    posix.write(1, f"{dumps(document(), indent='    ')}\n".encode())
    return 0
