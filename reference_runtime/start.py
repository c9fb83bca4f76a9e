"""The quick way in and out: modules from one file, and an exit without the interpreter's own clean-up (0.6 ms)."""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def start(words: "Sequence[str]") -> "NoReturn":
    """Carry out one call and exit."""
    status = 1
    try:
        from reference_runtime.archive import Archive

        archive = Archive(f"{__file__.rpartition('/')[0]}/__pycache__/all.{sys.implementation.cache_tag}.bin")
        sys.meta_path.insert(0, archive)
        from reference_runtime.main import main

        status = main(words)
        archive.update()
    finally:
        posix._exit(status)
