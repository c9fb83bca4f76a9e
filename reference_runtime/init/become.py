"""The last thing that Python does in a container's process: it becomes the stub, with the descriptors that the stub expects."""

import _signal  # type: ignore[import-not-found]  # the C half of signal, which the interpreter has loaded
import posix
from fcntl import fcntl

from reference_runtime.init.stub import elf, sealed
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from reference_runtime.plan.last_calls import Descriptors

_AT_EMPTY_PATH = 0x1000
_F_DUPFD_CLOEXEC = 1030
_CLOSE_RANGE_CLOEXEC = 4
_HIGHEST = (1 << 32) - 1
_HEADROOM = 8


def become(image: bytes, *, machine: str, descriptors: "Descriptors", given: "Sequence[int]") -> "NoReturn":
    """Execute the stub with `image` as its data; `given` are what becomes descriptors.start, .result, .sync and .proc.

    All others that the program does not get close on the way: the stub waits in the container, where others may look into it.
    Raises OSError.
    """
    stub = sealed(elf(machine, image), name="container")
    # All are moved out of the way first, so that none is overwritten before it has been placed.
    high = descriptors.first + _HEADROOM
    moved = [fcntl(descriptor, _F_DUPFD_CLOEXEC, high) for descriptor in (*given, stub)]
    syscall("close_range", descriptors.first, _HIGHEST, _CLOSE_RANGE_CLOEXEC)
    numbers = (descriptors.start, descriptors.result, descriptors.sync, descriptors.proc)
    for descriptor, number in zip(moved[:-1], numbers, strict=True):
        posix.dup2(descriptor, number)
    for number in range(3, descriptors.first):
        posix.set_inheritable(number, True)  # noqa: FBT003  # its one parameter
    reset_signals()
    syscall("execveat", moved[-1], b"", bytes(8), bytes(8), _AT_EMPTY_PATH)
    raise AssertionError("execveat has returned")


def reset_signals() -> None:
    """Give all signals their default action and an empty mask: what a caller ignores or blocks is not the container's affair."""
    for number in range(1, 65):
        if number not in _UNCHANGEABLE and _signal.getsignal(number) is not _signal.SIG_DFL:
            _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())


_UNCHANGEABLE = frozenset({9, 19, 32, 33})
"""KILL, STOP, and the two that the C library keeps to itself."""
