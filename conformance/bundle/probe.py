"""The probe: the program inside a test container, written by Python itself, without a compiler.

It decides nothing: the host sends system calls, the probe makes them and returns what the kernel said (program.py).
"""

from functools import cache

from conformance.bundle.aarch64 import Aarch64
from conformance.bundle.assembler import Assembler
from conformance.bundle.elf import executable
from conformance.bundle.program import Kind, write_program
from conformance.bundle.riscv64 import Riscv64
from conformance.bundle.x86_64 import X8664

ASSEMBLERS: dict[str, type[Assembler]] = {"x86_64": X8664, "aarch64": Aarch64, "riscv64": Riscv64}
"""`uname -m` to its assembler."""


class UnknownMachineError(Exception):
    """There is no probe for this machine."""


@cache
def build(machine: str, kind: Kind) -> bytes:
    """Return the static ELF executable of that kind for a machine as `uname -m` names it; raises UnknownMachineError."""
    if machine not in ASSEMBLERS:
        raise UnknownMachineError(f"no probe for {machine}; there is one for {', '.join(sorted(ASSEMBLERS))}")
    asm = ASSEMBLERS[machine]()
    write_program(asm, kind)
    return executable(asm.finish(), machine=machine)
