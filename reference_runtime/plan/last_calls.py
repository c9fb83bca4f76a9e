"""The last calls of a process: which descriptors it has then, and where its program may lie."""

from reference_runtime.fault import RuntimeFault

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


def candidates(file: str, environment: "list[str]") -> "list[str]":
    """Return the paths that execvp(3) tries for a file, by the container's own PATH. Raises RuntimeFault."""
    if "/" in file:
        return [file]
    path = next((entry[5:] for entry in reversed(environment) if entry.startswith("PATH=")), _DEFAULT_PATH)
    directories = path.split(":")
    if len(directories) > _MOST_DIRECTORIES:
        raise RuntimeFault(f"PATH has {len(directories)} directories", where="$.process.env")
    return [f"{directory or '.'}/{file}" for directory in directories]
