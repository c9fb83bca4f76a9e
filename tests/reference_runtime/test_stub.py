"""The program that makes a process's last calls: it runs, on every architecture for which there is an emulator."""

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reference_runtime.init.program import NEXT, Program
from reference_runtime.init.stub import elf, sealed
from reference_runtime.kernel.numbers import NUMBERS, column
from reference_runtime.plan.capabilities import Capabilities
from reference_runtime.plan.credentials import Privileges
from reference_runtime.plan.failures import failure
from reference_runtime.plan.last_calls import Descriptors, LastCalls, candidates
from reference_runtime.plan.program import plan_program
from specs.linux.syscalls import numbers

MACHINES = ("x86_64", "aarch64", "riscv64")
PROCESS: dict[str, Any] = {"args": ["prog", "x"], "cwd": "/", "env": ["PATH=/a:/b"], "user": {"uid": 0, "gid": 0}}


def runner(machine: str) -> list[str]:
    """Return what a program of this machine has to be started with; skips the test if there is nothing."""
    if machine == platform.machine():
        return []
    emulator = shutil.which(f"qemu-{machine}-static") or shutil.which(f"qemu-{machine}")
    if emulator is None:
        pytest.skip(f"no emulator of {machine}")
    return [emulator]


def run(machine: str, program: Program, directory: Path, *, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    file = directory / "program"
    file.write_bytes(elf(machine, program.assemble()))
    file.chmod(0o755)
    return subprocess.run([*runner(machine), file], input=stdin, capture_output=True, check=False, timeout=20)


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_go_on_by_their_results(machine: str, tmp_path: Path) -> None:
    program = Program(machine)
    text = program.data(b"abcdef")
    program.call("write", 1, text, 2)
    program.call("write", 99, text, 3, on_error=NEXT)
    program.call("read", 0, program.data(bytes(8)), 1, on_zero="never")
    program.call("read", 0, program.data(bytes(8)), 1, on_zero="end-of-input", on_positive="never")
    program.label("never")
    program.call("write", 1, text, 6)
    program.label("end-of-input")
    program.call("write", 1, program.result(0), 32)
    program.label("report")
    program.call("exit_group", 7)
    done = run(machine, program, tmp_path, stdin=b"x")
    results = [2, -9, 1, 0]
    assert done.stdout == b"ab" + b"".join(result.to_bytes(8, "little", signed=True) for result in results)
    assert done.returncode == 7


@pytest.mark.parametrize("machine", MACHINES)
def test_a_result_becomes_an_argument(machine: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    program = Program(machine)
    program.label("report")
    buffer = program.data(bytes(16))
    opened = program.call("openat", -100, program.text(str(tmp_path / "file")), 0, 0, result=program.argument(1, 0))
    program.call("read", 0, buffer, 7)
    program.call("write", 1, buffer, 7)
    program.call("exit_group", 0)
    assert opened == 0
    assert run(machine, program, tmp_path).stdout == b"content"


@pytest.mark.parametrize("machine", MACHINES)
def test_waiting_makes_no_call_until_the_word_is_set(machine: str, tmp_path: Path) -> None:
    program = Program(machine)
    word = program.data(bytes(8))
    program.label("report")
    program.call("read", 0, word, 1)  # the word is set before, or the program never ends
    program.wait_until_set(word)
    program.call("exit_group", 3)
    assert run(machine, program, tmp_path, stdin=b"\1").returncode == 3


def test_numbers_are_those_of_the_kernel() -> None:
    for machine in MACHINES:
        known = numbers(machine)
        ours = {name: numbers[column(machine)] for name, numbers in NUMBERS.items()}
        assert ours == {name: known[name] for name in NUMBERS}


def test_sealed_content_cannot_be_changed() -> None:
    descriptor = sealed(b"content", name="test")
    try:
        with pytest.raises(PermissionError):
            os.write(descriptor, b"x")
        with pytest.raises(PermissionError):
            os.ftruncate(descriptor, 0)
        # As /proc/self/exe would lead to it (CVE-2019-5736).
        with pytest.raises(PermissionError):
            os.write(os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY), b"x")
    finally:
        os.close(descriptor)


def planned(process: dict[str, Any] | None, **more: Any) -> LastCalls:
    capabilities = Capabilities()
    capabilities.bounding = capabilities.permitted = 1
    privileges = Privileges(capabilities=capabilities, held=3, last=2, set_groups=True)
    return plan_program(process, machine="x86_64", privileges=privileges, descriptors=Descriptors(2), **more)


def test_credentials_are_given_up_in_order() -> None:
    names = planned({**PROCESS, "noNewPrivileges": True}).names
    last = "set capabilities"
    user = PROCESS["user"]
    become = [f"become group {user['gid']}", f"become user {user['uid']}"]
    order = ["drop CAP_DAC_OVERRIDE from the bounding set", last, "set groups", *become, last]
    assert [name for name in names if name in order] == order
    assert names.index(become[-1]) < names.index("tell the runtime") < names.index("wait for start")
    assert names[-3:] == ["chdir to cwd (/)", "/a/prog", "/b/prog"]


def test_without_a_process_it_only_waits() -> None:
    assert planned(None).names[-1] == "wait for start"


@pytest.mark.parametrize(
    ("file", "environment", "paths"),
    [
        ("/bin/x", [], ["/bin/x"]),
        ("a/x", ["PATH=/b"], ["a/x"]),
        ("x", ["PATH=/a:/b"], ["/a/x", "/b/x"]),
        ("x", ["PATH=/a", "PATH=:/b"], ["./x", "/b/x"]),
    ],
)
def test_where_a_program_is_looked_for(file: str, environment: list[str], paths: list[str]) -> None:
    assert candidates(file, environment) == paths


@pytest.mark.parametrize(
    ("errors", "found"),
    [((2, 2), ("/a/prog", 2)), ((2, 13), ("/b/prog", 13)), ((13, 2), ("/a/prog", 13)), ((20, 8), ("/b/prog", 8))],
)
def test_the_most_telling_failure(errors: tuple[int, int], found: tuple[str, int]) -> None:
    calls = planned(PROCESS)
    values = [0] * len(calls.names)
    for index, error in zip(calls.executions, errors, strict=True):
        values[index] = -error
    assert failure(calls, b"".join(value.to_bytes(8, "little", signed=True) for value in values)) == found
