"""The smallest static executable: an ELF header, two segments, code. See elf(5) and the System V ABI."""

import struct

from conformance.bundle.layout import BUFFER, BUFFER_SIZE, CODE, DATA

MACHINES = {"x86_64": 62, "aarch64": 183, "riscv64": 243}
"""`uname -m` to e_machine."""

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_IDENT = b"\x7fELF" + bytes([2, 1, 1])  # 64 bit, little endian, version 1; the rest is padding
_EXECUTABLE = 2
_LOAD = 1
_EXECUTE, _WRITE, _READ = 1, 2, 4
_ALIGNMENT = 0x10000

HEADERS_SIZE = _HEADER.size + 2 * _SEGMENT.size
"""Where the code begins in the file, bytes."""


def executable(code: bytes, *, machine: str) -> bytes:
    """Wrap machine code, entered at its first byte, into an executable; raises KeyError for an unknown machine.

    One segment holds the file itself, readable and executable; the other the zeroed memory of layout.py, writable.
    """
    size = HEADERS_SIZE + len(code)
    header = _HEADER.pack(
        _IDENT,
        _EXECUTABLE,
        MACHINES[machine],
        1,
        CODE + HEADERS_SIZE,
        _HEADER.size,
        0,
        0,
        _HEADER.size,
        _SEGMENT.size,
        2,
        0,
        0,
        0,
    )
    text = _SEGMENT.pack(_LOAD, _READ | _EXECUTE, 0, CODE, CODE, size, size, _ALIGNMENT)
    memory = _SEGMENT.pack(_LOAD, _READ | _WRITE, 0, DATA, DATA, 0, BUFFER - DATA + BUFFER_SIZE, _ALIGNMENT)
    return header + text + memory + code
