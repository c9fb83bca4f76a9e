"""Every probe, disassembled by capstone: it means what the assembler's names say."""

import re
import struct
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.bundle.assembler import Code
from conformance.bundle.elf import HEADERS_SIZE
from conformance.bundle.layout import BUFFER, BUFFER_SIZE, CODE, DATA
from conformance.bundle.probe import UnknownMachineError, build
from conformance.bundle.program import Kind
from specs.linux.syscalls import numbers
from tests.bundle.probes import KINDS, each_machine

capstone: Any = pytest.importorskip("capstone")

_MODES = {
    "x86_64": ("CS_ARCH_X86", "CS_MODE_64"),
    "aarch64": ("CS_ARCH_ARM64", "CS_MODE_ARM"),
    "riscv64": ("CS_ARCH_RISCV", "CS_MODE_RISCV64"),
}
_ENTER_KERNEL = {"syscall", "svc", "ecall"}
_NUMBER_REGISTERS = {"x86_64": ("eax", "rax"), "aarch64": ("x8",), "riscv64": ("a7",)}
_CALLS: dict[Kind, list[str | None]] = {
    "pause": ["ppoll"],
    "proxy": [None, "ppoll", "read", "write", "exit_group"],
    "hook": ["socket", "connect", None, "ppoll", "read", "write", "exit_group"],
}
"""None is the call that the host asks for."""
each_kind = pytest.mark.parametrize("kind", KINDS)


def disassembled(machine: str, code: bytes) -> list[Any]:
    """Return the instructions; raises ValueError for bytes that are none."""
    architecture, mode = (getattr(capstone, name) for name in _MODES[machine])
    instructions = list(capstone.Cs(architecture, mode).disasm(code, CODE + HEADERS_SIZE))
    if sum(instruction.size for instruction in instructions) != len(code):
        raise ValueError(f"no instruction after {instructions[-1:]}")
    return instructions


def calls(machine: str, instructions: Sequence[Any]) -> list[int | None]:
    """Return the number of each system call, in order of the code; None where it is loaded from memory."""
    number: int | None = None
    found = []
    for instruction in instructions:
        to, _, source = instruction.op_str.partition(", ")
        if instruction.mnemonic in _ENTER_KERNEL:
            found.append(number)
        elif to in _NUMBER_REGISTERS[machine]:
            constant = re.fullmatch(r"(?:zero, )?#?(0x[0-9a-f]+|\d+)", source)
            number = int(constant[1], 0) if constant else None
    return found


def targets(machine: str, instructions: Sequence[Any]) -> list[int]:
    """Return where jumps and calls lead."""
    jumps = re.compile(r"j.*|call|b|bl|b\.le|cbz|beqz|blez")
    found = [each for each in instructions if jumps.fullmatch(each.mnemonic)]
    relative = machine == "riscv64"
    return [(int(each.address) if relative else 0) + int(each.op_str.split(", ")[-1].lstrip("#"), 0) for each in found]


@each_machine
@each_kind
def test_the_code_consists_of_instructions_that_make_the_expected_calls(machine: str, kind: Kind) -> None:
    instructions = disassembled(machine, build(machine, kind)[HEADERS_SIZE:])
    known = numbers(machine)
    assert calls(machine, instructions) == [known[name] if name else None for name in _CALLS[kind]]


@each_machine
@each_kind
def test_jumps_lead_to_instructions_and_the_end_is_not_run_over(machine: str, kind: Kind) -> None:
    instructions = disassembled(machine, build(machine, kind)[HEADERS_SIZE:])
    leads = targets(machine, instructions)
    assert set(leads) <= {instruction.address for instruction in instructions}
    assert len(leads) == {"pause": 1, "proxy": 13, "hook": 20}[kind]
    assert instructions[-1].mnemonic in ({"jmp", "b", "j"} if kind == "pause" else {"ud2", "brk", "ebreak"})


@each_machine
def test_the_disassembly_notices_damage(machine: str) -> None:
    code = build(machine, "proxy")[HEADERS_SIZE:]
    with pytest.raises(ValueError, match="no instruction"):
        disassembled(machine, code[:-1])
    other = build(machine, "hook")[HEADERS_SIZE:]
    assert calls(machine, disassembled(machine, code)) != calls(machine, disassembled(machine, other))


@each_machine
@each_kind
def test_the_file_is_small_and_its_segments_are_those_of_the_layout(machine: str, kind: Kind) -> None:
    program = build(machine, kind)
    assert len(program) < 700
    (entry,) = struct.unpack_from("<Q", program, 24)
    text, memory = (struct.unpack_from("<IIQQQQQQ", program, 64 + 56 * index) for index in (0, 1))
    assert entry == CODE + HEADERS_SIZE
    assert text[:7] == (1, 5, 0, CODE, CODE, len(program), len(program))
    assert memory[:7] == (1, 6, 0, DATA, DATA, 0, BUFFER + BUFFER_SIZE - DATA)


def test_there_is_no_probe_for_other_machines() -> None:
    with pytest.raises(UnknownMachineError, match="s390x"):
        build("s390x", "pause")


def test_a_label_is_defined_once_and_not_missing() -> None:
    code = Code()
    code.label("here")
    with pytest.raises(ValueError, match="twice"):
        code.label("here")
    code.refer("nowhere", lambda distance: bytes([distance & 0xFF]))
    with pytest.raises(KeyError):
        code.finish()
