"""The device programs in force for a cgroup of version 2, read back by bpf(2)."""

import ctypes
import os
import struct

from conformance.host import kernel
from conformance.record.snapshot import DeviceProgram

_BPF_PROG_GET_FD_BY_ID = 13
_BPF_OBJ_GET_INFO_BY_FD = 15
_BPF_PROG_QUERY = 16
_BPF_CGROUP_DEVICE = 6
_BPF_F_QUERY_EFFECTIVE = 1
_MOST_PROGRAMS = 64
_BY_ID = struct.Struct("=III")  # prog_id, next_id, open_flags
_QUERY = struct.Struct("=IIIIQII")  # target_fd, attach_type, query_flags, attach_flags, prog_ids, prog_cnt, padding
_OBJECT = struct.Struct("=IIQ")  # bpf_fd, info_len, info
# struct bpf_prog_info up to xlated_prog_insns: type, id, tag, jited_prog_len, xlated_prog_len, two addresses
_INFORMATION = struct.Struct("=II8sIIQQ")
_INSTRUCTION = struct.Struct("=BBhi")  # struct bpf_insn: opcode, registers, offset, immediate


def observe(directory: str) -> tuple[DeviceProgram, ...]:
    """Return the programs of type CGROUP_DEVICE that are effective for the cgroup at `directory`, inherited ones included.

    Needs CAP_SYS_ADMIN in the initial user namespace: raises PermissionError without, FileNotFoundError if the cgroup is gone.
    Instructions are those that the kernel runs after verification.
    """
    cgroup = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        numbers = _effective(cgroup)
    finally:
        os.close(cgroup)
    return tuple(map(_program, numbers))


def _effective(cgroup: int) -> list[int]:
    numbers = (ctypes.c_uint32 * _MOST_PROGRAMS)()
    address = ctypes.addressof(numbers)
    query = bytearray(_QUERY.pack(cgroup, _BPF_CGROUP_DEVICE, _BPF_F_QUERY_EFFECTIVE, 0, address, _MOST_PROGRAMS, 0))
    kernel.bpf(_BPF_PROG_QUERY, query)
    count = _QUERY.unpack(query)[5]
    return list(numbers[:count])


def _program(number: int) -> DeviceProgram:
    descriptor = kernel.bpf(_BPF_PROG_GET_FD_BY_ID, bytearray(_BY_ID.pack(number, 0, 0)))
    try:
        length = _INFORMATION.unpack(_information(descriptor, bytes(_INFORMATION.size)))[4]
        code = ctypes.create_string_buffer(length)
        _information(descriptor, _INFORMATION.pack(0, 0, b"", 0, length, 0, ctypes.addressof(code)))
    finally:
        os.close(descriptor)
    rows = _INSTRUCTION.iter_unpack(code.raw)
    # One byte holds both registers: the target in its low half on little-endian machines.
    instructions = tuple((op, registers & 15, registers >> 4, offset, immediate) for op, registers, offset, immediate in rows)
    return DeviceProgram(id=number, instructions=instructions)


def _information(descriptor: int, asked: bytes) -> bytes:
    """Ask about a program; lengths and addresses in `asked` say where the kernel may put its variable parts."""
    information = ctypes.create_string_buffer(asked, len(asked))
    kernel.bpf(_BPF_OBJ_GET_INFO_BY_FD, bytearray(_OBJECT.pack(descriptor, len(asked), ctypes.addressof(information))))
    return information.raw
