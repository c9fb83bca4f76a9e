"""linux.seccomp compiled: what is refused and where, flags, the listener, the tables, the shape of programs."""

import struct
from typing import Any

import pytest

from conformance.bpf.cbpf import evaluate
from conformance.record.snapshot import SeccompFilter
from reference_runtime.fault import RuntimeFault
from reference_runtime.seccomp.architectures import ARCHITECTURES, TABLES, numbers
from reference_runtime.seccomp.compile import Filter, compile_filter
from reference_runtime.seccomp.constants import ACTIONS, FLAGS, OPERATORS
from specs.linux import seccomp as facts
from specs.linux.syscalls import numbers as known_numbers

X86_64 = 0xC000003E
MKDIR = numbers("SCMP_ARCH_X86_64")["mkdir"]
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def filtered(*syscalls: Any, default: str = "SCMP_ACT_ALLOW", **members: Any) -> Filter:
    return compile_filter({"defaultAction": default, "syscalls": list(syscalls), **members}, machine="x86_64")


def decided(made: Filter, number: int, *arguments: int, arch: int = X86_64) -> tuple[int, int]:
    program = SeccompFilter(flags=None, instructions=tuple(struct.iter_unpack("<HBBI", made.program)))
    decision = evaluate([program], arch=arch, number=number, arguments=(*arguments, *(0,) * (6 - len(arguments))))
    return int(decision.action), decision.data


def entry(**members: Any) -> dict[str, Any]:
    return {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", **members}


def argument(**members: Any) -> dict[str, Any]:
    return {"index": 0, "op": "SCMP_CMP_EQ", "value": 1, **members}


NOTIFY = entry(action="SCMP_ACT_NOTIFY")

REFUSED = [
    ({"defaultAction": "SCMP_ACT_DENY"}, "$.linux.seccomp.defaultAction"),
    ({"defaultAction": 7}, "$.linux.seccomp.defaultAction"),
    ({}, "$.linux.seccomp.defaultAction"),
    ({"defaultAction": "SCMP_ACT_KILL", "defaultErrnoRet": 1}, "$.linux.seccomp.defaultErrnoRet"),
    ({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096}, "$.linux.seccomp.defaultErrnoRet"),
    ({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": True}, "$.linux.seccomp.defaultErrnoRet"),
    ({"architectures": ["SCMP_ARCH_VAX"]}, "$.linux.seccomp.architectures[0]"),
    ({"architectures": "SCMP_ARCH_X86"}, "$.linux.seccomp.architectures"),
    ({"flags": ["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}, "$.linux.seccomp.flags[0]"),
    ({"listenerMetadata": "x"}, "$.linux.seccomp.listenerMetadata"),
    ({"syscalls": [NOTIFY]}, "$.linux.seccomp"),
    ({"syscalls": [entry(names=[])]}, "$.linux.seccomp.syscalls[0].names"),
    ({"syscalls": [entry(), entry(names=["mkdir", 3])]}, "$.linux.seccomp.syscalls[1].names[1]"),
    ({"syscalls": [{"action": "SCMP_ACT_ERRNO"}]}, "$.linux.seccomp.syscalls[0].names"),
    ({"syscalls": [entry(action="SCMP_ACT_LOG", errnoRet=1)]}, "$.linux.seccomp.syscalls[0].errnoRet"),
    ({"syscalls": [entry(errnoRet=-1)]}, "$.linux.seccomp.syscalls[0].errnoRet"),
    ({"syscalls": [entry(args=[argument(index=6)])]}, "$.linux.seccomp.syscalls[0].args[0].index"),
    ({"syscalls": [entry(args=[argument(op="SCMP_CMP_LIKE")])]}, "$.linux.seccomp.syscalls[0].args[0].op"),
    ({"syscalls": [entry(args=[argument(value=1 << 64)])]}, "$.linux.seccomp.syscalls[0].args[0].value"),
    ({"syscalls": [entry(args=[argument(valueTwo=1.5)])]}, "$.linux.seccomp.syscalls[0].args[0].valueTwo"),
    ({"syscalls": [entry(args=[{"index": 0, "op": "SCMP_CMP_EQ"}])]}, "$.linux.seccomp.syscalls[0].args[0].value"),
]


@pytest.mark.parametrize(("members", "where"), REFUSED)
def test_what_is_wrong_is_refused_with_its_path(members: dict[str, Any], where: str) -> None:
    config = {"defaultAction": "SCMP_ACT_ALLOW", **members} if members else {}
    with pytest.raises(RuntimeFault) as refusal:
        compile_filter(config, machine="x86_64")
    assert refusal.value.where == where


def test_without_what_is_wrong_it_compiles() -> None:
    """The control of the refusals: every name in them, rightly used."""
    made = filtered(entry(args=[argument(valueTwo=1)]), NOTIFY, listenerPath="/s", listenerMetadata="m", architectures=None)
    assert (made.listener_path, made.listener_metadata) == ("/s", "m")


def test_a_machine_without_a_table_is_refused() -> None:
    with pytest.raises(RuntimeFault, match="vax"):
        compile_filter({"defaultAction": "SCMP_ACT_ALLOW"}, machine="vax")


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_reaches_the_program(action: str) -> None:
    made = filtered(entry(action=action), default="SCMP_ACT_ERRNO", listenerPath="/s")
    data = 1 if action in {"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"} else 0
    assert decided(made, MKDIR) == (facts.ACTIONS[action], data)
    assert decided(made, MKDIR + 1) == (ERRNO, 1)


@pytest.mark.parametrize(
    ("operator", "met"),
    [
        ("SCMP_CMP_NE", {1, 5, 1 << 40, 1 << 40 | 7, 1 << 41 | 6}),
        ("SCMP_CMP_LT", {1, 5, 1 << 40}),
        ("SCMP_CMP_LE", {1, 5, 1 << 40, 1 << 40 | 6}),
        ("SCMP_CMP_EQ", {1 << 40 | 6}),
        ("SCMP_CMP_GE", {1 << 40 | 6, 1 << 40 | 7, 1 << 41 | 6}),
        ("SCMP_CMP_GT", {1 << 40 | 7, 1 << 41 | 6}),
        ("SCMP_CMP_MASKED_EQ", {1 << 40 | 7, 1 << 40, 1 << 40 | 6}),
    ],
)
def test_operators_compare_64_bits(operator: str, met: set[int]) -> None:
    value, second = (1 << 40 | 8, 1 << 40) if operator == "SCMP_CMP_MASKED_EQ" else (1 << 40 | 6, 0)
    made = filtered(entry(args=[argument(index=3, op=operator, value=value, valueTwo=second)]))
    samples = (1, 5, 1 << 40, 1 << 40 | 6, 1 << 40 | 7, 1 << 41 | 6)
    assert {sample for sample in samples if decided(made, MKDIR, 9, 9, 9, sample)[0] == ERRNO} == met


def test_conditions_on_different_arguments_must_all_hold_and_on_the_same_any() -> None:
    all_of = filtered(entry(args=[argument(), argument(index=1, value=2)]))
    assert [decided(all_of, MKDIR, *pair)[0] for pair in ((1, 2), (1, 3), (4, 2))] == [ERRNO, ALLOW, ALLOW]
    any_of = filtered(entry(args=[argument(), argument(value=2), argument(index=1, value=9)]))
    assert [decided(any_of, MKDIR, *pair)[0] for pair in ((1, 0), (2, 0), (3, 9), (3, 0))] == [ERRNO, ERRNO, ERRNO, ALLOW]


def test_an_entry_without_conditions_wins_and_the_first_of_equals() -> None:
    made = filtered(entry(errnoRet=2, args=[argument()]), entry(errnoRet=3), entry(errnoRet=4))
    assert decided(made, MKDIR, 1) == decided(made, MKDIR, 2) == (ERRNO, 3)


def test_unknown_names_are_passed_over_and_unlisted_architectures_end_the_thread() -> None:
    made = filtered(entry(names=["mkdir", "no_such_call"]))
    assert decided(made, MKDIR) == (ERRNO, 1)
    assert decided(made, 39, arch=0x40000003) == decided(made, MKDIR | 1 << 30) == (0, 0)
    assert decided(made, 0xFFFFFFFF)[0] == ALLOW


def test_every_architecture_of_the_spec_is_taken() -> None:
    assert set(ARCHITECTURES) == set(facts.ARCHITECTURES)
    made = filtered(entry(), architectures=list(ARCHITECTURES))
    for name, (token, _) in TABLES.items():
        assert token == facts.ARCHITECTURES[name]
        table = numbers(name)
        assert decided(made, table.get("mkdir", table["mkdirat"]), arch=token)[0] == (ERRNO if "mkdir" in table else ALLOW)


@pytest.mark.parametrize("architecture", TABLES)
def test_the_tables_agree_with_the_facts_of_the_suite(architecture: str) -> None:
    assert numbers(architecture) == dict(known_numbers(facts.TABLES[architecture]))


def test_the_names_agree_with_the_facts_of_the_suite() -> None:
    assert dict(facts.ACTIONS) == ACTIONS
    assert set(facts.OPERATORS) == set(OPERATORS)
    assert dict(facts.FILTER_FLAGS) == FLAGS


def test_flags() -> None:
    tsync, log, spec, wait = FLAGS
    assert filtered(flags=[log, spec]).flags == 2 | 4
    assert filtered(flags=[wait]).flags == 0
    assert filtered(NOTIFY, listenerPath="/s", flags=[wait, tsync]).flags == 32 | 1 | 8 | 16


def test_a_listener_path_without_notifications_is_ignored() -> None:
    made = filtered(entry(), listenerPath="/s")
    assert (made.listener_path, made.flags) == ("", 0)
    assert "/s" in filtered(NOTIFY, listenerPath="/s").describe()


def test_a_filter_too_long_for_the_kernel_is_refused() -> None:
    entries = [entry(args=[argument(value=value)]) for value in range(900)]
    assert len(filtered(*entries[:700]).program) // 8 < 4096
    with pytest.raises(RuntimeFault, match="4096"):
        filtered(*entries)


def test_distances_above_255_are_jumped() -> None:
    """A chain of 100 comparisons lies below the middle of the tree; what lies above must still be found."""
    chain = [entry(names=["read"], args=[argument(value=value)]) for value in range(100)]
    made = filtered(*chain, entry())
    assert decided(made, MKDIR)[0] == decided(made, 0, 99)[0] == ERRNO
    assert decided(made, 0, 100)[0] == decided(made, 1)[0] == ALLOW
