"""System call numbers by machine, one TOML file each, read when first asked for."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

MACHINES = ("x86_64", "i386", "x32", "aarch64", "arm", "riscv64")


@functools.cache
def numbers(machine: str) -> Mapping[str, int]:
    """Return system call name to number, as filters see it: for x32 with bit 30 set. Raises KeyError for another machine.

    Source: the kernel's headers (Linux 6.1) and its tables up to 6.19, as each file says.
    """
    if machine not in MACHINES:
        raise KeyError(f"no system call table for {machine!r}; there are {', '.join(MACHINES)}")
    text = Path(__file__).with_name(f"{machine}.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))
