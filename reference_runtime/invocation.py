"""One call of the runtime, ready for its operation."""

import posix

from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.command_line import CommandLine
    from reference_runtime.container.directory import Directory
    from reference_runtime.log import Log

NAME = "reference-runtime"
_ACCESS = 0o170022
_OWN_DIRECTORY = 0o040000
"""What the bits of st_mode say that tell the type, and whether others may write: a directory, and they may not."""


class Invocation:
    """Global flags, the operation's own, and where messages go."""

    __slots__ = ("directory", "line", "log", "options")

    def __init__(self, options: "CommandLine", line: "CommandLine", log: "Log", *, directory: str) -> None:
        self.options = options
        self.line = line
        self.log = log
        self.directory = directory
        """The working directory of the caller, from which relative paths count."""

    @property
    def root(self) -> str:
        """The directory with the containers' state."""
        return self.absolute(self.options.value("root")) or default_root()

    def container_id(self) -> str:
        """Return the one argument. Raises RuntimeFault if there is none, or more."""
        arguments = self.line.arguments
        if len(arguments) != 1 or not arguments[0]:
            raise RuntimeFault("a container id is needed, and nothing else" if arguments else "a container id is needed")
        return arguments[0]

    def container(self, container_id: "str | None" = None) -> "Directory":
        """Return the state directory of the container that is named. Raises RuntimeFault for one that others could change."""
        from reference_runtime.container.directory import Directory

        directory = Directory(self.root, self.container_id() if container_id is None else container_id)
        directory.check_root()
        return directory

    def absolute(self, path: str) -> str:
        """Return a path from the command line as an absolute one; an empty one stays empty."""
        if not path or path.startswith("/"):
            return path
        return f"{self.directory}/{path}" if path != "." else self.directory


def default_root() -> str:
    """Return the state directory's usual place: an empty XDG_RUNTIME_DIR is as good as none. Raises RuntimeFault."""
    user = posix.geteuid()
    if user == 0:
        return f"/run/{NAME}"
    runtime = posix.environ.get(b"XDG_RUNTIME_DIR", b"").decode("utf-8", "surrogateescape")
    if not runtime:
        runtime = f"/tmp/{NAME}-{user}"
        _check_owner(runtime, user)
    return f"{runtime}/{NAME}"


def _check_owner(directory: str, user: int) -> None:
    """Refuse a directory in a place for everybody that somebody else has made: what is in there would be believed."""
    try:
        found = posix.lstat(directory)
    except FileNotFoundError:
        return
    if found.st_uid != user or found.st_mode & _ACCESS != _OWN_DIRECTORY:
        raise RuntimeFault(f"{directory} is not a directory that its user alone may change: set XDG_RUNTIME_DIR, or give --root")
