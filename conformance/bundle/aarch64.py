"""Assembler for aarch64. Instructions as in the A64 base instruction set of Arm's architecture manual, 32 bits each."""

import struct
from collections.abc import Callable, Mapping
from typing import ClassVar

from conformance.bundle.assembler import Assembler, Register, SystemCalls
from conformance.bundle.layout import DATA

_BASE = 19
"""x19 holds DATA: addresses are reached from there."""
_LINK = 30
_STACK_OR_ZERO = 31
"""The stack pointer or the zero register, whichever the instruction takes."""
_LESS_OR_EQUAL = 13


def _word(value: int) -> bytes:
    return struct.pack("<I", value)


def _movz(rd: int, value: int, *, shift: int = 0) -> bytes:
    return _word(0xD2800000 | shift // 16 << 21 | value << 5 | rd)


def _mov(rd: int, rm: int) -> bytes:
    """`orr rd, xzr, rm`."""
    return _word(0xAA000000 | rm << 16 | _STACK_OR_ZERO << 5 | rd)


def _ldr(rt: int, rn: int, offset: int) -> bytes:
    return _word(0xF9400000 | offset // 8 << 10 | rn << 5 | rt)


def _str(rt: int, rn: int, offset: int) -> bytes:
    return _word(0xF9000000 | offset // 8 << 10 | rn << 5 | rt)


def _ldrb(rt: int, rn: int) -> bytes:
    return _word(0x39400000 | rn << 5 | rt)


def _strb(rt: int, rn: int) -> bytes:
    return _word(0x39000000 | rn << 5 | rt)


def _add_immediate(rd: int, rn: int, value: int) -> bytes:
    return _word(0x91000000 | value << 10 | rn << 5 | rd)


def _sub_immediate(rd: int, rn: int, value: int) -> bytes:
    return _word(0xD1000000 | value << 10 | rn << 5 | rd)


def _add(rd: int, rn: int, rm: int) -> bytes:
    return _word(0x8B000000 | rm << 16 | rn << 5 | rd)


def _sub(rd: int, rn: int, rm: int) -> bytes:
    return _word(0xCB000000 | rm << 16 | rn << 5 | rd)


def _and_one(rd: int, rn: int) -> bytes:
    """`and rd, rn, #1`: the immediate is a pattern, here one bit of 64, not rotated."""
    return _word(0x92400000 | rn << 5 | rd)


def _cmp_zero(rn: int) -> bytes:
    return _word(0xF1000000 | rn << 5 | _STACK_OR_ZERO)


def _branch(opcode: int) -> Callable[[int], bytes]:
    """`b` and `bl`: 26 bits of distance in words."""
    return lambda distance: _word(opcode | distance // 4 & 0x3FFFFFF)


def _conditional_branch(opcode: int, low: int) -> Callable[[int], bytes]:
    """`b.cond` and `cbz`: 19 bits of distance in words, above a condition or a register."""
    return lambda distance: _word(opcode | (distance // 4 & 0x7FFFF) << 5 | low)


class Aarch64(Assembler):
    """Encodes for aarch64."""

    system_calls: ClassVar[SystemCalls] = SystemCalls(read=63, write=64, ppoll=73, socket=198, connect=203, exit_group=94)
    registers: ClassVar[Mapping[Register, int]] = {
        Register.NUMBER: 8,
        Register.RESULT: 0,
        Register.ARGUMENT_0: 0,
        Register.ARGUMENT_1: 1,
        Register.ARGUMENT_2: 2,
        Register.ARGUMENT_3: 3,
        Register.ARGUMENT_4: 4,
        Register.ARGUMENT_5: 5,
        Register.INPUT: 20,
        Register.OUTPUT: 21,
        Register.CURSOR: 22,
        Register.POINTER: 23,
        Register.COUNT: 24,
        Register.SCRATCH: 25,
    }

    def start(self) -> None:
        """`movz x19, DATA`."""
        self.code.emit(_movz(_BASE, DATA >> 16, shift=16))

    def store_stack_pointer(self, address: int) -> None:
        """`mov scratch, sp; str scratch, [x19, offset]`."""
        scratch = self.registers[Register.SCRATCH]
        self.code.emit(_add_immediate(scratch, _STACK_OR_ZERO, 0), _str(scratch, _BASE, address - DATA))

    def set(self, to: Register, value: int) -> None:
        """`movz to, value`."""
        self.code.emit(_movz(self.registers[to], value))

    def set_address(self, to: Register, address: int) -> None:
        """`add to, x19, offset`."""
        self.code.emit(_add_immediate(self.registers[to], _BASE, address - DATA))

    def copy(self, to: Register, source: Register) -> None:
        """`mov to, source`."""
        self.code.emit(_mov(self.registers[to], self.registers[source]))

    def load(self, to: Register, address: int) -> None:
        """`ldr to, [x19, offset]`."""
        self.code.emit(_ldr(self.registers[to], _BASE, address - DATA))

    def store(self, source: Register, address: int) -> None:
        """`str source, [x19, offset]`."""
        self.code.emit(_str(self.registers[source], _BASE, address - DATA))

    def load_through(self, to: Register, pointer: Register, displacement: int) -> None:
        """`ldr to, [pointer, displacement]`."""
        self.code.emit(_ldr(self.registers[to], self.registers[pointer], displacement))

    def load_byte(self, to: Register, pointer: Register) -> None:
        """`ldrb to, [pointer]`."""
        self.code.emit(_ldrb(self.registers[to], self.registers[pointer]))

    def store_byte(self, source: Register, pointer: Register) -> None:
        """`strb source, [pointer]`."""
        self.code.emit(_strb(self.registers[source], self.registers[pointer]))

    def add(self, to: Register, source: Register) -> None:
        """`add to, to, source`."""
        self.code.emit(_add(self.registers[to], self.registers[to], self.registers[source]))

    def subtract(self, to: Register, source: Register) -> None:
        """`sub to, to, source`."""
        self.code.emit(_sub(self.registers[to], self.registers[to], self.registers[source]))

    def increase(self, to: Register, amount: int) -> None:
        """`add` or `sub to, to, amount`."""
        register = self.registers[to]
        encode = _add_immediate if amount >= 0 else _sub_immediate
        self.code.emit(encode(register, register, abs(amount)))

    def keep_lowest_bit(self, to: Register) -> None:
        """`and to, to, 1`."""
        self.code.emit(_and_one(self.registers[to], self.registers[to]))

    def system_call(self) -> None:
        """`svc 0`."""
        self.code.emit(_word(0xD4000001))

    def jump(self, label: str) -> None:
        """`b label`."""
        self.code.refer(label, _branch(0x14000000))

    def jump_if_zero(self, register: Register, label: str) -> None:
        """`cbz register, label`."""
        self.code.refer(label, _conditional_branch(0xB4000000, self.registers[register]))

    def jump_unless_positive(self, register: Register, label: str) -> None:
        """`cmp register, 0; b.le label`."""
        self.code.emit(_cmp_zero(self.registers[register]))
        self.code.refer(label, _conditional_branch(0x54000000, _LESS_OR_EQUAL))

    def call(self, label: str) -> None:
        """`bl label`."""
        self.code.refer(label, _branch(0x94000000))

    def leave(self) -> None:
        """`ret`."""
        self.code.emit(_word(0xD65F0000 | _LINK << 5))

    def trap(self) -> None:
        """`brk 0`."""
        self.code.emit(_word(0xD4200000))
