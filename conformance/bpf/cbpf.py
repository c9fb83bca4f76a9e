"""Decide what seccomp filters make of a system call: an interpreter for classic BPF as seccomp(2) allows it.

The instruction set is that of the kernel's seccomp_check_filter (linux/filter.h for the codes): loads of 32-bit
words from `struct seccomp_data`, arithmetic without modulo, forward jumps, sixteen scratch words.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from conformance.record.config import remembered
from conformance.record.snapshot import SeccompFilter

WORD = 0xFFFFFFFF
_DATA_SIZE = 64
"""sizeof(struct seccomp_data): number, arch, instruction pointer (64 bits), six arguments (64 bits each)."""


class Action(IntEnum):
    """SECCOMP_RET_ words, strictest first: the kernel's order is that of the words read as signed numbers."""

    KILL_PROCESS = 0x80000000
    KILL_THREAD = 0x00000000
    TRAP = 0x00030000
    ERRNO = 0x00050000
    USER_NOTIF = 0x7FC00000
    TRACE = 0x7FF00000
    LOG = 0x7FFC0000
    ALLOW = 0x7FFF0000


_ACTIONS: Mapping[int, Action] = {int(action): action for action in Action}


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to the call, and the low 16 bits that the filter returned with it (the errno for ERRNO)."""

    action: Action
    data: int


@dataclass(slots=True)
class _Machine:
    """The registers and scratch words that the rare instructions work on."""

    a: int = 0
    x: int = 0
    memory: list[int] = field(default_factory=lambda: [0] * 16)


class _DivisionByZero(Exception):
    """The kernel ends the filter and returns 0, which is KILL_THREAD."""


def evaluate(
    filters: Sequence[SeccompFilter],
    *,
    arch: int,
    number: int,
    arguments: Sequence[int] = (0,) * 6,
    instruction_pointer: int = 0,
) -> Decision:
    """Return what `filters`, newest first, decide on one system call; ALLOW if there are none.

    `arch` is an AUDIT_ARCH_ value; numbers may be given signed or unsigned. All filters run; the strictest action
    wins, and of equal ones the newest filter's data. An action that the kernel doesn't know kills the process.
    Raises ValueError on an instruction that seccomp(2) refuses. Source: seccomp(2), kernel/seccomp.c.
    """
    words = _data_words(number, arch, instruction_pointer, arguments)
    result = int(Action.ALLOW)
    for program in filters:
        returned = _run(program.instructions, words)
        if _signed(returned & 0xFFFF0000) < _signed(result & 0xFFFF0000):
            result = returned
    return Decision(_ACTIONS.get(result & 0xFFFF0000, Action.KILL_PROCESS), result & 0xFFFF)


def _data_words(number: int, arch: int, instruction_pointer: int, arguments: Sequence[int]) -> list[int]:
    """Lay out struct seccomp_data as little-endian machines have it: the low half of a 64-bit field comes first."""
    words = [number & WORD, arch & WORD]
    for value in (instruction_pointer, *arguments, *((0,) * (6 - len(arguments)))):
        words += (value & WORD, value >> 32 & WORD)
    return words


def _run(program: Sequence[tuple[int, int, int, int]], words: Sequence[int]) -> int:
    """Return the 32-bit word that one filter returns."""
    try:
        return _interpret(program, words)
    except _DivisionByZero:
        return Action.KILL_THREAD
    except IndexError:
        raise ValueError(f"the filter leaves its {len(program)} instructions or its 16 scratch words") from None


def _interpret(program: Sequence[tuple[int, int, int, int]], words: Sequence[int]) -> int:
    """Execute until a return.

    The instructions that filters are made of are decided in the loop, in the order of their frequency; for speed,
    the accumulator lives in a local and goes through `_Machine` only for the others.
    """
    accumulator, at = 0, 0
    machine: _Machine | None = None
    rows = _comparisons(program)
    while True:
        code, if_true, if_false, k = program[at]
        if code == 0x15 and at in rows:  # JEQ K
            targets, otherwise = rows[at]
            at = targets.get(accumulator, otherwise)
            continue
        at += 1
        if code == 0x15:
            at += if_true if accumulator == k else if_false
        elif code == 0x20:  # LD W ABS
            accumulator = words[_word_index(k)]
        elif code == 0x35:  # JGE K
            at += if_true if accumulator >= k else if_false
        elif code == 0x06:  # RET K
            return k
        elif code == 0x05:  # JA
            at += k
        elif code in _CONDITIONS:
            operand = (machine.x if machine else 0) if code & 0x08 else k
            at += if_true if _CONDITIONS[code](accumulator, operand) else if_false
        elif code == 0x16:  # RET A
            return accumulator
        else:
            machine = machine or _Machine()
            machine.a = accumulator
            _step(machine, code, k)
            accumulator = machine.a


@remembered
def _comparisons(program: Sequence[tuple[int, int, int, int]]) -> Mapping[int, tuple[Mapping[int, int], int]]:
    """Return where rows of JEQ K lead, by the place of their first: for each value that they compare with, and otherwise.

    Filters look for a call in long rows of them: what follows one that is not met is mostly another. So a row takes one step.
    """
    rows: dict[int, tuple[Mapping[int, int], int]] = {}
    inside: set[int] = set()
    """A place belongs to one row: where others lead into that, each step is taken alone."""
    for first in range(len(program)):
        targets: dict[int, int] = {}
        at = first
        while at < len(program) and at not in inside and program[at][0] == 0x15:
            inside.add(at)
            _, if_true, if_false, k = program[at]
            targets.setdefault(k, at + 1 + if_true)
            at += 1 + if_false
        if targets:
            rows[first] = targets, at
    return rows


def _word_index(offset: int) -> int:
    if offset & 3 or offset >= _DATA_SIZE:
        raise ValueError(f"load from offset {offset} of seccomp_data")
    return offset >> 2


_CONDITIONS: Mapping[int, Callable[[int, int], bool]] = {
    0x25: operator.gt,
    0x1D: operator.eq,
    0x2D: operator.gt,
    0x3D: operator.ge,
    0x45: lambda accumulator, operand: bool(accumulator & operand),
    0x4D: lambda accumulator, operand: bool(accumulator & operand),
}
"""Conditional jumps that are not decided in the loop; bit 3 says that the operand is X."""


def _divide(a: int, b: int) -> int:
    if b == 0:
        raise _DivisionByZero
    return a // b


_ARITHMETIC: Mapping[int, Callable[[int, int], int]] = {
    0x00: operator.add,
    0x10: operator.sub,
    0x20: operator.mul,
    0x30: _divide,
    0x40: operator.or_,
    0x50: operator.and_,
    # A shift by X of 32 and more is undefined in classic BPF; the kernel's translation uses five bits.
    0x60: lambda a, b: a << (b & 31),
    0x70: lambda a, b: a >> (b & 31),
    0xA0: operator.xor,
}
"""Class ALU, by the operation bits of the code."""


def _step(machine: _Machine, code: int, k: int) -> None:
    """Execute one instruction that neither jumps nor returns."""
    if code & 0x07 == 0x04 and code <= 0xFF:
        _arithmetic(machine, code, k)
    else:
        move = _MOVES.get(code)
        if move is None:
            raise ValueError(f"instruction {code:#x} is not allowed in a seccomp filter")
        move(machine, k)


def _arithmetic(machine: _Machine, code: int, k: int) -> None:
    if code == 0x84:
        machine.a = -machine.a & WORD
        return
    operation = _ARITHMETIC.get(code & 0xF0)
    if operation is None:
        raise ValueError(f"instruction {code:#x} is not allowed in a seccomp filter")
    machine.a = operation(machine.a, machine.x if code & 0x08 else k) & WORD


def _load_a(machine: _Machine, k: int) -> None:
    machine.a = k


def _load_a_memory(machine: _Machine, k: int) -> None:
    machine.a = machine.memory[k]


def _load_a_length(machine: _Machine, _k: int) -> None:
    machine.a = _DATA_SIZE


def _load_x(machine: _Machine, k: int) -> None:
    machine.x = k


def _load_x_memory(machine: _Machine, k: int) -> None:
    machine.x = machine.memory[k]


def _load_x_length(machine: _Machine, _k: int) -> None:
    machine.x = _DATA_SIZE


def _store_a(machine: _Machine, k: int) -> None:
    machine.memory[k] = machine.a


def _store_x(machine: _Machine, k: int) -> None:
    machine.memory[k] = machine.x


def _a_to_x(machine: _Machine, _k: int) -> None:
    machine.x = machine.a


def _x_to_a(machine: _Machine, _k: int) -> None:
    machine.a = machine.x


_MOVES: Mapping[int, Callable[[_Machine, int], None]] = {
    0x00: _load_a,
    0x60: _load_a_memory,
    0x80: _load_a_length,
    0x01: _load_x,
    0x61: _load_x_memory,
    0x81: _load_x_length,
    0x02: _store_a,
    0x03: _store_x,
    0x07: _a_to_x,
    0x87: _x_to_a,
}
"""Loads and stores between the registers, constants and scratch words, by code."""


def _signed(word: int) -> int:
    return word - (1 << 32) if word & 0x80000000 else word
