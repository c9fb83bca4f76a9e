"""What concerns the first process alone: its working directory, program, home, umask and keyring."""

import posix

from reference_runtime.effects.targets import make_directory
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.files import encode, read_descriptor
from reference_runtime.kernel.mounts import open_in_root
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage
    from reference_runtime.plan.last_calls import LastCalls

_KEYCTL_JOIN_SESSION_KEYRING = 1
_ENOSYS, _EPERM, _EACCES = 38, 1, 13
_ENOENT, _ENOTDIR = 2, 20
_S_IFMT, _S_IFDIR, _S_IFREG = 0o170000, 0o040000, 0o100000


class WorkingDirectory:
    """cwd is made where the image has no such directory, as container engines expect."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def describe(self) -> str:
        return f"make the working directory {self.path} if it is missing"

    def execute(self, stage: "Stage") -> None:
        try:
            posix.close(make_directory(stage.root, self.path))
        except OSError as error:
            raise RuntimeFault(f"cannot make {self.path}", where="$.process.cwd", why=reason(error)) from error


class FindProgram:
    """Look for the program in the container, so that create already tells what start could not run."""

    __slots__ = ("file", "paths")

    def __init__(self, file: str, paths: "list[str]") -> None:
        self.file = file
        self.paths = paths

    def describe(self) -> str:
        return f"look for the program {self.file}"

    def execute(self, stage: "Stage") -> None:  # noqa: ARG002  # every effect gets the stage
        errors = []
        for path in self.paths:
            if path.startswith("/proc/"):  # what is there depends on who looks
                return
            try:
                status = posix.stat(path)
            except OSError as error:
                errors.append(error.errno or 0)
                continue
            if status.st_mode & _S_IFMT == _S_IFREG and status.st_mode & 0o111:
                return
            errors.append(_EACCES)
        raise RuntimeFault(not_executable(self.file, errors))


def not_executable(file: str, errors: "list[int]") -> str:
    """Return why a program cannot be run, in the words that container engines look for."""
    missing = all(error in {_ENOENT, _ENOTDIR} for error in errors)
    if "/" not in file and missing:
        return f'exec: "{file}": executable file not found in $PATH'
    error = next((each for each in errors if each not in {_ENOENT, _ENOTDIR}), errors[0])
    looking = f"stat {file}: " if missing else ""
    return f'exec: "{file}": {looking}{posix.strerror(error).lower()}'


HOME_ROOM = "HOME=" + "\0" * 1024
"""Stands in the environment until the container's /etc/passwd can be read; no string of a config has a NUL."""
_ROOM = encode(HOME_ROOM)
_LARGEST_PASSWD = 1 << 20


class Home:
    """HOME, where the config does not set it: docker and containerd leave that to the runtime, and programs rely on it."""

    __slots__ = ("calls", "uid")

    def __init__(self, calls: "LastCalls", uid: int) -> None:
        self.calls = calls
        self.uid = uid

    def describe(self) -> str:
        return f"set HOME to the directory of user {self.uid} in the container"

    def execute(self, stage: "Stage") -> None:
        directory = home_directory(_passwd(stage.root), self.uid)
        if len(directory) >= len(_ROOM) - len("HOME="):
            directory = b"/"
        self.calls.image = self.calls.image.replace(_ROOM, (b"HOME=" + directory).ljust(len(_ROOM), b"\0"), 1)


def home_directory(passwd: bytes, uid: int) -> bytes:
    """Return what passwd(5) says of a user, "/" if it doesn't."""
    wanted = b"%d" % uid
    for line in passwd.split(b"\n"):
        fields = line.split(b":")
        if len(fields) > 5 and fields[2] == wanted and b"\0" not in fields[5]:
            return fields[5] or b"/"
    return b"/"


def _passwd(root: int) -> bytes:
    """Return the container's /etc/passwd, nothing if it is none: it may be a link, a pipe or a device, by mistake or malice."""
    try:
        descriptor = open_in_root(root, "/etc/passwd", posix.O_RDONLY | posix.O_NONBLOCK | posix.O_NOCTTY)
    except OSError:
        return b""
    try:
        regular = posix.fstat(descriptor).st_mode & _S_IFMT == _S_IFREG
        return read_descriptor(descriptor, limit=_LARGEST_PASSWD) if regular else b""
    except OSError:
        return b""
    finally:
        posix.close(descriptor)


class Umask:
    """umask(2)."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value

    def describe(self) -> str:
        return f"set the umask to {self.value:04o}"

    def execute(self, stage: "Stage") -> None:  # noqa: ARG002  # every effect gets the stage
        posix.umask(self.value)


class Keyring:
    """A session keyring of the container's own, so that it does not see what the caller's holds."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def describe(self) -> str:
        return f"join a new session keyring {self.name}"

    def execute(self, stage: "Stage") -> None:  # noqa: ARG002  # every effect gets the stage
        try:
            syscall("keyctl", _KEYCTL_JOIN_SESSION_KEYRING, encode(self.name), 0, 0, 0)
        except OSError as error:
            if error.errno not in {_ENOSYS, _EPERM, _EACCES}:  # no keyrings here, or not for us: then there is none to see
                raise RuntimeFault("cannot make a session keyring", why=reason(error)) from error
