"""Run probes as plain child processes: natively, or the other machines' under qemu's user emulation."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from conformance.bundle.probe import ASSEMBLERS, build
from conformance.bundle.program import Kind
from conformance.bundle.proxy import Proxy

NATIVE = os.uname().machine
KINDS: tuple[Kind, ...] = ("pause", "proxy", "hook")
each_machine = pytest.mark.parametrize("machine", ASSEMBLERS)


def emulator(machine: str) -> list[str]:
    """Return the words to put before a probe's path; skips the test where this host cannot run it."""
    if machine == NATIVE:
        return []
    found = shutil.which(f"qemu-{machine}-static")
    if found is None:
        pytest.skip(f"qemu-{machine}-static is not installed")
    return [found]


def write_probe(directory: Path, machine: str, kind: Kind) -> str:
    """Write an executable probe; return its path."""
    path = directory / kind
    path.write_bytes(build(machine, kind))
    path.chmod(0o755)
    return str(path)


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    """Kill and collect a process at the end of the block."""
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


@contextmanager
def talking(directory: Path, machine: str, *arguments: str) -> Iterator[tuple[Proxy, "subprocess.Popen[bytes]"]]:
    """Start a proxy with pipes as its input and output."""
    command = [*emulator(machine), write_probe(directory, machine, "proxy"), *arguments]
    stdin, to_probe = os.pipe()
    from_probe, stdout = os.pipe()
    process = subprocess.Popen(command, stdin=stdin, stdout=stdout)
    os.close(stdin)
    os.close(stdout)
    proxy = Proxy(to_probe, from_probe, machine)
    with ended(process):
        try:
            yield proxy, process
        finally:
            proxy.close()


def hook(directory: Path, machine: str, arguments: Sequence[str], *, stdin: bytes = b"") -> "subprocess.Popen[bytes]":
    """Start a hook with exactly these arguments as its argv, but for the program's name, and `stdin` to be read."""
    read_end, write_end = os.pipe()
    os.write(write_end, stdin)
    os.close(write_end)
    command = [*emulator(machine), write_probe(directory, machine, "hook"), *arguments]
    process = subprocess.Popen(command, stdin=read_end)
    os.close(read_end)
    return process
