"""A program of some hundred bytes that makes the system calls of a table, one after the other, and nothing else.

It is what the container's first process is before it becomes the user's program. So /proc/self/exe never leads to the host's
Python interpreter (CVE-2019-5736), and a container that waits for `start` holds a page or two instead of 8 MB.

An entry of the table has eleven words: number, six arguments, the address where the result goes, and where to go on after a
negative, a zero and a positive result. A negative number makes no call: the result is then the word that the first argument
points to, which lets an entry wait for a word to be changed from outside.
"""

import posix
from fcntl import fcntl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

WORD = 8
ENTRY_WORDS = 11
_HEADERS = 64 + 2 * 56
_CODE_AT = 0x400000
_DATA_AT = 0x600000
"""Addresses lie further apart than the largest page, 64 KiB."""

_X86_64 = bytes.fromhex(
    "488b03"  # loop:  mov rax, [rbx]          the number
    "488b7b08"  #        mov rdi, [rbx+8]
    "4885c0"  #        test rax, rax
    "781a"  #        js load
    "488b7310"  #        mov rsi, [rbx+16]
    "488b5318"  #        mov rdx, [rbx+24]
    "4c8b5320"  #        mov r10, [rbx+32]
    "4c8b4328"  #        mov r8, [rbx+40]
    "4c8b4b30"  #        mov r9, [rbx+48]
    "0f05"  #        syscall
    "eb07"  #        jmp store
    "9090"  #        nop; nop
    "f390"  # load:  pause
    "488b07"  #        mov rax, [rdi]
    "488b4b38"  # store: mov rcx, [rbx+56]
    "488901"  #        mov [rcx], rax
    "488d4b40"  #        lea rcx, [rbx+64]       where to go on; lea keeps the flags
    "4885c0"  #        test rax, rax
    "780a"  #        js pick
    "488d4b48"  #        lea rcx, [rbx+72]
    "7404"  #        je pick
    "488d4b50"  #        lea rcx, [rbx+80]
    "488b19"  # pick:  mov rbx, [rcx]
    "ebb6"  #        jmp loop
)
_AARCH64 = (
    0xF9400268,  # loop:  ldr x8, [x19]
    0xF9400660,  #        ldr x0, [x19, #8]
    0xB7F80108,  #        tbnz x8, #63, load
    0xF9400A61,  #        ldr x1, [x19, #16]
    0xF9400E62,  #        ldr x2, [x19, #24]
    0xF9401263,  #        ldr x3, [x19, #32]
    0xF9401664,  #        ldr x4, [x19, #40]
    0xF9401A65,  #        ldr x5, [x19, #48]
    0xD4000001,  #        svc #0
    0x14000003,  #        b store
    0xD503203F,  # load:  yield
    0xF9400000,  #        ldr x0, [x0]
    0xF9401E69,  # store: ldr x9, [x19, #56]
    0xF9000120,  #        str x0, [x9]
    0x91010269,  #        add x9, x19, #64
    0xB7F80080,  #        tbnz x0, #63, pick
    0x91012269,  #        add x9, x19, #72
    0xB4000040,  #        cbz x0, pick
    0x91014269,  #        add x9, x19, #80
    0xF9400133,  # pick:  ldr x19, [x9]
    0x17FFFFEC,  #        b loop
)
_RISCV64 = (
    0x0004B883,  # loop:  ld a7, 0(s1)
    0x0084B503,  #        ld a0, 8(s1)
    0x0208C063,  #        bltz a7, load
    0x0104B583,  #        ld a1, 16(s1)
    0x0184B603,  #        ld a2, 24(s1)
    0x0204B683,  #        ld a3, 32(s1)
    0x0284B703,  #        ld a4, 40(s1)
    0x0304B783,  #        ld a5, 48(s1)
    0x00000073,  #        ecall
    0x00C0006F,  #        j store
    0x00000013,  # load:  nop
    0x00053503,  #        ld a0, 0(a0)
    0x0384B283,  # store: ld t0, 56(s1)
    0x00A2B023,  #        sd a0, 0(t0)
    0x04048293,  #        addi t0, s1, 64
    0x00054863,  #        bltz a0, pick
    0x04848293,  #        addi t0, s1, 72
    0x00050463,  #        beqz a0, pick
    0x05048293,  #        addi t0, s1, 80
    0x0002B483,  # pick:  ld s1, 0(t0)
    0xFB1FF06F,  #        j loop
)


def _words(instructions: "tuple[int, ...]") -> bytes:
    return b"".join(each.to_bytes(4, "little") for each in instructions)


def _start(machine: str, table: int) -> bytes:
    """Return the code that points the table's register to the first entry; the address has 31 bits, 12 of them zero at least."""
    if machine == "x86_64":
        return b"\xbb" + table.to_bytes(4, "little")  # mov ebx, table
    if machine == "aarch64":
        low, high = table & 0xFFFF, table >> 16
        return _words((0xD2800013 | low << 5, 0xF2A00013 | high << 5))  # movz x19, low; movk x19, high, lsl 16
    low = (table & 0xFFF ^ 0x800) - 0x800
    return _words((0x000004B7 | (table - low) & 0xFFFFF000, 0x00048493 | (low & 0xFFF) << 20))  # lui s1; addi s1, s1, low


_MACHINES: "Mapping[str, tuple[int, bytes | tuple[int, ...]]]" = {
    "x86_64": (62, _X86_64),
    "aarch64": (183, _AARCH64),
    "riscv64": (243, _RISCV64),
}
"""ELF machine number and the loop."""


def _loop(machine: str) -> bytes:
    code = _MACHINES[machine][1]
    return code if isinstance(code, bytes) else _words(code)


def code_size(machine: str) -> int:
    """Return how many bytes of headers and code precede the data in the file; raises KeyError for an unknown machine."""
    return (_HEADERS + len(_start(machine, 0)) + len(_loop(machine)) + WORD - 1) // WORD * WORD


def data_address(machine: str) -> int:
    """Return where the first byte of the data lies in memory."""
    return _DATA_AT + code_size(machine)


def elf(machine: str, data: bytes) -> bytes:
    """Return the program; `data` begins with the table's first entry."""
    number = _MACHINES[machine][0]
    begin = code_size(machine)
    code = _start(machine, data_address(machine)) + _loop(machine)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + _fields(
        (2, 2), (2, number), (4, 1), (8, _CODE_AT + _HEADERS), (8, 64), (8, 0)
    )
    flags = 4 if machine == "riscv64" else 0  # riscv64: double-float ABI, as everything else there
    header += _fields((4, flags), (2, 64), (2, 56), (2, 2), (2, 0), (2, 0), (2, 0))
    executable = _segment(5, 0, _CODE_AT, begin)
    writable = _segment(6, begin, _DATA_AT + begin, len(data))
    return (header + executable + writable + code).ljust(begin, b"\0") + data


def _segment(flags: int, offset: int, address: int, size: int) -> bytes:
    return _fields((4, 1), (4, flags), (8, offset), (8, address), (8, address), (8, size), (8, size), (8, 0x10000))


def _fields(*fields: "tuple[int, int]") -> bytes:
    """Return little-endian numbers, each of (size, value)."""
    return b"".join(value.to_bytes(size, "little") for size, value in fields)


def sealed(content: bytes, *, name: str) -> int:
    """Return a descriptor (close on exec) of an anonymous file that nobody can change any more."""
    descriptor = posix.memfd_create(name, _MFD_CLOEXEC | _MFD_ALLOW_SEALING)
    written = 0
    while written < len(content):
        written += posix.write(descriptor, content[written:])
    fcntl(descriptor, _F_ADD_SEALS, _SEAL_ALL)
    return descriptor


_MFD_CLOEXEC = 1
_MFD_ALLOW_SEALING = 2
_F_ADD_SEALS = 1033
_SEAL_ALL = 0xF
"""F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE."""
