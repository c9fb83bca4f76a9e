"""The extended BPF evaluator against the kernel, which runs the same instructions by BPF_PROG_TEST_RUN.

The kernel does not test-run device programs, so the instructions go in as socket filters that ignore their context;
what device programs do with theirs is tested on runc's in tests/observe.
"""

import ctypes
import os
import random
import struct
from collections.abc import Sequence

import pytest

from conformance.bpf import ebpf
from conformance.bpf.ebpf import Instruction, allows
from conformance.host import kernel
from conformance.record.snapshot import DeviceProgram

_BPF_PROG_LOAD, _BPF_PROG_TEST_RUN, _SOCKET_FILTER = 5, 10, 1
EXIT: Instruction = (0x95, 0, 0, 0, 0)


def kernel_result(instructions: Sequence[Instruction]) -> int:
    """Load and run a program; return the low 32 bits of R0."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=BBhi", op, d | s << 4, o, i) for op, d, s, o, i in instructions))
    log, text = ctypes.create_string_buffer(1 << 16), ctypes.create_string_buffer(b"GPL")
    addresses = (ctypes.addressof(code), ctypes.addressof(text), 1, len(log), ctypes.addressof(log))
    load = bytearray(struct.pack("=IIQQIIQ", _SOCKET_FILTER, len(instructions), *addresses) + bytes(16))
    try:
        program = kernel.bpf(_BPF_PROG_LOAD, load)
    except OSError as error:
        raise AssertionError(log.value.decode()) from error
    try:
        packet = ctypes.create_string_buffer(64)
        run = bytearray(struct.pack("=IIIIQQII", program, 0, 64, 0, ctypes.addressof(packet), 0, 1, 0))
        kernel.bpf(_BPF_PROG_TEST_RUN, run)
    finally:
        os.close(program)
    result: int = struct.unpack_from("=I", run, 4)[0]
    return result


def random_program(chance: random.Random) -> list[Instruction]:
    """Return a valid program that computes on R0 to R5 and some stack, with forward jumps."""
    rows: list[Instruction] = []
    for register in range(6):
        value = chance.choice([chance.getrandbits(64), chance.randrange(8), 1 << 63, (1 << 32) - 1])
        rows += [(0x18, register, 0, 0, _signed32(value)), (0, 0, 0, 0, _signed32(value >> 32))]
        rows.append((0x7B, 10, register, -8 * (register + 1), 0))
    body = [_random_row(chance) for _ in range(25)]
    for position, (code, target, source, _, immediate) in enumerate(body):
        if code & 7 in {5, 6}:
            body[position] = (code, target, source, chance.randint(0, min(3, len(body) - position - 1)), immediate)
    # Fold all registers into the 32 bits that a test run returns.
    fold: list[Instruction] = [(0xAF, 0, register, 0, 0) for register in range(1, 6)]
    fold += [(0xBF, 1, 0, 0, 0), (0x77, 1, 0, 0, 32), (0xAF, 0, 1, 0, 0), EXIT]
    return rows + body + fold


def _random_row(chance: random.Random) -> Instruction:
    target, source = chance.randrange(6), chance.randrange(6)
    immediate = chance.choice([_signed32(chance.getrandbits(32)), chance.randrange(8), -1])
    make = chance.choices([_arithmetic, _jump, _memory, _swap], [5, 2, 2, 1])[0]
    return make(chance, target, source, immediate)


def _arithmetic(chance: random.Random, target: int, source: int, immediate: int) -> Instruction:
    operation = chance.choice([0, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0])
    wide = chance.choice([0x04, 0x07])
    if operation == 0x80:
        return operation | wide, target, 0, 0, 0
    if chance.random() < 0.5:
        return operation | wide | 0x08, target, source, 0, 0
    if operation in {0x60, 0x70, 0xC0}:
        immediate &= 63 if wide == 0x07 else 31
    return operation | wide, target, 0, 0, immediate or 1


def _jump(chance: random.Random, target: int, source: int, immediate: int) -> Instruction:
    condition = chance.choice([0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xA0, 0xB0, 0xC0, 0xD0]) | chance.choice([5, 6])
    return (condition | 8, target, source, 0, 0) if chance.random() < 0.5 else (condition, target, 0, 0, immediate)


def _memory(chance: random.Random, target: int, source: int, immediate: int) -> Instruction:
    size = chance.choice([0x00, 0x08, 0x10, 0x18])
    offset = -8 * (1 + chance.randrange(6))
    load, store = (0x61 | size, target, 10, offset, 0), (0x63 | size, 10, source, offset, 0)
    return chance.choice([load, load, store, (0x62 | size, 10, 0, offset, immediate)])


def _swap(chance: random.Random, target: int, _source: int, _immediate: int) -> Instruction:
    return chance.choice([0xD4, 0xDC]), target, 0, 0, chance.choice([16, 32, 64])


def _signed32(value: int) -> int:
    return ctypes.c_int32(value & 0xFFFFFFFF).value


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to load programs")
@pytest.mark.parametrize("seed", range(150))
def test_the_kernel_computes_the_same(seed: int) -> None:
    program = random_program(random.Random(seed))
    assert ebpf.run(program, b"") & 0xFFFFFFFF == kernel_result(program)


def device_program(*rows: Instruction) -> DeviceProgram:
    return DeviceProgram(id=1, instructions=rows)


READ_OF_NULL = device_program(
    (0x61, 2, 1, 0, 0),  # R2 = access << 16 | type
    (0xB4, 0, 0, 0, 0),
    (0x55, 2, 0, 5, 2 << 16 | 2),  # nothing but a read of a character device
    (0x61, 3, 1, 4, 0),
    (0x55, 3, 0, 3, 1),
    (0x61, 4, 1, 8, 0),
    (0x55, 4, 0, 1, 3),
    (0xB4, 0, 0, 0, 1),
    EXIT,
)


@pytest.mark.parametrize(
    ("kind", "major", "minor", "access", "expected"),
    [
        ("c", 1, 3, "r", True),
        ("c", 1, 3, "w", False),
        ("c", 1, 3, "rw", False),
        ("c", 1, 3, "m", False),
        ("b", 1, 3, "r", False),
        ("c", 2, 3, "r", False),
        ("c", 1, 5, "r", False),
    ],
)
def test_context(kind: str, major: int, minor: int, access: str, expected: bool) -> None:  # noqa: FBT001  # parametrised
    assert allows([READ_OF_NULL], kind="b" if kind == "b" else "c", major=major, minor=minor, access=access) is expected


def test_every_program_has_to_allow() -> None:
    yes, no = device_program((0xB7, 0, 0, 0, 1), EXIT), device_program((0xB7, 0, 0, 0, 0), EXIT)
    for programs, expected in (([], True), ([yes], True), ([yes, no], False), ([no, yes], False), ([yes, yes], True)):
        assert allows(programs, kind="c", major=1, minor=3, access="rwm") is expected


@pytest.mark.parametrize(
    "rows",
    [
        [(0x85, 0, 0, 0, 5), EXIT],  # a helper call
        [(0x18, 1, 1, 0, 7), (0, 0, 0, 0, 0), EXIT],  # a map
        [(0x61, 0, 1, 12, 0), EXIT],  # behind the context
        [(0x62, 1, 0, 0, 0), EXIT],  # a write to it
        [(0xC3, 10, 0, -4, 0), EXIT],  # atomic
        [(0x3C, 0, 1, 1, 0), EXIT],  # signed division
        [(0x05, 0, 0, -1, 0), EXIT],  # for ever
        [(0xB7, 0, 0, 0, 1)],
    ],
)
def test_what_is_not_interpreted_is_an_error(rows: list[Instruction]) -> None:
    with pytest.raises(ValueError, match=r"."):
        allows([device_program(*rows)], kind="c", major=1, minor=3, access="r")


@pytest.mark.parametrize("access", ["", "x", "rx"])
def test_access_letters(access: str) -> None:
    with pytest.raises(ValueError, match="access"):
        allows([], kind="c", major=1, minor=3, access=access)
