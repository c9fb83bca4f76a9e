"""Jails in the background, ended with the test."""

import subprocess  # noqa: TC003  # beside the imports that pytest needs at run time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.jails import Start, Started, inside, launch


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a command in a jail and wait until it is inside; what a failed test leaves running is ended."""
    janitors: list[subprocess.Popen[str]] = []

    def started(*command: str, workdir: Path, lane: str = "host") -> Started:
        janitors.append(launch(*command, workdir=workdir, lane=lane))
        return inside(janitors[-1], workdir)

    yield started
    for janitor in janitors:
        janitor.kill()
        janitor.communicate(timeout=20)
