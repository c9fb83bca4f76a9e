"""How a process is scheduled, on processors and at disks; done by the runtime, which may grant what the container may not."""

from reference_runtime.effects.stage import Inherited
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.syscall import syscall

_IOPRIO_WHO_PROCESS = 1
_IOPRIO_CLASS_SHIFT = 13
_SIZE = 56
"""SCHED_ATTR_SIZE_VER1."""
_MOST_UTILISATION = 1024
"""SCHED_CAPACITY_SCALE."""


class Scheduler(Inherited):
    """sched_setattr(2). Threads and children to come inherit it."""

    __slots__ = ("flags", "name", "nice", "policy", "priority", "times", "where")

    def __init__(
        self, name: str, policy: int, *, flags: int, nice: int, priority: int, times: "tuple[int, ...]", where: str
    ) -> None:
        self.name = name
        self.policy = policy
        self.flags = flags
        self.nice = nice
        self.priority = priority
        self.times = times
        """Runtime, deadline and period in nanoseconds."""
        self.where = where

    def describe(self) -> str:
        """Return one line for --plan."""
        return f"schedule by {self.name}, nice {self.nice}, priority {self.priority}, flags {self.flags:#x}, times {self.times}"

    def attributes(self) -> bytes:
        """Return struct sched_attr. The spec has no values for the clamps of utilisation: these clamp nothing."""
        numbers = [(_SIZE, 4), (self.policy, 4), (self.flags, 8), (self.nice & 0xFFFFFFFF, 4), (self.priority, 4)]
        numbers += [*((time, 8) for time in self.times), (0, 4), (_MOST_UTILISATION, 4)]
        return b"".join(number.to_bytes(size, "little") for number, size in numbers)

    def execute(self, pid: int) -> None:
        """Do it to a process. Raises RuntimeFault."""
        try:
            syscall("sched_setattr", pid, self.attributes(), 0)
        except OSError as error:
            raise RuntimeFault.of(f"{self.name} cannot be set", error, where=self.where) from None


class IoPriority(Inherited):
    """ioprio_set(2). Threads and children to come inherit it, so in the end all of the container has it."""

    __slots__ = ("level", "number", "where")

    def __init__(self, number: int, level: int, where: str) -> None:
        self.number = number
        self.level = level
        self.where = where

    def describe(self) -> str:
        """Return one line for --plan."""
        return f"set the I/O priority to class {self.number}, level {self.level}"

    def execute(self, pid: int) -> None:
        """Do it to a process. Raises RuntimeFault."""
        try:
            syscall("ioprio_set", _IOPRIO_WHO_PROCESS, pid, self.number << _IOPRIO_CLASS_SHIFT | self.level)
        except OSError as error:
            raise RuntimeFault.of("the I/O priority cannot be set", error, where=self.where) from None
