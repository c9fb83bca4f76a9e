"""The command that pip installs: it executes the file beside us. A link to that file on the PATH spares one interpreter start."""

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Become the runtime."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference-runtime")
    os.execv(sys.executable, [sys.executable, "-IS", file, *sys.argv[1:]])  # noqa: S606  # our own file
