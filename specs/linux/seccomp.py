"""Constants of seccomp. Source: config-linux.md#seccomp, libseccomp's seccomp.h, linux/seccomp.h, linux/audit.h."""

from collections.abc import Mapping
from types import MappingProxyType

ACTIONS: Mapping[str, int] = MappingProxyType(
    {
        "SCMP_ACT_KILL": 0x00000000,
        "SCMP_ACT_KILL_THREAD": 0x00000000,
        "SCMP_ACT_KILL_PROCESS": 0x80000000,
        "SCMP_ACT_TRAP": 0x00030000,
        "SCMP_ACT_ERRNO": 0x00050000,
        "SCMP_ACT_NOTIFY": 0x7FC00000,
        "SCMP_ACT_TRACE": 0x7FF00000,
        "SCMP_ACT_LOG": 0x7FFC0000,
        "SCMP_ACT_ALLOW": 0x7FFF0000,
    }
)
"""Action to SECCOMP_RET_* value; the low 16 bits carry data."""

RET_ACTION_FULL = 0xFFFF0000
RET_DATA = 0x0000FFFF

CARRIES_ERRNO = frozenset({"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"})
"""Actions that errnoRet and defaultErrnoRet can be given with."""

OPERATORS: Mapping[str, int] = MappingProxyType(
    {
        "SCMP_CMP_NE": 1,
        "SCMP_CMP_LT": 2,
        "SCMP_CMP_LE": 3,
        "SCMP_CMP_EQ": 4,
        "SCMP_CMP_GE": 5,
        "SCMP_CMP_GT": 6,
        "SCMP_CMP_MASKED_EQ": 7,
    }
)
"""Comparison to its number in enum scmp_compare."""

FILTER_FLAGS: Mapping[str, int] = MappingProxyType(
    {
        "SECCOMP_FILTER_FLAG_TSYNC": 1 << 0,
        "SECCOMP_FILTER_FLAG_LOG": 1 << 1,
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 1 << 2,
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": 1 << 5,
    }
)

ARCHITECTURES: Mapping[str, int] = MappingProxyType(
    {
        "SCMP_ARCH_X86": 0x40000003,
        "SCMP_ARCH_X86_64": 0xC000003E,
        "SCMP_ARCH_X32": 0xC000003E,
        "SCMP_ARCH_ARM": 0x40000028,
        "SCMP_ARCH_AARCH64": 0xC00000B7,
        "SCMP_ARCH_MIPS": 0x00000008,
        "SCMP_ARCH_MIPS64": 0x80000008,
        "SCMP_ARCH_MIPS64N32": 0xA0000008,
        "SCMP_ARCH_MIPSEL": 0x40000008,
        "SCMP_ARCH_MIPSEL64": 0xC0000008,
        "SCMP_ARCH_MIPSEL64N32": 0xE0000008,
        "SCMP_ARCH_PPC": 0x00000014,
        "SCMP_ARCH_PPC64": 0x80000015,
        "SCMP_ARCH_PPC64LE": 0xC0000015,
        "SCMP_ARCH_S390": 0x00000016,
        "SCMP_ARCH_S390X": 0x80000016,
        "SCMP_ARCH_PARISC": 0x0000000F,
        "SCMP_ARCH_PARISC64": 0x8000000F,
        "SCMP_ARCH_RISCV64": 0xC00000F3,
        "SCMP_ARCH_LOONGARCH64": 0xC0000102,
        "SCMP_ARCH_M68K": 0x00000004,
        "SCMP_ARCH_SH": 0x4000002A,
        "SCMP_ARCH_SHEB": 0x0000002A,
    }
)
"""Architecture to the AUDIT_ARCH_* value that a filter sees. x32 has none: it shows as x86_64 with bit 30 in the number."""

TABLES: Mapping[str, str] = MappingProxyType(
    {
        "SCMP_ARCH_X86_64": "x86_64",
        "SCMP_ARCH_X86": "i386",
        "SCMP_ARCH_X32": "x32",
        "SCMP_ARCH_AARCH64": "aarch64",
        "SCMP_ARCH_ARM": "arm",
        "SCMP_ARCH_RISCV64": "riscv64",
    }
)
"""Architecture to the name of its table in `specs.linux.syscalls`, for those that have one."""

NATIVE: Mapping[str, str] = MappingProxyType(
    {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64", "riscv64": "SCMP_ARCH_RISCV64"}
)
"""`uname -m` to the architecture of its own system calls."""
