"""linux.sysctl, hostname and domainname."""

import posix

from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel import mounts as k
from reference_runtime.kernel.files import encode
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage


class Sysctl:
    """One kernel parameter, written to the file below the real /proc/sys that shows the namespaces of who opens it."""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.value = value

    def describe(self) -> str:
        return f"set {self.name} = {self.value}"

    def execute(self, stage: "Stage") -> None:
        resolve = k.RESOLVE_BENEATH | k.RESOLVE_NO_SYMLINKS | k.RESOLVE_NO_XDEV
        try:
            file = k.openat2(stage.proc, f"sys/{parameter_path(self.name)}", posix.O_WRONLY, resolve=resolve)
            posix.write(file, encode(self.value))
            posix.close(file)
        except OSError as error:
            raise RuntimeFault("cannot be set", where=f"$.linux.sysctl.{self.name}", why=reason(error)) from error


def parameter_path(name: str) -> str:
    """Return the path below /proc/sys: whichever of "." and "/" comes first separates, the other is part of names (sysctl(8))."""
    dot, slash = name.find("."), name.find("/")
    if slash >= 0 and (dot < 0 or slash < dot):
        return name
    return name.replace(".", "\0").replace("/", ".").replace("\0", "/")


class Hostname:
    """sethostname(2) or setdomainname(2)."""

    __slots__ = ("call", "name")

    def __init__(self, call: str, name: str) -> None:
        self.call = call
        self.name = name

    def describe(self) -> str:
        return f"{self.call} {self.name!r}"

    def execute(self, stage: "Stage") -> None:  # noqa: ARG002  # every effect gets the stage
        name = encode(self.name)
        try:
            syscall(self.call, name, len(name))
        except OSError as error:
            raise RuntimeFault(f"{self.call} fails", where=f"$.{self.call[3:]}", why=reason(error)) from error
