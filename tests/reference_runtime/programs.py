"""Programs for containers, written with the runtime's own assembler: they need no library and no compiler."""

from reference_runtime.init.program import NEXT, Program
from reference_runtime.init.stub import elf

_CLONE_SIGCHLD = 17


def every(machine: str) -> dict[str, bytes]:
    """Return the programs by name."""
    return {"pause": _pause(machine), "say": _say(machine), "linger": _linger(machine)}


def _pause(machine: str) -> bytes:
    """Wait for ever."""
    program = Program(machine)
    _block(program)
    return elf(machine, program.assemble())


def _say(machine: str) -> bytes:
    """Print a line, and exit with 7."""
    program = Program(machine)
    program.label("report")
    program.call("write", 1, program.data(b"said\n"), 5)
    program.call("exit_group", 7)
    return elf(machine, program.assemble())


def _linger(machine: str) -> bytes:
    """Start a child in a session of its own; both wait for ever."""
    program = Program(machine)
    program.call("clone", _CLONE_SIGCHLD, 0, 0, 0, 0, on_positive="wait")
    program.call("setsid", on_error=NEXT)
    program.label("wait")
    _block(program)
    return elf(machine, program.assemble())


def _block(program: Program) -> None:
    program.label("report")
    program.label("again")
    program.call("ppoll", 0, 0, 0, 0, 0, on_error="again", on_zero="again")
