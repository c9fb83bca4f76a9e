"""Hostile programs for the tests, as small scripts."""

import os
import sys
from pathlib import Path

PYTHON = os.path.realpath(sys.executable)


def shell(path: Path, body: str) -> str:
    """Write an executable shell script; return its path."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def python(path: Path, body: str) -> str:
    """Write an executable Python script; return its path."""
    path.write_text(f"#!{PYTHON} -IS\n{body}\n")
    path.chmod(0o755)
    return str(path)
