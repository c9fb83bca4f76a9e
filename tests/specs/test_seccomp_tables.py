"""Seccomp constants and system call numbers against libseccomp and the kernel's headers."""

import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from specs.linux import seccomp
from specs.linux.syscalls import MACHINES, numbers
from tests.specs.libraries import defines, load, wrong_values

TOKENS = {**seccomp.ARCHITECTURES, "SCMP_ARCH_X32": 0x4000003E}
"""libseccomp's own token for x32 is no AUDIT_ARCH value."""
ARCHITECTURE = {machine: architecture for architecture, machine in seccomp.TABLES.items()}
SINCE_2_6 = {"SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB"}
BEYOND_GENERIC = {
    "x86_64": {"uretprobe", "uprobe"},
    "riscv64": {"riscv_hwprobe"},
}
"""Names that libseccomp may not know, though their number is below its newest."""


@pytest.mark.parametrize("architecture", seccomp.ARCHITECTURES)
def test_libseccomp_has_the_same_architecture_token(architecture: str) -> None:
    name = architecture.removeprefix("SCMP_ARCH_").lower()
    library = load("libseccomp.so.2")
    library.seccomp_arch_resolve_name.restype = ctypes.c_uint32
    token = library.seccomp_arch_resolve_name(name.encode())
    if token == 0 and architecture in SINCE_2_6:
        pytest.skip("this libseccomp is older than 2.6")
    assert token == TOKENS[architecture]


def test_audit_architectures_are_those_of_the_header() -> None:
    spelled = {"X86": "I386", "SH": "SHEL", "SHEB": "SH"}
    short = {name.removeprefix("SCMP_ARCH_"): value for name, value in seccomp.ARCHITECTURES.items()}
    names = {f"AUDIT_ARCH_{spelled.get(name, name)}": value for name, value in short.items() if name != "X32"}
    if not defines("linux/audit.h", "AUDIT_ARCH_LOONGARCH64"):
        del names["AUDIT_ARCH_LOONGARCH64"]
    assert not wrong_values("linux/audit.h", names)


def test_return_values_and_filter_flags_are_those_of_the_header() -> None:
    values = {name.replace("SCMP_ACT", "SECCOMP_RET"): value for name, value in seccomp.ACTIONS.items()}
    values["SECCOMP_RET_USER_NOTIF"] = values.pop("SECCOMP_RET_NOTIFY")
    values |= {"SECCOMP_RET_ACTION_FULL": seccomp.RET_ACTION_FULL, "SECCOMP_RET_DATA": seccomp.RET_DATA}
    assert not wrong_values("linux/seccomp.h", {**values, **seccomp.FILTER_FLAGS})


@pytest.mark.parametrize("action", seccomp.ACTIONS)
def test_libseccomp_takes_the_action(action: str) -> None:
    library = load("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    data = 1 if action in seccomp.CARRIES_ERRNO else 0
    context = library.seccomp_init(ctypes.c_uint32(seccomp.ACTIONS[action] | data))
    assert context
    library.seccomp_release(ctypes.c_void_p(context))
    assert not library.seccomp_init(ctypes.c_uint32(0x12345678)), "libseccomp takes anything: this test shows nothing"


def _jump_of(operator: int) -> set[int]:
    """Return which of the argument values 4, 5, 6 and 13 a libseccomp rule with this comparison against 5 holds for.

    13 & 5 is 5: MASKED_EQ with mask 5 holds for it. The filter is built by libseccomp and tried by calling getppid in a child.
    """
    code = """
import ctypes, errno, sys
operator, library, libc = int(sys.argv[1]), ctypes.CDLL("libseccomp.so.2"), ctypes.CDLL(None, use_errno=True)
class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]
library.seccomp_init.restype = ctypes.c_void_p
context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(0x7fff0000)))
number = library.seccomp_syscall_resolve_name(b"getppid")
comparisons = (Comparison * 1)(Comparison(0, operator, 5, 5))
assert library.seccomp_rule_add_array(context, ctypes.c_uint32(0x50000 | 99), number, 1, comparisons) == 0
assert library.seccomp_load(context) == 0
for value in (4, 5, 6, 13):
    ctypes.set_errno(0)
    if libc.syscall(number, ctypes.c_ulong(value)) == -1 and ctypes.get_errno() == 99:
        print(value)
"""
    run = subprocess.run([sys.executable, "-c", code, str(operator)], capture_output=True, text=True, check=True)
    return {int(line) for line in run.stdout.split()}


@pytest.mark.parametrize(
    ("name", "matching"),
    [
        ("SCMP_CMP_NE", {4, 6, 13}),
        ("SCMP_CMP_LT", {4}),
        ("SCMP_CMP_LE", {4, 5}),
        ("SCMP_CMP_EQ", {5}),
        ("SCMP_CMP_GE", {5, 6, 13}),
        ("SCMP_CMP_GT", {6, 13}),
        ("SCMP_CMP_MASKED_EQ", {5, 13}),
    ],
)
def test_comparisons_do_what_their_name_says(name: str, matching: set[int]) -> None:
    load("libseccomp.so.2")
    assert _jump_of(seccomp.OPERATORS[name]) == matching


@pytest.mark.parametrize("machine", MACHINES)
def test_libseccomp_knows_no_other_number_for_a_name(machine: str) -> None:
    library, token = load("libseccomp.so.2"), ctypes.c_uint32(TOKENS[ARCHITECTURE[machine]])
    resolved = {name: library.seccomp_syscall_resolve_name_arch(token, name.encode()) for name in numbers(machine)}
    compared = {name: number for name, number in resolved.items() if number >= 0}
    assert len(compared) > 300
    assert compared == {name: numbers(machine)[name] for name in compared}
    unknown = {name for name, number in resolved.items() if number == -1} - BEYOND_GENERIC.get(machine, set())
    bit30 = 0x40000000 if machine == "x32" else 0
    assert all(numbers(machine)[name] - bit30 > 456 for name in unknown), unknown


@pytest.mark.parametrize("machine", MACHINES)
def test_no_number_that_libseccomp_names_is_missing(machine: str) -> None:
    library, token = load("libseccomp.so.2"), ctypes.c_uint32(TOKENS[ARCHITECTURE[machine]])
    library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
    bit30 = 0x40000000 if machine == "x32" else 0
    named = {}
    for number in (*range(bit30, bit30 + 600), *range(0xF0000, 0xF0010)):
        if pointer := library.seccomp_syscall_resolve_num_arch(token, ctypes.c_int(number)):
            named[ctypes.string_at(pointer).decode()] = number
    assert len(named) > 300
    assert named == {name: numbers(machine).get(name) for name in named}


@pytest.mark.parametrize("machine", MACHINES)
def test_newer_calls_have_one_number_on_every_machine(machine: str) -> None:
    bit30 = 0x40000000 if machine == "x32" else 0
    newer = {name: number - bit30 for name, number in numbers(machine).items() if 424 <= number - bit30 < 500}
    reference = {name: number for name, number in numbers("x86_64").items() if 424 <= number < 500}
    assert newer == {name: reference[name] for name in newer}
    absent = {"arm": {"memfd_secret"}, "x32": {"map_shadow_stack"}}
    assert set(reference) - set(newer) == absent.get(machine, set())


def test_this_kernel_counts_calls_as_the_table_does() -> None:
    if platform.machine() not in MACHINES:
        pytest.skip("no table for this machine")
    libc = ctypes.CDLL(None, use_errno=True)
    table = numbers(platform.machine())
    assert libc.syscall(table["getpid"]) == libc.getpid()
    assert libc.syscall(table["getppid"]) == libc.getppid()
    assert libc.syscall(max(table.values()) + 1000) == -1


def test_another_machine_is_refused() -> None:
    with pytest.raises(KeyError, match="vax"):
        numbers("vax")


def test_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        numbers("x86_64")["read"] = 1  # type: ignore[index]


def test_importing_reads_no_table() -> None:
    code = "import specs.linux.syscalls; print(specs.linux.syscalls.numbers.cache_info().misses)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert run.stdout.strip() == "0"
