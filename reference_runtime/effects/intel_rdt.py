"""Assigning a container to a class of cache and memory bandwidth: the resctrl file system.

Source: config-linux.md#intelrdt; kernel, Documentation/filesystems/resctrl.rst.
"""

import posix

from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.files import exists, read_text, write_file

_WHERE = "$.linux.intelRdt"


class IntelRdt:
    """Puts a process into a class, the container's own or the one of closID, and into a monitoring group if wanted."""

    __slots__ = ("_made", "class_id", "compared", "container_id", "monitored", "schemata")

    def __init__(
        self, container_id: str, *, class_id: str, compared: "list[str]", schemata: "list[str]", monitored: bool
    ) -> None:
        self.container_id = container_id
        self.class_id = class_id
        """As the config has it: "/" is the default class, nothing one of the container's own."""
        self.compared = compared
        """l3CacheSchema and memBwSchema, which a class that exists must have already."""
        self.schemata = schemata
        self.monitored = monitored
        self._made: list[str] = []

    def describe(self) -> str:
        """Return one line for --plan."""
        lines = ", ".join(self.compared + self.schemata) or "as they are"
        return f"join the resctrl class {self.class_id or self.container_id}, schemata {lines}"

    def execute(self, pid: int) -> None:
        """Do it. Raises RuntimeFault; then it has left nothing."""
        root = mount_point(read_text("/proc/self/mountinfo"))
        if root is None:
            raise RuntimeFault("no resctrl file system is mounted", where=_WHERE)
        self.assign(pid, root)

    def undo(self) -> None:
        """Remove what was made, and the class of closID if that was new, too."""
        remove(self._made)

    def lasting(self) -> "list[str]":
        """Return the directories that are the container's own: a class with the config's name for it is for others, too."""
        return [each for each in self._made if not (self.class_id and each.endswith(f"/{self.class_id}"))]

    def assign(self, pid: int, root: str) -> None:
        """Do the same below a given mount point."""
        directory = root if self.class_id == "/" else f"{root}/{self.class_id or self.container_id}"
        try:
            self._enter_class(directory)
            for line in self.compared + self.schemata:
                write_file(f"{directory}/schemata", line + "\n")
            write_file(f"{directory}/tasks", str(pid))
            if self.monitored:
                group = f"{directory}/mon_groups/{self.container_id}"
                _make_directory(group, self._made)
                write_file(f"{group}/tasks", str(pid))
        except OSError as error:
            status = _last_status(root)
            self.undo()
            raise RuntimeFault("cannot be set up", where=_WHERE, why=status or reason(error)) from None
        except BaseException:
            self.undo()
            raise

    def _enter_class(self, directory: str) -> None:
        """Make or check the class. Raises RuntimeFault if what is there is not what the config says."""
        if not self.class_id or (self.compared + self.schemata and not exists(directory)):
            _make_directory(directory, self._made)
        elif not exists(directory):
            raise RuntimeFault(f"there is no class {self.class_id}", where=f"{_WHERE}.closID")
        elif self.compared:
            present = schemas(read_text(f"{directory}/schemata"))
            for line in self.compared:
                for key, value in schemas(line).items():
                    if present.get(key) != value:
                        raise RuntimeFault(f"the class {self.class_id} has another schema than {line}", where=_WHERE)


def _make_directory(path: str, made: "list[str]") -> None:
    posix.mkdir(path, 0o755)
    made.append(path)


def schemas(text: str) -> "dict[tuple[str, str], int | str]":
    """Return (resource, domain) to its value, from lines such as "L3:0=7ff;1=7ff". Bit masks of caches are hexadecimal."""
    found: dict[tuple[str, str], int | str] = {}
    for line in text.splitlines():
        resource, _, domains = line.strip().partition(":")
        for part in domains.split(";"):
            domain, _, value = part.strip().partition("=")
            try:
                found[resource, domain.strip()] = int(value, 16 if resource.startswith("L") else 10)
            except ValueError:
                found[resource, domain.strip()] = value
    return found


def remove(made: "list[str]") -> None:
    """Remove classes and groups; their processes fall back to the class above. What is gone already is no error."""
    for directory in reversed(made):
        try:
            posix.rmdir(directory)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RuntimeFault.of("cannot remove the resctrl group", error, where=_WHERE) from None


def mount_point(mountinfo: str) -> "str | None":
    """Return where resctrl is mounted, None if it isn't."""
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        if rest.startswith("resctrl "):
            return fields.split(" ")[4]
    return None


def _last_status(root: str) -> str:
    """Return what resctrl says about the last command, "" if that is nothing."""
    try:
        status = read_text(f"{root}/info/last_cmd_status").strip()
    except OSError:
        return ""
    return "" if status == "ok" else status
