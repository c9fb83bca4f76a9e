"""What the option strings of a mount mean: the table of config.md, "Linux mount options", and mount(8) for their meaning."""

from reference_runtime.kernel import mounts as k

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_FLAGS = {
    "async": (0, k.MS_SYNCHRONOUS),
    "atime": (0, k.MS_NOATIME),
    "defaults": (0, 0),
    "dev": (0, k.MS_NODEV),
    "diratime": (0, k.MS_NODIRATIME),
    "dirsync": (k.MS_DIRSYNC, 0),
    "exec": (0, k.MS_NOEXEC),
    "iversion": (k.MS_I_VERSION, 0),
    "lazytime": (k.MS_LAZYTIME, 0),
    "loud": (0, k.MS_SILENT),
    "mand": (k.MS_MANDLOCK, 0),
    "noatime": (k.MS_NOATIME, 0),
    "nodev": (k.MS_NODEV, 0),
    "nodiratime": (k.MS_NODIRATIME, 0),
    "noexec": (k.MS_NOEXEC, 0),
    "noiversion": (0, k.MS_I_VERSION),
    "nolazytime": (0, k.MS_LAZYTIME),
    "nomand": (0, k.MS_MANDLOCK),
    "norelatime": (0, k.MS_RELATIME),
    "nostrictatime": (0, k.MS_STRICTATIME),
    "nosuid": (k.MS_NOSUID, 0),
    "nosymfollow": (k.MS_NOSYMFOLLOW, 0),
    "relatime": (k.MS_RELATIME, k.MS_STRICTATIME | k.MS_NOATIME),
    "ro": (k.MS_RDONLY, 0),
    "rw": (0, k.MS_RDONLY),
    "silent": (k.MS_SILENT, 0),
    "strictatime": (k.MS_STRICTATIME, k.MS_RELATIME | k.MS_NOATIME),
    "suid": (0, k.MS_NOSUID),
    "symfollow": (0, k.MS_NOSYMFOLLOW),
    "sync": (k.MS_SYNCHRONOUS, 0),
}
"""Name to (flags set, flags cleared) of mount(2)."""

_PROPAGATION = {
    "private": k.MS_PRIVATE,
    "shared": k.MS_SHARED,
    "slave": k.MS_SLAVE,
    "unbindable": k.MS_UNBINDABLE,
}

_ATTRIBUTES = {
    "ro": (k.MOUNT_ATTR_RDONLY, 0),
    "rw": (0, k.MOUNT_ATTR_RDONLY),
    "nosuid": (k.MOUNT_ATTR_NOSUID, 0),
    "suid": (0, k.MOUNT_ATTR_NOSUID),
    "nodev": (k.MOUNT_ATTR_NODEV, 0),
    "dev": (0, k.MOUNT_ATTR_NODEV),
    "noexec": (k.MOUNT_ATTR_NOEXEC, 0),
    "exec": (0, k.MOUNT_ATTR_NOEXEC),
    "nodiratime": (k.MOUNT_ATTR_NODIRATIME, 0),
    "diratime": (0, k.MOUNT_ATTR_NODIRATIME),
    "nosymfollow": (k.MOUNT_ATTR_NOSYMFOLLOW, 0),
    "symfollow": (0, k.MOUNT_ATTR_NOSYMFOLLOW),
    "atime": (k.MOUNT_ATTR_RELATIME, k.MOUNT_ATTR__ATIME),
    "noatime": (k.MOUNT_ATTR_NOATIME, k.MOUNT_ATTR__ATIME),
    "relatime": (k.MOUNT_ATTR_RELATIME, k.MOUNT_ATTR__ATIME),
    "norelatime": (k.MOUNT_ATTR_RELATIME, k.MOUNT_ATTR__ATIME),
    "strictatime": (k.MOUNT_ATTR_STRICTATIME, k.MOUNT_ATTR__ATIME),
    "nostrictatime": (k.MOUNT_ATTR_RELATIME, k.MOUNT_ATTR__ATIME),
}
"""Name to (set, cleared) of mount_setattr(2). Access times are one field: whoever sets it clears all of it first.

relatime is what the kernel does unless told otherwise, so that is what "not strict" and "not relative" come to.
"""


class Attributes:
    """Attributes of a mount that a list of options asks for; later ones win."""

    __slots__ = ("clear", "set")

    def __init__(self) -> None:
        self.set = 0
        self.clear = 0

    def add(self, name: str) -> None:
        """Take one of the names above."""
        sets, clears = _ATTRIBUTES[name]
        self.set = self.set & ~clears | sets
        self.clear = self.clear & ~sets | clears

    def __bool__(self) -> bool:
        return bool(self.set or self.clear)


class Options:
    """A mount's options, sorted by who carries them out."""

    __slots__ = (
        "attributes", "bind", "copy_up", "data", "flags", "id_map", "propagation", "recursive", "recursive_attributes", "remount",
    )  # fmt: skip

    def __init__(self) -> None:
        self.flags = 0
        """Of mount(2), for a new file system."""
        self.attributes = Attributes()
        """Of mount_setattr(2), for a bind mount."""
        self.recursive_attributes = Attributes()
        self.propagation: list[tuple[int, bool]] = []
        """Flags, and whether the mounts below get them too; in the order of the options."""
        self.bind = False
        self.recursive = False
        self.remount = False
        self.copy_up = False
        self.id_map = ""
        """ "", "idmap" or "ridmap"."""
        self.data: list[str] = []
        """What only the file system knows."""


def parse_options(strings: "Sequence[str]") -> Options:
    """Sort the options of one entry of `mounts`."""
    options = Options()
    for name in strings:
        _add(options, name)
    return options


def _add(options: Options, name: str) -> None:
    base, is_recursive = (name[1:], True) if name[:1] == "r" and name not in _FLAGS else (name, False)
    if name in _FLAGS:
        sets, clears = _FLAGS[name]
        options.flags = options.flags & ~clears | sets
        if name in _ATTRIBUTES:
            options.attributes.add(name)
    elif base in _PROPAGATION:
        options.propagation.append((_PROPAGATION[base], is_recursive))
    elif is_recursive and base in _ATTRIBUTES:
        options.recursive_attributes.add(base)
    elif base in {"bind", "idmap"}:
        options.bind |= base == "bind"
        options.recursive |= name == "rbind"
        options.id_map = name if base == "idmap" else options.id_map
    elif name in {"remount", "tmpcopyup"}:
        setattr(options, "copy_up" if name == "tmpcopyup" else name, True)
    elif name:
        options.data.append(name)


def recognised() -> "list[str]":
    """Return all names but those that only a file system knows."""
    recursive = (f"r{name}" for name in (*_PROPAGATION, *_ATTRIBUTES))
    return sorted({*_FLAGS, *_PROPAGATION, *recursive, "bind", "rbind", "remount", "tmpcopyup", "idmap", "ridmap"})
