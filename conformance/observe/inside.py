"""Run a function in the network, IPC and UTS namespaces of another process: in a thread that ends with it.

These namespaces belong to a thread, so the harness's other threads stay where they are, and no process is forked.
`/proc/PID/root/proc/sys` is no way round this: it shows the values of whoever reads it.
"""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from conformance.host import kernel
from conformance.observe.errors import ProcessGone

T = TypeVar("T")
NAMESPACES = kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS


def within(pid: int, work: Callable[[], T]) -> T:
    """Return what `work` returns there; raises what it raises, and ProcessGone if the process has ended before."""
    results: list[T] = []
    errors: list[BaseException] = []

    def enter() -> None:
        try:
            descriptor = os.pidfd_open(pid)
            try:
                kernel.setns(descriptor, NAMESPACES)
            finally:
                os.close(descriptor)
            results.append(work())
        except ProcessLookupError:
            errors.append(ProcessGone(pid))
        except BaseException as error:  # handed to the caller's thread
            errors.append(error)

    thread = threading.Thread(target=enter, name=f"within {pid}")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
