"""Classic BPF for seccomp(2): conditions on arguments, and a balanced tree over system call numbers.

A block is a list of instructions that can stand anywhere and ends in a return. An instruction is one 64-bit number laid out
as `struct sock_filter` on a little-endian machine: code, jt, jf, k. Sources: linux/filter.h, seccomp(2), bpf(4).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Block = list[int]
    Condition = tuple[int, str, int, int]

MOST_INSTRUCTIONS = 4096
"""BPF_MAXINSNS."""

KILL_THREAD = 0
_LOAD, _AND, _RETURN, _JUMP = 0x20, 0x54, 0x06, 0x05
_IF_EQUAL, _IF_GREATER, _IF_AT_LEAST = 0x15, 0x25, 0x35
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_WORD = 0xFFFFFFFF
_FAIL = 255
"""Stands for "condition not met" until the distance is known; a rule is never that long: six conditions of six instructions."""


def instruction(code: int, k: int, jt: int = 0, jf: int = 0) -> int:
    """Return one instruction."""
    return code | jt << 16 | jf << 24 | k << 32


def returns(word: int) -> "Block":
    """Return the block that decides without looking at anything."""
    return [instruction(_RETURN, word)]


def rule(conditions: "Sequence[Condition]", word: int, bits: int) -> "Block":
    """Return `word` if all conditions hold, else fall out of the block's end: the only block without a return of its own.

    A condition is (argument index, operator, value, second value); of 32-bit programs only the lower halves are compared.
    """
    made: Block = []
    for index, operator, value, second in conditions:
        made += _condition(_ARGUMENTS + 8 * index, operator, value, second, bits)
    made.append(instruction(_RETURN, word))
    length = len(made)
    return [_resolved(one, length - at - 1) for at, one in enumerate(made)]


def _resolved(one: int, distance: int) -> int:
    code = one & 0xFFFF
    if code not in (_IF_EQUAL, _IF_GREATER, _IF_AT_LEAST):
        return one
    jt, jf = one >> 16 & 0xFF, one >> 24 & 0xFF
    return instruction(code, one >> 32, distance if jt == _FAIL else jt, distance if jf == _FAIL else jf)


def _condition(offset: int, operator: str, value: int, second: int, bits: int) -> "Block":
    """Compare one argument: 64 bits as two halves, since BPF has words of 32. Comparisons are unsigned."""
    low, high = value & _WORD, value >> 32
    if operator == "SCMP_CMP_MASKED_EQ":
        made = _masked(offset, low, second & _WORD)
        return made if bits == 32 else _masked(offset + 4, high, second >> 32) + made
    code, wanted = _COMPARISONS[operator]
    outcome = (0, _FAIL) if wanted else (_FAIL, 0)
    made = [instruction(_LOAD, offset), instruction(code, low, *outcome)]
    if bits == 32:
        return made
    load_high = instruction(_LOAD, offset + 4)
    if code == _IF_EQUAL:
        # Halves that differ settle it: "equal" fails, "not equal" holds and skips the lower half.
        return [load_high, instruction(_IF_EQUAL, high, 0, _FAIL if wanted else 2), *made]
    # A greater upper half settles "greater" (wanted or not), a smaller one its opposite; equal ones leave it to the lower half.
    greater, smaller = (3, _FAIL) if wanted else (_FAIL, 2)
    return [load_high, instruction(_IF_GREATER, high, greater, 0), instruction(_IF_EQUAL, high, 0, smaller), *made]


_COMPARISONS = {
    "SCMP_CMP_EQ": (_IF_EQUAL, True),
    "SCMP_CMP_NE": (_IF_EQUAL, False),
    "SCMP_CMP_GT": (_IF_GREATER, True),
    "SCMP_CMP_LE": (_IF_GREATER, False),
    "SCMP_CMP_GE": (_IF_AT_LEAST, True),
    "SCMP_CMP_LT": (_IF_AT_LEAST, False),
}
"""Operator to the jump for its lower half, and whether it has to be taken."""


def _masked(offset: int, mask: int, value: int) -> "Block":
    """Compare the bits of one half that the mask selects; the value's other bits are left out, as libseccomp does."""
    if not mask:
        return []
    selected = [] if mask == _WORD else [instruction(_AND, mask)]
    return [instruction(_LOAD, offset), *selected, instruction(_IF_EQUAL, value & mask, 0, _FAIL)]


def tree(starts: "Sequence[int]", blocks: "Sequence[Block]") -> "Block":
    """Return the block of the last start that is not above the system call number: a binary search, so 9 jumps for 400 calls.

    `starts` ascend from 0. The number is loaded here; blocks may overwrite it.
    """
    return [instruction(_LOAD, _NUMBER), *_branch(starts, blocks, 0, len(starts))]


def _branch(starts: "Sequence[int]", blocks: "Sequence[Block]", first: int, end: int) -> "Block":
    if end - first == 1:
        return blocks[first]
    middle = (first + end) // 2
    below = _branch(starts, blocks, first, middle)
    above = _branch(starts, blocks, middle, end)
    length = len(below)
    if length <= 255:
        return [instruction(_IF_AT_LEAST, starts[middle], length, 0), *below, *above]
    return [instruction(_IF_AT_LEAST, starts[middle], 0, 1), instruction(_JUMP, length), *below, *above]


def by_architecture(sections: "Sequence[tuple[int, Block]]") -> "Block":
    """Return the whole program: the section of the call's architecture, or the end of the thread if there is none."""
    made = [instruction(_LOAD, _ARCHITECTURE)]
    for architecture, block in sections:
        # Equal: skip the long jump over the section.
        made += (instruction(_IF_EQUAL, architecture, 1, 0), instruction(_JUMP, len(block)), *block)
    return made + returns(KILL_THREAD)


def assembled(block: "Block") -> bytes:
    """Return the instructions as the kernel reads them."""
    from _struct import pack  # built into the interpreter; struct around it would be read from a file

    return bytes(pack(f"<{len(block)}Q", *block))
