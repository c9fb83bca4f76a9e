"""Architectures: what a filter sees of each, and the numbers of its system calls.

A filter of this machine only ever sees calls of the few architectures that the machine can execute. For those that have no
table here (none that can run Debian's Python on a supported machine) there is nothing to compile: no call could meet it.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = {
    "SCMP_ARCH_X86_64": (0xC000003E, 64),
    "SCMP_ARCH_X86": (0x40000003, 32),
    "SCMP_ARCH_X32": (0xC000003E, 32),
    "SCMP_ARCH_AARCH64": (0xC00000B7, 64),
    "SCMP_ARCH_ARM": (0x40000028, 32),
    "SCMP_ARCH_RISCV64": (0xC00000F3, 64),
}
"""Architecture to (AUDIT_ARCH_ value, bits of an argument that are compared)."""

ARCHITECTURES = (
    *TABLES,
    "SCMP_ARCH_MIPS",
    "SCMP_ARCH_MIPS64",
    "SCMP_ARCH_MIPS64N32",
    "SCMP_ARCH_MIPSEL",
    "SCMP_ARCH_MIPSEL64",
    "SCMP_ARCH_MIPSEL64N32",
    "SCMP_ARCH_PPC",
    "SCMP_ARCH_PPC64",
    "SCMP_ARCH_PPC64LE",
    "SCMP_ARCH_S390",
    "SCMP_ARCH_S390X",
    "SCMP_ARCH_PARISC",
    "SCMP_ARCH_PARISC64",
    "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_M68K",
    "SCMP_ARCH_SH",
    "SCMP_ARCH_SHEB",
)
"""All that the spec lists."""

NATIVE = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64", "riscv64": "SCMP_ARCH_RISCV64"}
"""`uname -m` to the architecture of the machine's own calls."""

X32_BIT = 0x40000000
"""Marks the number of an x32 call, which otherwise looks like one of x86_64."""

SOCKETCALL = 102
IPC = 117
_SOCKET_CALLS = (
    *("socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv"),
    *("sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg"),
)
MULTIPLEXED = {
    **{name: (SOCKETCALL, number) for number, name in enumerate(_SOCKET_CALLS, 1)},
    **{name: (IPC, number) for number, name in enumerate(("semop", "semget", "semctl", "semtimedop"), 1)},
    **{name: (IPC, number) for number, name in enumerate(("msgsnd", "msgrcv", "msgget", "msgctl"), 11)},
    **{name: (IPC, number) for number, name in enumerate(("shmat", "shmdt", "shmget", "shmctl"), 21)},
}
"""Calls that 32-bit x86 programs can also make through one number and a selector as first argument (linux/net.h, linux/ipc.h)."""


def numbers(architecture: str) -> "dict[str, int]":
    """Return system call name to number, as a filter sees it; raises KeyError for an architecture without a table."""
    table: dict[str, int] = {}
    base = X32_BIT if architecture == "SCMP_ARCH_X32" else 0
    for first, names in _runs(architecture):
        calls = names.split()
        table.update(zip(calls, range(base + first, base + first + len(calls)), strict=True))
    if architecture == "SCMP_ARCH_ARM":
        table["sync_file_range2"] = table["arm_sync_file_range"]  # two names of one call
    return table


def _runs(architecture: str) -> "Sequence[tuple[int, str]]":
    """Import the table of one family of processors; the others are never read."""
    if architecture in ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"):
        from reference_runtime.seccomp import calls_x86 as x86

        return {"SCMP_ARCH_X86_64": x86.X86_64, "SCMP_ARCH_X86": x86.I386, "SCMP_ARCH_X32": x86.X32}[architecture]
    if architecture in ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"):
        from reference_runtime.seccomp import calls_arm as arm

        return {"SCMP_ARCH_AARCH64": arm.AARCH64, "SCMP_ARCH_ARM": arm.ARM}[architecture]
    if architecture != "SCMP_ARCH_RISCV64":
        raise KeyError(architecture)
    from reference_runtime.seccomp import calls_riscv

    return calls_riscv.RISCV64
