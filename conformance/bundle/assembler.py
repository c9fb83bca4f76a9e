"""What the probe's program needs from an assembler, whatever the machine.

The program names registers by their role and uses some twenty operations; x86_64.py, aarch64.py and riscv64.py encode
them. Constants are 0 to 2047 and addresses lie within 2 KiB of DATA, which all three can hold in one instruction.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import ClassVar


class Register(Enum):
    """Registers by role. NUMBER, RESULT and the arguments are fixed by the system call ABI, see syscall(2).

    RESULT may be the same as NUMBER or ARGUMENT_0. The others keep their values over system calls.
    """

    NUMBER = auto()
    RESULT = auto()
    ARGUMENT_0 = auto()
    ARGUMENT_1 = auto()
    ARGUMENT_2 = auto()
    ARGUMENT_3 = auto()
    ARGUMENT_4 = auto()
    ARGUMENT_5 = auto()
    INPUT = auto()
    OUTPUT = auto()
    CURSOR = auto()
    POINTER = auto()
    COUNT = auto()
    SCRATCH = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCalls:
    """Numbers of the system calls that the program makes of its own accord."""

    read: int
    write: int
    ppoll: int
    socket: int
    connect: int
    exit_group: int


@dataclass(slots=True)
class Code:
    """Machine code being written, with labels. A reference to a label is encoded once every label is known."""

    content: bytearray = field(default_factory=bytearray)
    _labels: dict[str, int] = field(default_factory=dict)
    _references: list[tuple[int, str, Callable[[int], bytes]]] = field(default_factory=list)

    def emit(self, *instructions: bytes) -> None:
        """Append encoded instructions."""
        for instruction in instructions:
            self.content += instruction

    def label(self, name: str) -> None:
        """Name this place; raises ValueError if the name is taken."""
        if name in self._labels:
            raise ValueError(f"label {name!r} is defined twice")
        self._labels[name] = len(self.content)

    def refer(self, name: str, encode: Callable[[int], bytes]) -> None:
        """Append an instruction that `encode` makes from the distance in bytes between itself and the label.

        Its length may not depend on the distance.
        """
        self._references.append((len(self.content), name, encode))
        self.content += encode(0)

    def finish(self) -> bytes:
        """Return the code with every reference filled in; raises KeyError for a label that is nowhere."""
        for position, name, encode in self._references:
            instruction = encode(self._labels[name] - position)
            self.content[position : position + len(instruction)] = instruction
        return bytes(self.content)


class Assembler(ABC):
    """The operations of the probe's program; one subclass encodes them for one machine."""

    system_calls: ClassVar[SystemCalls]
    registers: ClassVar[Mapping[Register, int]]

    def __init__(self) -> None:
        self.code = Code()

    def label(self, name: str) -> None:
        """Name this place in the code."""
        self.code.label(name)

    def finish(self) -> bytes:
        """Return the code."""
        return self.code.finish()

    @abstractmethod
    def start(self) -> None:
        """Prepare what the other operations rely on; comes first."""

    @abstractmethod
    def store_stack_pointer(self, address: int) -> None:
        """Store the stack pointer."""

    @abstractmethod
    def set(self, to: Register, value: int) -> None:
        """Set a register to a constant."""

    @abstractmethod
    def set_address(self, to: Register, address: int) -> None:
        """Set a register to an address."""

    @abstractmethod
    def copy(self, to: Register, source: Register) -> None:
        """Copy a register."""

    @abstractmethod
    def load(self, to: Register, address: int) -> None:
        """Load 64 bits from an address."""

    @abstractmethod
    def store(self, source: Register, address: int) -> None:
        """Store 64 bits at an address."""

    @abstractmethod
    def load_through(self, to: Register, pointer: Register, displacement: int) -> None:
        """Load the 64 bits that lie `displacement` bytes after where `pointer` points."""

    @abstractmethod
    def load_byte(self, to: Register, pointer: Register) -> None:
        """Load the byte that `pointer` points to, zero-extended."""

    @abstractmethod
    def store_byte(self, source: Register, pointer: Register) -> None:
        """Store the lowest byte where `pointer` points to."""

    @abstractmethod
    def add(self, to: Register, source: Register) -> None:
        """Add a register to another."""

    @abstractmethod
    def subtract(self, to: Register, source: Register) -> None:
        """Subtract a register from another."""

    @abstractmethod
    def increase(self, to: Register, amount: int) -> None:
        """Add a constant from -128 to 127."""

    @abstractmethod
    def keep_lowest_bit(self, to: Register) -> None:
        """Clear all bits but the lowest."""

    @abstractmethod
    def system_call(self) -> None:
        """Enter the kernel."""

    @abstractmethod
    def jump(self, label: str) -> None:
        """Go to a label."""

    @abstractmethod
    def jump_if_zero(self, register: Register, label: str) -> None:
        """Go to a label if the register is 0."""

    @abstractmethod
    def jump_unless_positive(self, register: Register, label: str) -> None:
        """Go to a label if the register, taken as signed, is 0 or less."""

    @abstractmethod
    def call(self, label: str) -> None:
        """Call a routine, which may not call another."""

    @abstractmethod
    def leave(self) -> None:
        """Return from a routine."""

    @abstractmethod
    def trap(self) -> None:
        """Crash: where the program must not come."""
