"""The compiled filters decide what libseccomp's decide: random configs, random calls, two programs, one interpreter."""

import os
import random
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from conformance.bpf.cbpf import evaluate
from conformance.record.snapshot import SeccompFilter
from reference_runtime.seccomp.architectures import numbers
from reference_runtime.seccomp.compile import compile_filter
from tests.reference_runtime import libseccomp

LIBRARY = libseccomp.find()
pytestmark = [
    pytest.mark.skipif(LIBRARY is None, reason="libseccomp is not installed"),
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="the samples are calls of x86"),
]
X86_64, X86 = 0xC000003E, 0x40000003
NEWEST = 450
EDGES = (0, 1, 5, 40, 0xFF, 0x20008, 0x7E020000, 0xFFFFFFFF, 1 << 32, 1 << 32 | 40, (1 << 63) - 1, (1 << 64) - 1)
OUTCOMES = (
    ("SCMP_ACT_ALLOW", None),
    ("SCMP_ACT_KILL", None),
    ("SCMP_ACT_KILL_PROCESS", None),
    ("SCMP_ACT_TRAP", None),
    ("SCMP_ACT_LOG", None),
    ("SCMP_ACT_TRACE", 77),
    ("SCMP_ACT_ERRNO", None),
    ("SCMP_ACT_ERRNO", 38),
)
OPERATORS = libseccomp.COMPARE[1:]
Decide = Callable[[int, int, Sequence[int]], tuple[int, int]]


def decider(program: bytes) -> Decide:
    instructions = tuple(struct.iter_unpack("<HBBI", program))
    filters = [SeccompFilter(flags=None, instructions=instructions)]

    def decide(arch: int, number: int, arguments: Sequence[int]) -> tuple[int, int]:
        decision = evaluate(filters, arch=arch, number=number, arguments=arguments)
        return int(decision.action), decision.data

    return decide


def differences(seccomp: dict[str, Any], calls: Sequence[tuple[int, int, tuple[int, ...]]]) -> list[str]:
    assert LIBRARY is not None
    theirs = decider(LIBRARY.program(seccomp))
    ours = decider(compile_filter(seccomp, machine="x86_64").program)
    return [f"{call}: {ours(*call)} and not {theirs(*call)}" for call in calls if ours(*call) != theirs(*call)]


def random_seccomp(source: random.Random, names: Sequence[str]) -> dict[str, Any]:
    """Each name comes once: what overlapping entries mean is libseccomp's own affair."""
    left = source.sample(names, len(names))
    entries = []
    for _ in range(source.randrange(1, 14)):
        action, errno = source.choice(OUTCOMES)
        chosen = [left.pop() for _ in range(source.choice((1, 1, 2, 9, 30)))]
        entry: dict[str, Any] = {"names": chosen, "action": action}
        if errno is not None:
            entry["errnoRet"] = errno
        if len(chosen) < 9:
            entry["args"] = random_conditions(source)
        entries.append(entry)
    action, errno = source.choice(OUTCOMES)
    foreign = [name for name in ("SCMP_ARCH_X86", "SCMP_ARCH_X32") if source.random() < 0.6]
    made = {"defaultAction": action, "syscalls": entries, "architectures": ["SCMP_ARCH_X86_64", *foreign]}
    return made if errno is None else {**made, "defaultErrnoRet": errno}


def random_conditions(source: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "index": index,
            "op": source.choice(OPERATORS),
            "value": source.choice((*EDGES, source.getrandbits(64))),
            "valueTwo": source.choice((*EDGES, source.getrandbits(64))),
        }
        for index in source.sample(range(6), source.choice((0, 1, 1, 2, 3)))
    ]


def calls_about(source: random.Random, seccomp: Mapping[str, Any]) -> list[tuple[int, int, tuple[int, ...]]]:
    """Return calls that the config names, with arguments near the values that it compares, and calls of any number."""
    found = []
    for entry in seccomp["syscalls"]:
        values = [value for given in entry.get("args", ()) for value in (given["value"], given["valueTwo"])]
        near = [*EDGES, *((value + off) % (1 << 64) for value in values for off in (-1, 0, 1)), *(v ^ 1 << 40 for v in values)]
        for name in entry["names"][:4]:
            for arch, table in ((X86_64, NATIVE), (X86, I386), (X86_64, X32)):
                if name in table:
                    found += [(arch, table[name], tuple(source.choice(near) for _ in range(6))) for _ in range(12)]
    edges = [0, NEWEST, 999, 0x3FFFFFFF, 0x40000000, 0x400001FF, 0x7FFFFFFF, 0xFFFFFFFF]
    anything = [*edges, *(source.randrange(NEWEST) for _ in range(60)), *(source.randrange(NEWEST) | 1 << 30 for _ in range(30))]
    found += [
        (source.choice((X86_64, X86)), number, tuple(source.choices(EDGES, k=6))) for number in anything if number not in LATE
    ]
    found += [(X86, number, (selector, 1, 2, 3, 4, 5)) for number in (102, 117) for selector in range(26)]
    return [*found, (0xC00000B7, 1, (0,) * 6)]


NATIVE, I386, X32 = (numbers(f"SCMP_ARCH_{name}") for name in ("X86_64", "X86", "X32"))
LATE = {335, 336}
"""Numbers that Linux filled later than the library in use."""


@pytest.mark.parametrize("seed", range(40))
def test_random_filters_decide_as_libseccomps(seed: int) -> None:
    """About 25,000 calls over the seeds: all architectures of x86, all operators and actions that the library exports."""
    assert LIBRARY is not None
    source = random.Random(seed)
    names = [name for name in sorted({*NATIVE, *I386, *X32}) if LIBRARY.knows(name) and NATIVE.get(name, 0) <= NEWEST]
    seccomp = random_seccomp(source, names)
    calls = calls_about(source, seccomp)
    assert len(calls) > 150
    assert differences(seccomp, calls) == []


def test_a_wrong_filter_is_seen() -> None:
    """The comparison can fail: one operator, one name, one errno apart."""
    assert LIBRARY is not None
    condition = {"index": 0, "op": "SCMP_CMP_GT", "value": 5}
    right = {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [condition]}
    calls = [(X86_64, NATIVE["mkdir"], (value, 0, 0, 0, 0, 0)) for value in (4, 5, 6, 1 << 32)]
    assert differences(denying(right), calls) == []
    theirs = decider(LIBRARY.program(denying(right)))
    for wrong in (
        {**right, "args": [{**condition, "op": "SCMP_CMP_GE"}]},
        {**right, "names": ["rmdir"]},
        {**right, "errnoRet": 2},
    ):
        ours = decider(compile_filter(denying(wrong), machine="x86_64").program)
        assert any(theirs(*call) != ours(*call) for call in calls)


def denying(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [entry]}
