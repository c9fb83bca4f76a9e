"""Assembler for x86_64. Instructions as in volume 2 of Intel's manual: REX prefix, opcode, ModRM, displacement."""

import struct
from collections.abc import Mapping
from typing import ClassVar

from conformance.bundle.assembler import Assembler, Register, SystemCalls

_RAX, _RDX, _RBX, _RSP, _RBP, _RSI, _RDI = 0, 2, 3, 4, 5, 6, 7
_R8, _R9, _R10, _R12, _R13, _R14, _R15 = 8, 9, 10, 12, 13, 14, 15

_JZ, _JLE = 0x84, 0x8E


def _rex(*, wide: bool, reg: int = 0, rm: int = 0) -> bytes:
    return bytes([0x40 | wide << 3 | reg >> 3 << 2 | rm >> 3])


def _register_form(opcode: int, *, reg: int, rm: int) -> bytes:
    """Encode `op rm, reg` on 64 bit registers."""
    return _rex(wide=True, reg=reg, rm=rm) + bytes([opcode, 0xC0 | (reg & 7) << 3 | rm & 7])


def _absolute_form(opcode: int, *, reg: int, address: int) -> bytes:
    """Encode an operation on a register and the memory at a 32 bit address: ModRM says SIB, SIB says no base."""
    return _rex(wide=True, reg=reg) + bytes([opcode, (reg & 7) << 3 | 4, 0x25]) + struct.pack("<i", address)


def _indirect_form(opcode: bytes, *, wide: bool, reg: int, pointer: int, displacement: int = 0) -> bytes:
    """Encode an operation on a register and the memory at pointer + displacement (8 bit); the pointer is not rsp or r12."""
    modrm = 0x40 | (reg & 7) << 3 | pointer & 7
    return _rex(wide=wide, reg=reg, rm=pointer) + opcode + bytes([modrm]) + struct.pack("<b", displacement)


def _mov_immediate(to: int, value: int) -> bytes:
    """`mov r32, imm32`, which clears the upper half of the register."""
    return _rex(wide=False, rm=to) + bytes([0xB8 | to & 7]) + struct.pack("<i", value)


class X8664(Assembler):
    """Encodes for x86_64; addresses are absolute."""

    system_calls: ClassVar[SystemCalls] = SystemCalls(read=0, write=1, ppoll=271, socket=41, connect=42, exit_group=231)
    registers: ClassVar[Mapping[Register, int]] = {
        Register.NUMBER: _RAX,
        Register.RESULT: _RAX,
        Register.ARGUMENT_0: _RDI,
        Register.ARGUMENT_1: _RSI,
        Register.ARGUMENT_2: _RDX,
        Register.ARGUMENT_3: _R10,
        Register.ARGUMENT_4: _R8,
        Register.ARGUMENT_5: _R9,
        Register.INPUT: _R13,
        Register.OUTPUT: _R14,
        Register.CURSOR: _RBX,
        Register.POINTER: _R15,
        Register.COUNT: _RBP,
        Register.SCRATCH: _R12,
    }

    def start(self) -> None:
        """Nothing to prepare."""

    def store_stack_pointer(self, address: int) -> None:
        """`mov [address], rsp`."""
        self.code.emit(_absolute_form(0x89, reg=_RSP, address=address))

    def set(self, to: Register, value: int) -> None:
        """`mov r32, value`."""
        self.code.emit(_mov_immediate(self.registers[to], value))

    def set_address(self, to: Register, address: int) -> None:
        """`mov r32, address`."""
        self.code.emit(_mov_immediate(self.registers[to], address))

    def copy(self, to: Register, source: Register) -> None:
        """`mov to, source`."""
        self.code.emit(_register_form(0x89, reg=self.registers[source], rm=self.registers[to]))

    def load(self, to: Register, address: int) -> None:
        """`mov to, [address]`."""
        self.code.emit(_absolute_form(0x8B, reg=self.registers[to], address=address))

    def store(self, source: Register, address: int) -> None:
        """`mov [address], source`."""
        self.code.emit(_absolute_form(0x89, reg=self.registers[source], address=address))

    def load_through(self, to: Register, pointer: Register, displacement: int) -> None:
        """`mov to, [pointer + displacement]`."""
        reg, base = self.registers[to], self.registers[pointer]
        self.code.emit(_indirect_form(b"\x8b", wide=True, reg=reg, pointer=base, displacement=displacement))

    def load_byte(self, to: Register, pointer: Register) -> None:
        """`movzx r32, byte [pointer]`."""
        self.code.emit(_indirect_form(b"\x0f\xb6", wide=False, reg=self.registers[to], pointer=self.registers[pointer]))

    def store_byte(self, source: Register, pointer: Register) -> None:
        """`mov byte [pointer], r8`."""
        self.code.emit(_indirect_form(b"\x88", wide=False, reg=self.registers[source], pointer=self.registers[pointer]))

    def add(self, to: Register, source: Register) -> None:
        """`add to, source`."""
        self.code.emit(_register_form(0x01, reg=self.registers[source], rm=self.registers[to]))

    def subtract(self, to: Register, source: Register) -> None:
        """`sub to, source`."""
        self.code.emit(_register_form(0x29, reg=self.registers[source], rm=self.registers[to]))

    def increase(self, to: Register, amount: int) -> None:
        """`add to, imm8`."""
        self.code.emit(_register_form(0x83, reg=0, rm=self.registers[to]), struct.pack("<b", amount))

    def keep_lowest_bit(self, to: Register) -> None:
        """`and to, 1`."""
        self.code.emit(_register_form(0x83, reg=4, rm=self.registers[to]), b"\x01")

    def system_call(self) -> None:
        """`syscall`, which spoils rcx and r11 besides the result."""
        self.code.emit(b"\x0f\x05")

    def jump(self, label: str) -> None:
        """`jmp rel32`."""
        self._relative(b"\xe9", label)

    def jump_if_zero(self, register: Register, label: str) -> None:
        """`test register, register; jz rel32`."""
        self._branch(_JZ, register, label)

    def jump_unless_positive(self, register: Register, label: str) -> None:
        """`test register, register; jle rel32`."""
        self._branch(_JLE, register, label)

    def call(self, label: str) -> None:
        """`call rel32`; the return address goes onto the initial stack."""
        self._relative(b"\xe8", label)

    def leave(self) -> None:
        """`ret`."""
        self.code.emit(b"\xc3")

    def trap(self) -> None:
        """`ud2`."""
        self.code.emit(b"\x0f\x0b")

    def _branch(self, condition: int, register: Register, label: str) -> None:
        number = self.registers[register]
        self.code.emit(_register_form(0x85, reg=number, rm=number))
        self._relative(bytes([0x0F, condition]), label)

    def _relative(self, opcode: bytes, label: str) -> None:
        """Distances count from the end of the instruction."""
        self.code.refer(label, lambda distance: opcode + struct.pack("<i", distance - len(opcode) - 4))
