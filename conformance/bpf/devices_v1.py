"""Decide what the device list of a version 1 cgroup allows.

Where the cgroup denies by default, `devices.list` shows the exceptions; where it allows by default the file says
`a *:* rwm` and hides its exceptions, so such a list cannot be told from "everything is allowed".
Source: kernel, Documentation/admin-guide/cgroup-v1/devices.rst and security/device_cgroup.c.
"""

from collections.abc import Iterable
from typing import Literal


def allows(lines: Iterable[str], *, kind: Literal["b", "c"], major: int, minor: int, access: str) -> bool:
    """Return whether the lines of a `devices.list` allow `access` (letters of "rwm", at least one) in one request.

    A single line must grant every letter: opening a device to read and write is one request, and the kernel does not
    add up lines. Raises ValueError on a line of another form.
    """
    wanted = frozenset(access)
    if not wanted or not wanted <= frozenset("rwm"):
        raise ValueError(f"access {access!r}")
    return any(_matches(line, kind, major, minor) and wanted <= set(line.split()[2]) for line in lines if line.strip())


def _matches(line: str, kind: str, major: int, minor: int) -> bool:
    line_kind, numbers, letters = line.split()
    line_major, line_minor = numbers.split(":")
    if line_kind not in {"a", "b", "c"} or not set(letters) <= set("rwm"):
        raise ValueError(f"device list line {line!r}")
    return line_kind in {"a", kind} and line_major in {"*", str(major)} and line_minor in {"*", str(minor)}
