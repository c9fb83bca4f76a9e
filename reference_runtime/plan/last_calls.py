"""The last calls of a process: which descriptors it has then, what its results mean, and where its program may lie."""

from posix import strerror

from reference_runtime.fault import RuntimeFault
from reference_runtime.init.stub import WORD

_ENOENT, _ENOTDIR = 2, 20
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_DIRECTORIES = 1000
"""Each is a call of the stub's."""
CREATED = b"C"


class Descriptors:
    """Numbers that the process and the runtime agree on. `first` is the first that the program does not get."""

    __slots__ = ("first", "label", "listener", "proc", "result", "start", "sync")

    def __init__(self, preserved: int) -> None:
        self.first = 3 + preserved
        self.start = self.first
        """Where the byte comes from that releases the program."""
        self.result = self.first + 1
        """Where the results of all calls go if one fails."""
        self.sync = self.first + 2
        """Where the runtime hears that all is ready."""
        self.listener = self.sync
        """Closed when the process waits, it is the lowest free number: the kernel's choice for what is opened after that."""
        self.proc = self.first + 3
        """/proc of the host, if labels have to be written there."""
        self.label = self.first + 4
        """The file for a label, while all others are open: the kernel's choice too."""


class LastCalls:
    """The program for one process, and what its results mean."""

    __slots__ = ("executions", "file", "go", "image", "names", "places")

    def __init__(self) -> None:
        self.image = b""
        """The stub's data."""
        self.names: list[str] = []
        """What each call was for, in the order of their results."""
        self.places: dict[str, str] = {}
        """Of what a member of the config asks for: the place of that."""
        self.executions: list[int] = []
        """Which of them try to execute the program."""
        self.file = ""
        """The program as the config names it."""
        self.go = 0
        """Address of the word that tells the process that its listener was taken, or 0."""

    def describe(self) -> "list[str]":
        """Return what is called, in order."""
        return [f"then {name}" if index in self.executions else name for index, name in enumerate(self.names)]


def failure(calls: LastCalls, results: bytes) -> "tuple[str, int]":
    """Return what failed and with which errno, from the results that the process has sent.

    Of the paths that execvp(3) tries, one that must not be executed says more than one that isn't there.
    """
    values = [int.from_bytes(results[at : at + WORD], "little", signed=True) for at in range(0, len(results), WORD)]
    tried = [(calls.names[index], -values[index]) for index in calls.executions if values[index] < 0]
    if len(tried) == len(calls.executions) and tried:
        return next((each for each in tried if each[1] not in {_ENOENT, _ENOTDIR}), tried[0])
    return next(((name, -value) for name, value in zip(calls.names, values, strict=True) if value < 0), ("", 0))


def candidates(file: str, environment: "list[str]") -> "list[str]":
    """Return the paths that execvp(3) tries for a file, by the container's own PATH. Raises RuntimeFault."""
    if "/" in file:
        return [file]
    path = next((entry[5:] for entry in reversed(environment) if entry.startswith("PATH=")), _DEFAULT_PATH)
    directories = path.split(":")
    if len(directories) > _MOST_DIRECTORIES:
        raise RuntimeFault(f"PATH has {len(directories)} directories", where="$.process.env")
    return [f"{directory or '.'}/{file}" for directory in directories]


def explain(calls: LastCalls, results: bytes) -> "RuntimeFault":
    """Return the fault that the results of a process mean, in the words that container engines look for."""
    from reference_runtime.effects.process import not_executable

    name, error = failure(calls, results)
    index = calls.names.index(name)
    if index in calls.executions:
        return RuntimeFault(not_executable(calls.file, [error]))
    what = f"cannot {name}" if " " in name else f"{name} fails"
    return RuntimeFault(what, where=calls.places.get(name, ""), why=strerror(error).lower())
