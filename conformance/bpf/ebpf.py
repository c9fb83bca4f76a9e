"""Decide what device programs of cgroup v2 allow: an interpreter for the extended BPF that such programs use.

Registers hold 64-bit numbers. The program's context and its stack lie at two made-up addresses, so that arithmetic
on pointers needs no special care. Helper calls, maps and atomic operations are not interpreted.
Sources: kernel, Documentation/bpf/standardization/instruction-set.rst; linux/bpf.h for struct bpf_cgroup_dev_ctx.
"""

import operator
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from conformance.record.snapshot import DeviceProgram

Instruction = tuple[int, int, int, int, int]

_WORD = (1 << 32) - 1
_DOUBLE = (1 << 64) - 1
_CONTEXT = 1 << 40
_STACK_TOP = 1 << 41
_STACK_SIZE = 512
_MOST_STEPS = 100_000
"""Device programs have no loops worth the name; more steps than this mean that something is read wrongly."""

_KINDS = {"b": 1, "c": 2}
_ACCESS = {"m": 1, "r": 2, "w": 4}


def allows(
    programs: Sequence[DeviceProgram],
    *,
    kind: Literal["b", "c"],
    major: int,
    minor: int,
    access: str,
) -> bool:
    """Return whether every program allows `access` (letters of "rwm", at least one) in one request; no program allows all.

    Raises ValueError on an instruction that is not interpreted, and on memory that a program may not touch.
    """
    if not access:
        raise ValueError("no access letter")
    bits = 0
    for letter in access:
        if letter not in _ACCESS:
            raise ValueError(f"access {access!r}")
        bits |= _ACCESS[letter]
    context = struct.pack("<III", bits << 16 | _KINDS[kind], major, minor)
    return all(run(program.instructions, context) & _WORD for program in programs)


def run(instructions: Sequence[Instruction], context: bytes) -> int:
    """Return what a program returns (64 bits) when R1 points to `context`; raises ValueError as `allows` does."""
    machine = _Machine(context)
    at = 0
    for _ in range(_MOST_STEPS):
        if not 0 <= at < len(instructions):
            raise ValueError(f"the program leaves its {len(instructions)} instructions")
        code, target, source, offset, immediate = instructions[at]
        at += 1
        if code == 0x95:  # EXIT
            return machine.registers[0]
        if code == 0x18 and source == 0:  # LD_IMM64 takes two slots; with a source it means a map, not a number
            machine.registers[target] = immediate & _WORD | (instructions[at][4] & _WORD) << 32
            at += 1
        elif code == 0x06:  # JMP32 JA: the distance is in the immediate
            at += immediate
        elif code & 0x07 in {0x05, 0x06}:
            at += offset if machine.jumps(code, target, source, immediate) else 0
        else:
            machine.execute(code, target, source, offset, immediate)
    raise ValueError(f"no end after {_MOST_STEPS} steps")


class _Machine:
    """Eleven registers and the two pieces of memory that a program can reach."""

    def __init__(self, context: bytes) -> None:
        self.registers = [0] * 11
        self.registers[1] = _CONTEXT
        self.registers[10] = _STACK_TOP
        self._context = context
        self._stack = bytearray(_STACK_SIZE)

    def execute(self, code: int, target: int, source: int, offset: int, immediate: int) -> None:
        """Execute one instruction that does not jump."""
        match code & 0x07:
            case 0x04 | 0x07:
                if offset:  # signed division and sign extension, newer than any device program
                    raise _unknown(code)
                self._arithmetic(code, target, source, immediate)
            case 0x01 if code & 0xE0 == 0x60:
                self.registers[target] = self._load(self.registers[source] + offset, _size(code))
            case 0x02 if code & 0xE0 == 0x60:
                self._store(self.registers[target] + offset, _size(code), immediate)
            case 0x03 if code & 0xE0 == 0x60:
                self._store(self.registers[target] + offset, _size(code), self.registers[source])
            case _:
                raise _unknown(code)

    def jumps(self, code: int, target: int, source: int, immediate: int) -> bool:
        """Return whether a jump is taken."""
        if code == 0x05:
            return True
        operation = _CONDITIONS.get(code & 0xF0)
        if operation is None:
            raise _unknown(code)
        bits = 64 if code & 0x07 == 0x05 else 32
        operand = self.registers[source] if code & 0x08 else immediate
        left, right = self.registers[target] & (1 << bits) - 1, operand & (1 << bits) - 1
        if code & 0xF0 in _SIGNED:
            left, right = _signed(left, bits), _signed(right, bits)
        return operation(left, right)

    def _arithmetic(self, code: int, target: int, source: int, immediate: int) -> None:
        bits = 64 if code & 0x07 == 0x07 else 32
        mask = (1 << bits) - 1
        if code & 0xF0 == 0xD0:
            self.registers[target] = _byte_swap(code, self.registers[target], immediate)
            return
        operation = _ARITHMETIC.get(code & 0xF0)
        if operation is None:
            raise _unknown(code)
        operand = (self.registers[source] if code & 0x08 else immediate) & mask
        # A 32-bit operation clears the upper half of its target.
        self.registers[target] = operation(self.registers[target] & mask, operand, bits) & mask

    def _load(self, address: int, size: int) -> int:
        memory, start = self._piece(address, size)
        return int.from_bytes(memory[start : start + size], "little")

    def _store(self, address: int, size: int, value: int) -> None:
        memory, start = self._piece(address, size)
        if not isinstance(memory, bytearray):
            raise ValueError("a write to the context")
        memory[start : start + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")

    def _piece(self, address: int, size: int) -> tuple[bytes | bytearray, int]:
        for memory, base in ((self._context, _CONTEXT), (self._stack, _STACK_TOP - _STACK_SIZE)):
            if base <= address and address + size <= base + len(memory):
                return memory, address - base
        raise ValueError(f"{size} bytes at {address:#x} are neither context nor stack")


_ARITHMETIC: Mapping[int, Callable[[int, int, int], int]] = {
    0x00: lambda a, b, _bits: a + b,
    0x10: lambda a, b, _bits: a - b,
    0x20: lambda a, b, _bits: a * b,
    0x30: lambda a, b, _bits: a // b if b else 0,
    0x40: lambda a, b, _bits: a | b,
    0x50: lambda a, b, _bits: a & b,
    0x60: lambda a, b, bits: a << (b & bits - 1),
    0x70: lambda a, b, bits: a >> (b & bits - 1),
    0x80: lambda a, _b, _bits: -a,
    0x90: lambda a, b, _bits: a % b if b else a,
    0xA0: lambda a, b, _bits: a ^ b,
    0xB0: lambda _a, b, _bits: b,
    0xC0: lambda a, b, bits: _signed(a, bits) >> (b & bits - 1),
}
"""Arithmetic by the operation bits of the code: target, operand, width. Division by zero is defined as here."""

_CONDITIONS: Mapping[int, Callable[[int, int], bool]] = {
    0x10: operator.eq,
    0x20: operator.gt,
    0x30: operator.ge,
    0x40: lambda a, b: bool(a & b),
    0x50: operator.ne,
    0x60: operator.gt,
    0x70: operator.ge,
    0xA0: operator.lt,
    0xB0: operator.le,
    0xC0: operator.lt,
    0xD0: operator.le,
}
_SIGNED = frozenset({0x60, 0x70, 0xC0, 0xD0})
"""The comparisons that read both sides as signed."""


def _size(code: int) -> int:
    return {0x00: 4, 0x08: 2, 0x10: 1, 0x18: 8}[code & 0x18]


def _byte_swap(code: int, value: int, bits: int) -> int:
    """END: to little endian only cuts on these machines, to big endian and unconditional swap turn the bytes round."""
    if bits not in {16, 32, 64}:
        raise _unknown(code)
    cut = value & (1 << bits) - 1
    if code == 0xD4:
        return cut
    return int.from_bytes(cut.to_bytes(bits // 8, "little"), "big")


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> bits - 1 else value


def _unknown(code: int) -> ValueError:
    return ValueError(f"instruction {code:#x} is not interpreted")
