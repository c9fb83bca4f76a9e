"""Device rules for cgroup v2: an eBPF program that the kernel asks about every access to a device.

The program compares the device with the entries of its kind's table, one after the other; the first that is about it decides.
Sources: bpf(2), linux/bpf.h (struct bpf_cgroup_dev_ctx), kernel Documentation/bpf/standardization/instruction-set.rst.
"""

from reference_runtime.cgroups.device_table import settled
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_runtime.cgroups.device_rules import Rule

_KIND_CHARACTER = 2
_ACCESS = {"m": 1, "r": 2, "w": 4}
_ALL = 7
_FARTHEST = (1 << 15) - 1
"""The distance of a jump has 16 bits, one of them for its sign."""

_RESULT, _CONTEXT, _KIND, _WANTED, _MAJOR, _MINOR = 0, 1, 2, 3, 4, 5
"""Registers; the kernel puts the context's address into the second."""

_LOAD_WORD, _EXIT = 0x61, 0x95
_MOVE, _MOVE_REGISTER, _AND, _SHIFT_RIGHT = 0xB4, 0xBC, 0x54, 0x74
_IF_NOT_EQUAL = 0x56
"""32-bit operations with an immediate value, but for the two that copy and load."""


def program(rules: "Sequence[Rule]") -> bytes:
    """Return the instructions for `rules`, of which the first is about everything. Raises RuntimeFault if they are too many."""
    character, block = (_entries(rules, kind) for kind in "cb")
    if len(character) > _FARTHEST:
        raise RuntimeFault("there are too many entries for a program", where="$.linux.resources.devices")
    made = [
        _instruction(_LOAD_WORD, _KIND, _CONTEXT, 0),
        _instruction(_MOVE_REGISTER, _WANTED, _KIND),
        _instruction(_AND, _KIND, immediate=0xFFFF),
        _instruction(_SHIFT_RIGHT, _WANTED, immediate=16),
        _instruction(_LOAD_WORD, _MAJOR, _CONTEXT, 4),
        _instruction(_LOAD_WORD, _MINOR, _CONTEXT, 8),
        _instruction(_IF_NOT_EQUAL, _KIND, offset=len(character), immediate=_KIND_CHARACTER),
    ]
    return b"".join(made + character + block)


def _entries(rules: "Sequence[Rule]", kind: str) -> "list[bytes]":
    """Return the instructions about one kind of device; the last entry is about all, so nothing falls out of the end."""
    made = []
    for (major, minor), access in settled(rules, kind):
        body = _decision(sum(_ACCESS[letter] for letter in access))
        for register, number in ((_MINOR, minor), (_MAJOR, major)):
            if number >= 0:
                body = [_instruction(_IF_NOT_EQUAL, register, offset=len(body), immediate=number), *body]
        made += body
    return made


def _decision(allowed: int) -> "list[bytes]":
    """Return whether only allowed letters are wanted."""
    if allowed in (0, _ALL):
        return [_instruction(_MOVE, _RESULT, immediate=int(allowed == _ALL)), _instruction(_EXIT)]
    return [
        _instruction(_AND, _WANTED, immediate=~allowed & _ALL),
        _instruction(_MOVE, _RESULT, immediate=0),
        _instruction(_IF_NOT_EQUAL, _WANTED, offset=1),
        _instruction(_MOVE, _RESULT, immediate=1),
        _instruction(_EXIT),
    ]


def _instruction(code: int, target: int = 0, source: int = 0, offset: int = 0, immediate: int = 0) -> bytes:
    """Return one instruction, struct bpf_insn of a little-endian machine. A jump's distance counts from the next one."""
    return bytes((code, target | source << 4)) + offset.to_bytes(2, "little") + (immediate & 0xFFFFFFFF).to_bytes(4, "little")
