"""The probes at work, on every machine that this host can run."""

import os
import platform
import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from conformance.bundle.layout import BUFFER, NO_CONNECTION, NO_PATH, PAUSE_IF_ZERO, STACK_POINTER
from conformance.bundle.proxy import ProbeGone, Proxy
from specs.linux.syscalls import numbers
from tests.bundle.probes import NATIVE, each_machine, emulator, ended, hook, talking, write_probe

_SECONDS = 20.0
_AT_FDCWD = -100


@each_machine
def test_proxy_returns_the_kernels_results_and_what_it_wrote(machine: str, tmp_path: Path) -> None:
    known = numbers(machine)
    with talking(tmp_path, machine) as (proxy, process):
        assert proxy.call(known["getpid"], timeout=_SECONDS) == (process.pid, b"")
        value, names = proxy.call(known["uname"], BUFFER, out=390, timeout=_SECONDS)
        assert value == 0
        assert names[65:130].rstrip(b"\0").decode() == platform.node()
        assert names[260:325].rstrip(b"\0").decode() == machine


@each_machine
def test_proxy_passes_six_arguments_and_data_both_ways(machine: str, tmp_path: Path) -> None:
    known = numbers(machine)
    (tmp_path / "greeting").write_bytes(b"hello from a file")
    with talking(tmp_path, machine) as (proxy, _):
        path = os.fsencode(tmp_path / "greeting") + b"\0"
        fd, _ = proxy.call(known["openat"], _AT_FDCWD, BUFFER, os.O_RDONLY, 0, data=path, timeout=_SECONDS)
        assert fd > 2
        assert proxy.call(known["read"], fd, BUFFER + 4, 5, data=b"....", out=9, timeout=_SECONDS) == (5, b"....hello")
        address, _ = proxy.call(known["mmap"], 0, 8192, 1, 2, fd, 0, timeout=_SECONDS)
        assert address > 0x10000
        # The sixth argument is looked at: an offset that is not a multiple of the page size is EINVAL.
        assert proxy.call(known["mmap"], 0, 8192, 1, 2, fd, 1, timeout=_SECONDS)[0] == -22
        assert proxy.call(known["close"], 999, timeout=_SECONDS) == (-9, b"")


@each_machine
def test_proxy_moves_large_input_and_output(machine: str, tmp_path: Path) -> None:
    data = os.urandom(1 << 20)
    with talking(tmp_path, machine) as (proxy, process):
        result = proxy.call(numbers(machine)["getpid"], data=data, out=len(data), timeout=_SECONDS)
    assert result == (process.pid, data)


@each_machine
def test_a_forked_child_pauses_and_the_parent_goes_on(machine: str, tmp_path: Path) -> None:
    known = numbers(machine)
    with talking(tmp_path, machine) as (proxy, process):
        child, _ = proxy.call(known["clone"], signal.SIGCHLD, flags=PAUSE_IF_ZERO, timeout=_SECONDS)
        assert child > 0
        try:
            assert proxy.call(known["getpid"], timeout=_SECONDS)[0] == process.pid
            deadline = time.monotonic() + _SECONDS
            while (seen := Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[:2])[0] != "S":
                assert time.monotonic() < deadline
            assert seen == ["S", str(process.pid)]
        finally:
            os.kill(child, signal.SIGKILL)
        status = proxy.call(known["wait4"], child, BUFFER, 0, 0, out=4, timeout=_SECONDS)
        assert status == (child, bytes([signal.SIGKILL, 0, 0, 0]))


@each_machine
def test_a_zero_result_without_the_flag_is_a_reply(machine: str, tmp_path: Path) -> None:
    with talking(tmp_path, machine) as (proxy, _):
        assert proxy.call(numbers(machine)["sched_yield"], timeout=_SECONDS) == (0, b"")
        child_flag = PAUSE_IF_ZERO << 1
        assert proxy.call(numbers(machine)["sched_yield"], flags=child_flag, timeout=_SECONDS) == (0, b"")


@each_machine
def test_proxy_ends_with_status_0_when_its_input_does(machine: str, tmp_path: Path) -> None:
    with talking(tmp_path, machine) as (proxy, process):
        proxy.call(numbers(machine)["getpid"], timeout=_SECONDS)
        proxy.close()
        assert process.wait(_SECONDS) == 0


def test_the_initial_stack_pointer_leads_to_argv(tmp_path: Path) -> None:
    with talking(tmp_path, NATIVE, "one", "two") as (proxy, process):
        proxy.call(numbers(NATIVE)["getpid"], timeout=_SECONDS)
        with open(f"/proc/{process.pid}/mem", "rb", buffering=0) as memory:

            def word(address: int) -> int:
                memory.seek(address)
                return int.from_bytes(memory.read(8), "little")

            stack = word(STACK_POINTER)
            assert word(stack) == 3
            memory.seek(word(stack + 8 + 2 * 8))
            assert memory.read(4) == b"two\0"


@each_machine
def test_pause_sleeps_for_ever(machine: str, tmp_path: Path) -> None:
    command = [*emulator(machine), write_probe(tmp_path, machine, "pause")]
    with ended(subprocess.Popen(command)) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        assert fields[0] == "S"
        process.send_signal(signal.SIGTERM)
        assert process.wait(_SECONDS) == -signal.SIGTERM


@each_machine
def test_hook_is_driven_through_its_socket(machine: str, tmp_path: Path) -> None:
    known = numbers(machine)
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        listener.settimeout(_SECONDS)
        with ended(hook(tmp_path, machine, [str(tmp_path / "s"), "prestart", "0"], stdin=b'{"pid": 1}')) as process:
            connection, _ = listener.accept()
            descriptor = connection.detach()
            with closing(Proxy(descriptor, descriptor, machine)) as proxy:
                assert proxy.call(known["getpid"], timeout=_SECONDS)[0] == process.pid
                assert proxy.call(known["read"], 0, BUFFER, 100, out=10, timeout=_SECONDS) == (10, b'{"pid": 1}')
                assert proxy.call(known["read"], 0, BUFFER, 100, timeout=_SECONDS) == (0, b"")
                with pytest.raises(ProbeGone):
                    proxy.call(known["exit_group"], 7, timeout=_SECONDS)
            assert process.wait(_SECONDS) == 7


@each_machine
def test_hook_takes_a_path_of_107_bytes_but_none_longer(machine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    longest = "x" * 107
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(longest)
        listener.listen()
        with ended(hook(tmp_path, machine, [longest])):
            listener.settimeout(_SECONDS)
            listener.accept()[0].close()
    os.unlink(longest)
    with ended(hook(tmp_path, machine, ["x" * 5000])) as process:
        assert process.wait(_SECONDS) == NO_CONNECTION


@each_machine
def test_hook_without_listener_or_path_says_so(machine: str, tmp_path: Path) -> None:
    with ended(hook(tmp_path, machine, [str(tmp_path / "nobody")])) as process:
        assert process.wait(_SECONDS) == NO_CONNECTION
    with ended(hook(tmp_path, machine, [])) as process:
        assert process.wait(_SECONDS) == NO_PATH


@each_machine
def test_hook_ends_when_its_connection_does(machine: str, tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with ended(hook(tmp_path, machine, [str(tmp_path / "s")])) as process:
            connection, _ = listener.accept()
            time.sleep(0.05)
            assert process.poll() is None
            connection.close()
            assert process.wait(_SECONDS) == 0
