"""Device rules for cgroup v2: an eBPF program that the kernel asks about every access to a device.

Rules are tried from the last to the first. Each letter of a request is decided by the last rule about it: a denial of one
of the letters still open denies the request, a permission closes its letters, and the request is allowed once none is open.
Sources: bpf(2), linux/bpf.h (struct bpf_cgroup_dev_ctx), kernel Documentation/bpf/standardization/instruction-set.rst.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_runtime.cgroups.device_rules import Rule

_KINDS = {"b": 1, "c": 2}
_ACCESS = {"m": 1, "r": 2, "w": 4}
_ALL = 7

_RESULT, _CONTEXT, _KIND, _OPEN, _MAJOR, _MINOR, _SCRATCH = 0, 1, 2, 3, 4, 5, 6
"""Registers. _OPEN holds the letters that no rule has decided yet."""

_LOAD_WORD, _EXIT = 0x61, 0x95
_MOVE, _MOVE_REGISTER, _AND, _SHIFT_RIGHT = 0xB4, 0xBC, 0x54, 0x74
_IF_EQUAL, _IF_NOT_EQUAL = 0x16, 0x56
"""32-bit operations with an immediate value, but for the two that copy and load."""


def program(rules: "Sequence[Rule]") -> bytes:
    """Return the instructions; `rules` begin with one about everything, which decides where no other does."""
    made = [
        _instruction(_LOAD_WORD, _KIND, _CONTEXT, 0),
        _instruction(_MOVE_REGISTER, _OPEN, _KIND),
        _instruction(_AND, _KIND, immediate=0xFFFF),
        _instruction(_SHIFT_RIGHT, _OPEN, immediate=16),
        _instruction(_LOAD_WORD, _MAJOR, _CONTEXT, 4),
        _instruction(_LOAD_WORD, _MINOR, _CONTEXT, 8),
    ]
    for rule in reversed(rules[1:]):
        made += _rule(rule)
    return b"".join(made + _decision(allow=rules[0].allow))


def _rule(rule: "Rule") -> "list[bytes]":
    """Return the instructions of one rule; devices and letters that it is not about jump to its end."""
    access = sum(_ACCESS[letter] for letter in rule.access)
    body = _decision(allow=rule.allow)
    if rule.allow and access != _ALL:
        body = [_instruction(_AND, _OPEN, immediate=~access & _ALL), _instruction(_IF_NOT_EQUAL, _OPEN, offset=len(body)), *body]
    elif access != _ALL:
        copy = [_instruction(_MOVE_REGISTER, _SCRATCH, _OPEN), _instruction(_AND, _SCRATCH, immediate=access)]
        body = [*copy, _instruction(_IF_EQUAL, _SCRATCH, offset=len(body)), *body]
    tests = ((_KIND, _KINDS[rule.kind]), (_MAJOR, rule.major), (_MINOR, rule.minor))
    for register, value in reversed([test for test in tests if test[1] >= 0]):
        body = [_instruction(_IF_NOT_EQUAL, register, offset=len(body), immediate=value), *body]
    return body


def _decision(*, allow: bool) -> "list[bytes]":
    return [_instruction(_MOVE, _RESULT, immediate=int(allow)), _instruction(_EXIT)]


def _instruction(code: int, target: int = 0, source: int = 0, offset: int = 0, immediate: int = 0) -> bytes:
    """Return one instruction, struct bpf_insn of a little-endian machine. A jump's distance counts from the next one."""
    return bytes((code, target | source << 4)) + offset.to_bytes(2, "little") + (immediate & 0xFFFFFFFF).to_bytes(4, "little")
