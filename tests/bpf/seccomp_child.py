"""Try seccomp filters on the running kernel: a forked child loads them and makes one system call."""

import ctypes
import os
import signal
import struct
from collections.abc import Sequence

Program = Sequence[tuple[int, int, int, int]]

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.argtypes = [ctypes.c_long] * 7
_libc.syscall.restype = ctypes.c_long
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2


def load(program: Program) -> None:
    """Put the calling thread under a filter, for ever; raises OSError if the kernel refuses it."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *row) for row in program))
    fprog = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_void_p(ctypes.addressof(fprog)), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_SECCOMP")


def call(number: int, arguments: Sequence[int] = (0,) * 6) -> int:
    """Make a system call; return its result, or -errno."""
    signed = [ctypes.c_long(value).value for value in (*arguments, *(0,) * (6 - len(arguments)))]
    result = int(_libc.syscall(number, *signed))
    return -ctypes.get_errno() if result == -1 else result


def outcome(programs: Sequence[Program], number: int, arguments: Sequence[int] = (0,) * 6) -> int | str:
    """Return what the call gives under `programs`, loaded in order: its result, or the signal that ended the child."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            for program in programs:
                load(program)
            os.write(writing, struct.pack("=q", call(number, arguments)))
        finally:
            os._exit(99)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        answer = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status < 0:
        return signal.Signals(-status).name
    assert len(answer) == 8, "the kernel refused a filter"
    value: int = struct.unpack("=q", answer)[0]
    return value
