"""--version: the three lines that container engines parse."""

import posix

from reference_runtime import SPEC_VERSION, __version__
from reference_runtime.invocation import NAME, Invocation

FLAGS: "dict[str, str]" = {}


def run(call: Invocation) -> int:  # noqa: ARG001  # every operation gets the call
    """Print name and version, and the version of the specification."""
    posix.write(1, f"{NAME} version {__version__}\ncommit: {__version__}\nspec: {SPEC_VERSION}\n".encode())
    return 0
