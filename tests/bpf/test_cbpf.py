"""The classic BPF evaluator against the kernel: the same filters, really loaded, decide real system calls."""

import itertools
import os
import random
import time

import pytest

from conformance.bpf.cbpf import Action, Decision, evaluate
from conformance.record.snapshot import SeccompFilter
from tests.bpf import seccomp_child
from tests.bpf.seccomp_child import Program

ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "riscv64": 0xC00000F3}[os.uname().machine]
UNUSED = 1000
"""A system call number that no kernel has: nothing happens when it is allowed (ENOSYS)."""
ENOSYS = 38
LOAD_NUMBER, LOAD_ARCH = (0x20, 0, 0, 0), (0x20, 0, 0, 4)
ERRNO, ALLOW = 0x00050000, 0x7FFF0000

OTHER_CODES = bytes.fromhex("343C646C747C84002060800161810203 078705151D252D353D454D")
"""Division, shifts and negation; loads, stores and moves; jumps."""


def filters(*programs: Program) -> list[SeccompFilter]:
    return [SeccompFilter(flags=None, instructions=tuple(program)) for program in programs]


def only(action: int) -> Program:
    """Return a filter that gives `action` for UNUSED and allows all else."""
    return (LOAD_NUMBER, (0x15, 0, 1, UNUSED), (0x06, 0, 0, action), (0x06, 0, 0, ALLOW))


def random_program(chance: random.Random) -> Program:
    """Return a valid filter of every kind of instruction; its answer to UNUSED is ERRNO with twelve bits of its result."""
    rows: list[tuple[int, int, int, int]] = [LOAD_NUMBER, (0x15, 1, 0, UNUSED), (0x06, 0, 0, ALLOW)]
    for word in range(4):
        rows += [(0x20, 0, 0, 16 + 4 * chance.randrange(12)), (0x02, 0, 0, word)]
    rows += [(0x61, 0, 0, chance.randrange(4)), (0x20, 0, 0, 4 * chance.randrange(16))]
    body = [_random_row(chance) for _ in range(20)]
    for position, (code, _, _, k) in enumerate(body):
        left = len(body) - position - 1
        if code == 0x05:
            body[position] = (code, 0, 0, chance.randint(0, min(3, left)))
        elif code & 7 == 5:
            body[position] = (code, chance.randint(0, min(3, left)), chance.randint(0, min(3, left)), k)
    return (*rows, *body, (0x54, 0, 0, 0xFFF), (0x44, 0, 0, ERRNO), (0x16, 0, 0, 0))


def _random_row(chance: random.Random) -> tuple[int, int, int, int]:
    word = chance.choice([chance.getrandbits(32), chance.randrange(8), 0xFFFFFFFF, 1 << 31])
    arithmetic = [0x04 | operation | chance.choice([0, 8]) for operation in (0, 0x10, 0x20, 0x40, 0x50, 0xA0)]
    code = chance.choice([*arithmetic, *OTHER_CODES])
    if code in {0x60, 0x61, 0x02, 0x03}:
        return code, 0, 0, chance.randrange(4)
    if code == 0x20:
        return code, 0, 0, 4 * chance.choice([0, 1, *range(4, 16)])  # the instruction pointer is the kernel's secret
    if code == 0x34:
        return code, 0, 0, word or 1
    if code in {0x64, 0x74}:
        return code, 0, 0, word & 31
    return code, 0, 0, word


@pytest.mark.parametrize("seed", range(120))
def test_the_kernel_computes_the_same(seed: int) -> None:
    chance = random.Random(seed)
    program = random_program(chance)
    # The prologue must not depend on the address of the call either.
    program = tuple((c, t, f, 16 if c == 0x20 and k in {8, 12} else k) for c, t, f, k in program)
    arguments = tuple(chance.choice([chance.getrandbits(64), chance.randrange(4)]) for _ in range(6))
    decision = evaluate(filters(program), arch=ARCH, number=UNUSED, arguments=arguments)
    real = seccomp_child.outcome([program], UNUSED, arguments)
    if decision.action is Action.KILL_THREAD:  # division by zero
        assert real == "SIGSYS"
    else:
        assert decision.action is Action.ERRNO
        assert real == -min(decision.data, 4095)


@pytest.mark.parametrize("code", [0x15, 0x25, 0x35, 0x45, 0x1D, 0x2D, 0x3D, 0x4D])
def test_jumps_around_equality(code: int) -> None:
    """Random operands are seldom equal: here the accumulator is just below, at and above the operand, which is 5."""
    answers = []
    jump = ((0x01, 0, 0, 5), (0x20, 0, 0, 16), (code, 0, 1, 5), (0x06, 0, 0, ERRNO | 1), (0x06, 0, 0, ERRNO | 2))
    program = (LOAD_NUMBER, (0x15, 1, 0, UNUSED), (0x06, 0, 0, ALLOW), *jump)
    for value in (2, 4, 5, 6, 8):
        decision = evaluate(filters(program), arch=ARCH, number=UNUSED, arguments=(value,))
        assert seccomp_child.outcome([program], UNUSED, (value,)) == -decision.data
        answers.append(decision.data)
    assert len(set(answers)) == 2


ROW = (LOAD_NUMBER, (0x15, 3, 0, 1), (0x15, 3, 0, 2), (0x15, 1, 0, 1), (0x06, 0, 0, 10), (0x06, 0, 0, 11), (0x06, 0, 0, 12))


@pytest.mark.parametrize(("number", "returned"), [(1, 11), (2, 12), (3, 10)])
def test_of_a_row_of_comparisons_the_first_that_is_met_counts(number: int, returned: int) -> None:
    assert evaluate(filters(ROW), arch=0, number=number).data == returned


@pytest.mark.parametrize(("number", "returned"), [(1, 11), (2, 12), (3, 10)])
def test_a_jump_leads_into_the_middle_of_a_row(number: int, returned: int) -> None:
    beyond = ((0x15, 3, 0, 2), (0x15, 1, 0, 1), (0x06, 0, 0, 10), (0x06, 0, 0, 11), (0x06, 0, 0, 12))
    program = (LOAD_NUMBER, (0x05, 0, 0, 1), (0x15, 0, 0, 7), *beyond)
    assert evaluate(filters(program), arch=0, number=number).data == returned


@pytest.mark.parametrize(
    ("action", "real"),
    [
        (0x80000000, "SIGSYS"),
        (0x00000000, "SIGSYS"),
        (0x00030000, "SIGSYS"),
        (0x0005000D, -13),
        (0x00050000, 0),
        (0x7FF00000, -ENOSYS),
        (0x7FFC0000, -ENOSYS),
        (0x7FFF0000, -ENOSYS),
        (0x12340000, "SIGSYS"),
    ],
)
def test_actions(action: int, real: int | str) -> None:
    decision = evaluate(filters(only(action)), arch=ARCH, number=UNUSED)
    known = {int(member) for member in Action}
    assert int(decision.action) == (action & 0xFFFF0000 if action & 0xFFFF0000 in known else 0x80000000)
    assert decision.data == action & 0xFFFF
    assert seccomp_child.outcome([only(action)], UNUSED) == real


@pytest.mark.parametrize(
    ("older", "newer"),
    [(ERRNO | 1, ERRNO | 2), (ERRNO | 2, ERRNO | 1), (ALLOW, ERRNO | 3), (ERRNO | 3, 0x7FF00000), (0x80000000, ERRNO | 1)],
)
def test_the_strictest_wins_and_of_equals_the_newest(older: int, newer: int) -> None:
    decision = evaluate(filters(only(newer), only(older)), arch=ARCH, number=UNUSED)
    real = seccomp_child.outcome([only(older), only(newer)], UNUSED)
    assert real == ("SIGSYS" if decision.action is Action.KILL_PROCESS else -decision.data)


def test_order_of_actions_is_the_kernels() -> None:
    """seccomp(2) lists them from the strictest to ALLOW."""
    order = ["KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "USER_NOTIF", "TRACE", "LOG", "ALLOW"]
    for stricter, laxer in itertools.pairwise(order):
        pair = filters(only(Action[laxer]), only(Action[stricter]))
        assert evaluate(pair, arch=ARCH, number=UNUSED).action is Action[stricter]
        assert evaluate(pair[::-1], arch=ARCH, number=UNUSED).action is Action[stricter]


def test_no_filter_allows() -> None:
    assert evaluate([], arch=ARCH, number=0) == Decision(Action.ALLOW, 0)


def test_every_field_of_the_call_is_seen() -> None:
    def returned(offset: int) -> int:
        program = ((0x20, 0, 0, offset), (0x54, 0, 0, 0xFFFF), (0x44, 0, 0, ERRNO), (0x16, 0, 0, 0))
        arguments = [(high << 32 | low) for high, low in zip(range(101, 107), range(201, 207), strict=True)]
        return evaluate(filters(program), arch=0x40000003, number=-1, arguments=arguments, instruction_pointer=9 << 32 | 8).data

    assert [returned(offset) for offset in range(0, 16, 4)] == [0xFFFF, 3, 8, 9]
    assert [returned(offset) for offset in range(16, 64, 4)] == [n for i in range(6) for n in (201 + i, 101 + i)]


@pytest.mark.parametrize(
    "program",
    [
        ((0x94, 0, 0, 3), (0x06, 0, 0, 0)),  # modulo
        ((0x28, 0, 0, 0), (0x06, 0, 0, 0)),  # a half word
        ((0x20, 0, 0, 64), (0x06, 0, 0, 0)),
        ((0x20, 0, 0, 2), (0x06, 0, 0, 0)),
        ((0x60, 0, 0, 16), (0x06, 0, 0, 0)),
        ((0x0E, 0, 0, 0), (0x06, 0, 0, 0)),  # return X
        ((0x124, 0, 0, 0), (0x06, 0, 0, 0)),
        ((0x05, 0, 0, 1), (0x06, 0, 0, 0)),
        ((0x00, 0, 0, 1),),
    ],
)
def test_what_the_kernel_refuses_is_an_error(program: Program) -> None:
    with pytest.raises(ValueError, match=r"."):
        evaluate(filters(program), arch=ARCH, number=0)
    with pytest.raises(AssertionError, match="refused"):
        seccomp_child.outcome([program], UNUSED)


def test_speed() -> None:
    """A linear filter of 450 numbers, as libseccomp writes it without optimisation: well under 50 us on average."""
    rows: list[tuple[int, int, int, int]] = [LOAD_ARCH, (0x15, 1, 0, ARCH), (0x06, 0, 0, 0), LOAD_NUMBER]
    for number in range(450):
        rows += [(0x15, 0, 1, number), (0x06, 0, 0, ALLOW)]
    program = filters((*rows, (0x06, 0, 0, ERRNO | 1)))
    best = 1.0
    for _ in range(5):
        started = time.process_time()
        for number in range(0, 450, 9):
            evaluate(program, arch=ARCH, number=number)
        best = min(best, (time.process_time() - started) / 50)
    assert best < 50e-6
