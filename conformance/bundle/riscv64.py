"""Assembler for riscv64. Instructions as in the unprivileged manual, base set RV64I, 32 bits each, none compressed."""

import struct
from collections.abc import Callable, Mapping
from typing import ClassVar

from conformance.bundle.assembler import Assembler, Register, SystemCalls
from conformance.bundle.layout import DATA

_ZERO, _RA, _SP = 0, 1, 2
_BASE = 8
"""s0 holds DATA: addresses are reached from there."""

_LOAD, _STORE, _BRANCH, _IMMEDIATE, _REGISTERS = 0x03, 0x23, 0x63, 0x13, 0x33


def _word(value: int) -> bytes:
    return struct.pack("<I", value)


def _i_type(opcode: int, function: int, rd: int, rs1: int, value: int) -> bytes:
    return _word((value & 0xFFF) << 20 | rs1 << 15 | function << 12 | rd << 7 | opcode)


def _s_type(function: int, rs2: int, rs1: int, offset: int) -> bytes:
    return _word((offset >> 5 & 0x7F) << 25 | rs2 << 20 | rs1 << 15 | function << 12 | (offset & 0x1F) << 7 | _STORE)


def _b_type(function: int, rs1: int, rs2: int) -> Callable[[int], bytes]:
    """`beq`, `bge`: the bits of the distance are scattered so that its sign always is the top bit."""

    def encode(distance: int) -> bytes:
        high = (distance >> 12 & 1) << 31 | (distance >> 5 & 0x3F) << 25
        low = (distance >> 1 & 0xF) << 8 | (distance >> 11 & 1) << 7
        return _word(high | rs2 << 20 | rs1 << 15 | function << 12 | low | _BRANCH)

    return encode


def _jal(rd: int) -> Callable[[int], bytes]:
    def encode(distance: int) -> bytes:
        sign, middle = (distance >> 20 & 1) << 31, (distance >> 11 & 1) << 20
        return _word(sign | (distance >> 1 & 0x3FF) << 21 | middle | (distance >> 12 & 0xFF) << 12 | rd << 7 | 0x6F)

    return encode


def _lui(rd: int, value: int) -> bytes:
    return _word(value & 0xFFFFF000 | rd << 7 | 0x37)


def _addi(rd: int, rs1: int, value: int) -> bytes:
    return _i_type(_IMMEDIATE, 0, rd, rs1, value)


def _andi(rd: int, rs1: int, value: int) -> bytes:
    return _i_type(_IMMEDIATE, 7, rd, rs1, value)


def _ld(rd: int, rs1: int, offset: int) -> bytes:
    return _i_type(_LOAD, 3, rd, rs1, offset)


def _lbu(rd: int, rs1: int) -> bytes:
    return _i_type(_LOAD, 4, rd, rs1, 0)


def _sd(rs2: int, rs1: int, offset: int) -> bytes:
    return _s_type(3, rs2, rs1, offset)


def _sb(rs2: int, rs1: int) -> bytes:
    return _s_type(0, rs2, rs1, 0)


def _add(rd: int, rs1: int, rs2: int) -> bytes:
    return _word(rs2 << 20 | rs1 << 15 | rd << 7 | _REGISTERS)


def _sub(rd: int, rs1: int, rs2: int) -> bytes:
    return _word(0x40000000 | rs2 << 20 | rs1 << 15 | rd << 7 | _REGISTERS)


class Riscv64(Assembler):
    """Encodes for riscv64."""

    system_calls: ClassVar[SystemCalls] = SystemCalls(read=63, write=64, ppoll=73, socket=198, connect=203, exit_group=94)
    registers: ClassVar[Mapping[Register, int]] = {
        Register.NUMBER: 17,
        Register.RESULT: 10,
        Register.ARGUMENT_0: 10,
        Register.ARGUMENT_1: 11,
        Register.ARGUMENT_2: 12,
        Register.ARGUMENT_3: 13,
        Register.ARGUMENT_4: 14,
        Register.ARGUMENT_5: 15,
        Register.INPUT: 9,
        Register.OUTPUT: 18,
        Register.CURSOR: 19,
        Register.POINTER: 20,
        Register.COUNT: 21,
        Register.SCRATCH: 22,
    }

    def start(self) -> None:
        """`lui s0, DATA`."""
        self.code.emit(_lui(_BASE, DATA))

    def store_stack_pointer(self, address: int) -> None:
        """`sd sp, offset(s0)`."""
        self.code.emit(_sd(_SP, _BASE, address - DATA))

    def set(self, to: Register, value: int) -> None:
        """`li to, value`."""
        self.code.emit(_addi(self.registers[to], _ZERO, value))

    def set_address(self, to: Register, address: int) -> None:
        """`addi to, s0, offset`."""
        self.code.emit(_addi(self.registers[to], _BASE, address - DATA))

    def copy(self, to: Register, source: Register) -> None:
        """`mv to, source`."""
        self.code.emit(_addi(self.registers[to], self.registers[source], 0))

    def load(self, to: Register, address: int) -> None:
        """`ld to, offset(s0)`."""
        self.code.emit(_ld(self.registers[to], _BASE, address - DATA))

    def store(self, source: Register, address: int) -> None:
        """`sd source, offset(s0)`."""
        self.code.emit(_sd(self.registers[source], _BASE, address - DATA))

    def load_through(self, to: Register, pointer: Register, displacement: int) -> None:
        """`ld to, displacement(pointer)`."""
        self.code.emit(_ld(self.registers[to], self.registers[pointer], displacement))

    def load_byte(self, to: Register, pointer: Register) -> None:
        """`lbu to, 0(pointer)`."""
        self.code.emit(_lbu(self.registers[to], self.registers[pointer]))

    def store_byte(self, source: Register, pointer: Register) -> None:
        """`sb source, 0(pointer)`."""
        self.code.emit(_sb(self.registers[source], self.registers[pointer]))

    def add(self, to: Register, source: Register) -> None:
        """`add to, to, source`."""
        self.code.emit(_add(self.registers[to], self.registers[to], self.registers[source]))

    def subtract(self, to: Register, source: Register) -> None:
        """`sub to, to, source`."""
        self.code.emit(_sub(self.registers[to], self.registers[to], self.registers[source]))

    def increase(self, to: Register, amount: int) -> None:
        """`addi to, to, amount`."""
        self.code.emit(_addi(self.registers[to], self.registers[to], amount))

    def keep_lowest_bit(self, to: Register) -> None:
        """`andi to, to, 1`."""
        self.code.emit(_andi(self.registers[to], self.registers[to], 1))

    def system_call(self) -> None:
        """`ecall`."""
        self.code.emit(_word(0x73))

    def jump(self, label: str) -> None:
        """`j label`."""
        self.code.refer(label, _jal(_ZERO))

    def jump_if_zero(self, register: Register, label: str) -> None:
        """`beq register, zero, label`."""
        self.code.refer(label, _b_type(0, self.registers[register], _ZERO))

    def jump_unless_positive(self, register: Register, label: str) -> None:
        """`bge zero, register, label`."""
        self.code.refer(label, _b_type(5, _ZERO, self.registers[register]))

    def call(self, label: str) -> None:
        """`jal ra, label`."""
        self.code.refer(label, _jal(_RA))

    def leave(self) -> None:
        """`ret`."""
        self.code.emit(_i_type(0x67, 0, _ZERO, _RA, 0))

    def trap(self) -> None:
        """`ebreak`."""
        self.code.emit(_word(0x100073))
