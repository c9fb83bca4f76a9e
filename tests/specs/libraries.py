"""What tables are compared with: shared libraries of this machine, and its C headers through the compiler."""

import ctypes
import subprocess
from collections.abc import Mapping

import pytest


def load(name: str) -> ctypes.CDLL:
    """Load a shared library, or skip the test where the machine has none."""
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        pytest.skip(str(error))


def wrong_values(header: str, values: Mapping[str, int]) -> list[str]:
    """Return the names that the header does not define with these values; skip the test where there is no compiler."""
    try:
        return [
            name for name, value in values.items() if not _compiles(f"#include <{header}>\n_Static_assert({name} == {value}ull);")
        ]
    except FileNotFoundError:
        pytest.skip("no C compiler")


def defines(header: str, name: str) -> bool:
    """Whether the header knows the name at all."""
    return not wrong_values(header, {f"({name})*0": 0})


def _compiles(source: str) -> bool:
    run = subprocess.run(["cc", "-fsyntax-only", "-x", "c", "-"], input=source, capture_output=True, text=True, check=False)
    return run.returncode == 0
