"""Actions for the probe inside the container, and its answers.

The probe executes system calls that the host sends. An action is a short program of such calls, an answer
holds each call's raw result: nothing about an action is decided inside the container.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """As an argument: the result of an earlier call of the same action, by position."""

    call: int


@dataclass(frozen=True, slots=True)
class Out:
    """As an argument: a buffer of `size` bytes that the call fills and the answer carries."""

    size: int


Argument = int | bytes | Result | Out
"""A number; bytes that the call gets a pointer to (add the terminating NUL for strings); Result; Out."""


@dataclass(frozen=True, slots=True)
class Call:
    """One system call by its kernel name ("openat") with its arguments."""

    name: str
    arguments: tuple[Argument, ...] = ()
    pause_if_zero: bool = False
    """Where the call returns 0, pause for ever instead of answering: what a forked child has to do."""
    times: int = 1
    """Repeat the call so often, ending early at the first error."""


@dataclass(frozen=True, slots=True)
class Action:
    """A named program of system calls. Calls after a failed one are still made unless they need its result."""

    name: str
    calls: tuple[Call, ...]
    destructive: bool = False
    """Changes or ends the container: executed in a twin, so that other actions are not disturbed."""

    def __hash__(self) -> int:
        # Answers are looked up by action, and to hash every argument of every call takes longer than to compare it once.
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class CallResult:
    """What one call returned: `value` is -errno on failure, as the kernel returns it."""

    value: int
    data: bytes = b""

    @property
    def errno(self) -> int:
        """The error number, 0 on success."""
        return -self.value if -4096 < self.value < 0 else 0


@dataclass(frozen=True, slots=True)
class Answer:
    """Results of an action's calls, in order. `problem` says why fewer came than were asked for."""

    results: tuple[CallResult, ...]
    problem: str = ""
    died: int | None = None
    """Wait status code of the container's process if it ended while the action ran: -N for signal N."""

    @property
    def complete(self) -> bool:
        """Every call was answered."""
        return not self.problem
