"""Which platform a config.json is for, as far as the document shows it.

`windows` has to be set where Windows is the target (config.platform.windows.when), so a document without it is for another one.
Every other section is optional: without any, the document is for Linux, FreeBSD, Solaris, z/OS or a virtual machine.
"""

import re
from typing import Any

_SECTIONS = ("linux", "windows", "solaris", "freebsd", "vm", "zos")
_ABSOLUTE_ON_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|[\\/]", re.ASCII)
"""A drive with its root, or a root: the second is taken too, since Linux containers on Windows have such paths."""


def sections(config: Any) -> set[str]:
    """Return the names of the platform sections that a config has."""
    return {name for name in _SECTIONS if name in config} if isinstance(config, dict) else set()


def for_windows(config: Any) -> bool:
    """Whether the target is Windows."""
    return "windows" in sections(config)


def for_posix(config: Any) -> bool:
    """Whether the target can only be a POSIX platform: a virtual machine alone says nothing about its guest."""
    shown = sections(config)
    return "windows" not in shown and shown != {"vm"}


def only_for(config: Any, name: str) -> bool:
    """Whether `name` is the one platform that the config shows."""
    return sections(config) - {"vm"} == {name}


def is_absolute(path: str, config: Any) -> bool:
    """Whether a path is absolute on the config's platform."""
    return path.startswith("/") or (for_windows(config) and _ABSOLUTE_ON_WINDOWS.match(path) is not None)
