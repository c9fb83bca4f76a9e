"""The probe's program, for every machine. Three kinds:

- pause: does nothing, for ever.
- proxy: executes the system calls that come in on descriptor 0 and replies on descriptor 1, until the input ends.
- hook: connects to the unix socket whose path is argv[1] and executes the system calls that come from there.

layout.py has the memory map and the protocol.
"""

from typing import Literal

from conformance.bundle.assembler import Assembler, Register
from conformance.bundle.layout import (
    ARGUMENTS_AT,
    BUFFER,
    FLAGS_AT,
    HEADER,
    INPUT_LENGTH_AT,
    NO_CONNECTION,
    NO_PATH,
    NUMBER_AT,
    OUTPUT_LENGTH_AT,
    REPLY,
    REQUEST,
    RESULT,
    STACK_POINTER,
)

Kind = Literal["pause", "proxy", "hook"]

_AF_UNIX = 1
_SOCK_STREAM = 1
_SUN_PATH_MAX = 107
_SOCKADDR_UN_SIZE = 110
_ARGUMENTS = (
    Register.ARGUMENT_0,
    Register.ARGUMENT_1,
    Register.ARGUMENT_2,
    Register.ARGUMENT_3,
    Register.ARGUMENT_4,
    Register.ARGUMENT_5,
)


def write_program(asm: Assembler, kind: Kind) -> None:
    """Write the whole program of that kind."""
    asm.start()
    asm.store_stack_pointer(STACK_POINTER)
    if kind == "pause":
        _pause_for_ever(asm)
        return
    if kind == "proxy":
        asm.set(Register.INPUT, 0)
        asm.set(Register.OUTPUT, 1)
    else:
        _connect(asm)
    _serve(asm)
    _pause_for_ever(asm)
    _transfer(asm, "read", number=asm.system_calls.read, descriptor=Register.INPUT)
    _transfer(asm, "write", number=asm.system_calls.write, descriptor=Register.OUTPUT)
    _exit(asm)


def _serve(asm: Assembler) -> None:
    """Read a request, make the call, reply; again and again."""
    asm.label("serve")
    asm.set_address(Register.CURSOR, HEADER)
    asm.set(Register.COUNT, REQUEST.size)
    asm.call("read")
    asm.set_address(Register.CURSOR, BUFFER)
    asm.load(Register.COUNT, INPUT_LENGTH_AT)
    asm.call("read")
    asm.load(Register.NUMBER, NUMBER_AT)
    for position, argument in enumerate(_ARGUMENTS):
        asm.load(argument, ARGUMENTS_AT + 8 * position)
    asm.system_call()
    asm.store(Register.RESULT, RESULT)
    asm.jump_if_zero(Register.RESULT, "zero")
    asm.label("reply")
    asm.set_address(Register.CURSOR, RESULT)
    asm.load(Register.COUNT, OUTPUT_LENGTH_AT)
    asm.increase(Register.COUNT, REPLY.size)
    asm.call("write")
    asm.jump("serve")
    asm.label("zero")
    asm.load(Register.SCRATCH, FLAGS_AT)
    asm.keep_lowest_bit(Register.SCRATCH)
    asm.jump_if_zero(Register.SCRATCH, "reply")


def _pause_for_ever(asm: Assembler) -> None:
    """Wait for nothing. ppoll stands in for pause, which newer machines don't have."""
    asm.label("pause")
    asm.set(Register.NUMBER, asm.system_calls.ppoll)
    for argument in _ARGUMENTS[:4]:
        asm.set(argument, 0)
    asm.system_call()
    asm.jump("pause")


def _transfer(asm: Assembler, name: str, *, number: int, descriptor: Register) -> None:
    """Read or write COUNT bytes at CURSOR; end the process where no more can be had."""
    asm.label(name)
    asm.jump_if_zero(Register.COUNT, f"{name} done")
    asm.set(Register.NUMBER, number)
    asm.copy(Register.ARGUMENT_0, descriptor)
    asm.copy(Register.ARGUMENT_1, Register.CURSOR)
    asm.copy(Register.ARGUMENT_2, Register.COUNT)
    asm.system_call()
    asm.jump_unless_positive(Register.RESULT, "end")
    asm.add(Register.CURSOR, Register.RESULT)
    asm.subtract(Register.COUNT, Register.RESULT)
    asm.jump(name)
    asm.label(f"{name} done")
    asm.leave()


def _exit(asm: Assembler) -> None:
    """End with status 0, or enter at "exit" with another. A seccomp filter may deny exit_group: then crash."""
    asm.label("end")
    asm.set(Register.ARGUMENT_0, 0)
    asm.label("exit")
    asm.set(Register.NUMBER, asm.system_calls.exit_group)
    asm.system_call()
    asm.trap()


def _connect(asm: Assembler) -> None:
    """Connect a stream socket to the path in argv[1]. On the stack lie argc and then the pointers of argv."""
    asm.load(Register.POINTER, STACK_POINTER)
    asm.load_through(Register.SCRATCH, Register.POINTER, 0)
    asm.increase(Register.SCRATCH, -1)
    asm.jump_unless_positive(Register.SCRATCH, "no path")
    asm.load_through(Register.POINTER, Register.POINTER, 16)
    _copy_path(asm)
    asm.set(Register.NUMBER, asm.system_calls.socket)
    asm.set(Register.ARGUMENT_0, _AF_UNIX)
    asm.set(Register.ARGUMENT_1, _SOCK_STREAM)
    asm.set(Register.ARGUMENT_2, 0)
    asm.system_call()
    asm.copy(Register.INPUT, Register.RESULT)
    asm.copy(Register.OUTPUT, Register.INPUT)
    # Had socket failed, connect would fail on its negative descriptor.
    asm.set(Register.NUMBER, asm.system_calls.connect)
    asm.copy(Register.ARGUMENT_0, Register.INPUT)
    asm.set_address(Register.ARGUMENT_1, BUFFER)
    asm.set(Register.ARGUMENT_2, _SOCKADDR_UN_SIZE)
    asm.system_call()
    asm.jump_if_zero(Register.RESULT, "serve")
    asm.set(Register.ARGUMENT_0, NO_CONNECTION)
    asm.jump("exit")
    asm.label("no path")
    asm.set(Register.ARGUMENT_0, NO_PATH)
    asm.jump("exit")


def _copy_path(asm: Assembler) -> None:
    """Make a sockaddr_un (unix(7)) at BUFFER of the string at POINTER. The memory is zeroed, so the path ends in NUL."""
    asm.set_address(Register.CURSOR, BUFFER)
    asm.set(Register.SCRATCH, _AF_UNIX)
    asm.store_byte(Register.SCRATCH, Register.CURSOR)
    asm.increase(Register.CURSOR, 2)
    asm.set(Register.COUNT, _SUN_PATH_MAX)
    asm.label("copy path")
    asm.jump_if_zero(Register.COUNT, "path copied")
    asm.load_byte(Register.SCRATCH, Register.POINTER)
    asm.jump_if_zero(Register.SCRATCH, "path copied")
    asm.store_byte(Register.SCRATCH, Register.CURSOR)
    asm.increase(Register.POINTER, 1)
    asm.increase(Register.CURSOR, 1)
    asm.increase(Register.COUNT, -1)
    asm.jump("copy path")
    asm.label("path copied")
