"""A terminal is taken from a runtime, whatever the runtime sends in its place."""

import os
import pty
import socket
from pathlib import Path

import pytest

from conformance.subject.console import ConsoleSocket


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "console")


def send(path: str, *descriptors: int) -> None:
    with socket.socket(socket.AF_UNIX) as runtime:
        runtime.connect(path)
        socket.send_fds(runtime, [b"/dev/ptmx"], descriptors)


def test_a_terminal_carries_any_bytes(path: str) -> None:
    console = ConsoleSocket(path)
    master, slave = pty.openpty()
    send(path, master)
    os.close(master)
    received = console.receive(seconds=5)
    assert received is not None
    awkward = bytes(range(256))
    os.write(received, awkward)
    assert os.read(slave, 1000) == awkward
    os.write(slave, b"\n\x03\x04")
    assert os.read(received, 1000) == b"\n\x03\x04"
    console.close()
    assert not os.path.exists(path)
    os.close(received)
    os.close(slave)


def test_what_is_no_terminal_is_not_taken_and_nothing_stays_open(path: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    console = ConsoleSocket(path)
    read_end, write_end = os.pipe()
    send(path, read_end, write_end)
    assert console.receive(seconds=5) is None
    with socket.socket(socket.AF_UNIX) as runtime:
        runtime.connect(path)
        runtime.sendall(b"no descriptor")
        assert console.receive(seconds=5) is None
    console.close()
    os.close(read_end)
    os.close(write_end)
    assert len(os.listdir("/proc/self/fd")) == before


def test_nobody_sends_anything(path: str) -> None:
    console = ConsoleSocket(path)
    assert console.receive(seconds=0) is None
    console.close()
    console.close()
