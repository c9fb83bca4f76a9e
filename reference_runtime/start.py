"""The quick way in and out: modules from one file, and an exit without the interpreter's own clean-up (0.6 ms)."""

import gc
import posix

from reference_runtime import OPERATIONS
from reference_runtime.archive import Archive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def start(words: "Sequence[str]") -> "NoReturn":
    """Carry out one call and exit."""
    status = 1
    try:
        gc.disable()  # a call makes no garbage that would be worth the search for it
        operation = next((word for word in words if word in OPERATIONS), "")
        archive = Archive(__file__.rpartition("/")[0], operation)
        recording = bool(operation) and "--debug" not in words and not archive.load()
        if recording:
            archive.record()
        from reference_runtime.main import main

        status = main(words)
        if recording and not status:
            archive.save()
    finally:
        posix._exit(status)
