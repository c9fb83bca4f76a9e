"""Run something in a child process that may ruin itself: under a filter, in namespaces, with another scheduler."""

import os
import sys
import traceback
from collections.abc import Callable


def in_child(action: Callable[[], object]) -> str:
    """Return the text of what `action` returns; raises AssertionError with the traceback if it raises, or how the child ended."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _report(action, writing)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise AssertionError(text or f"the child ended with status {os.waitstatus_to_exitcode(status)}")
    return text


def _report(action: Callable[[], object], writing: int) -> None:
    status = 1
    try:
        try:
            text = str(action())
            status = 0
        except BaseException:
            text = traceback.format_exc()
        os.write(writing, text.encode())
    finally:
        sys.stdout.flush()
        os._exit(status)
