"""Plans process.capabilities: five sets as bit masks, and warnings for what cannot be granted (config.md, "Linux Process")."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # fmt: skip
"""capabilities(7), in the order of linux/capability.h: the index is the bit."""

_MOST_WARNINGS = 64
"""Whoever names more capabilities than Linux could have is told about some."""


class Capabilities:
    """Five masks that capset(2) and prctl(2) accept as they are."""

    __slots__ = ("ambient", "bounding", "effective", "inheritable", "permitted")

    def __init__(self) -> None:
        self.bounding = self.effective = self.permitted = self.inheritable = self.ambient = 0


def plan_capabilities(sets: "dict[str, Any]", *, available: int) -> "tuple[Capabilities, list[str]]":
    """Return the masks and the warnings. `available` is the runtime's own bounding set, or all where a user namespace gives all.

    What a set may hold follows from the kernel's rules: effective within permitted, ambient within permitted and
    inheritable, inheritable within bounding.
    """
    warnings: list[str] = []
    granted = Capabilities()
    for name in ("bounding", "permitted", "effective", "inheritable", "ambient"):
        wanted = _mask(sets.get(name) or (), warnings)
        allowed = {
            "effective": granted.permitted,
            "inheritable": granted.bounding,
            "ambient": granted.permitted & granted.inheritable,
        }.get(name, available)
        lost = wanted & ~allowed
        if lost:
            warnings.append(f"process.capabilities.{name}: cannot be granted: {', '.join(_names(lost))}")
        setattr(granted, name, wanted & allowed)
    return granted, warnings


def _mask(names: "Any", warnings: "list[str]") -> int:
    mask = 0
    unknown: dict[str, None] = {}
    for name in names:
        short = name.upper().removeprefix("CAP_")
        if short in NAMES:
            mask |= 1 << NAMES.index(short)
        else:
            unknown[name] = None
    for name in list(unknown)[:_MOST_WARNINGS]:
        warning = f"process.capabilities: {name!r} is no capability of Linux"
        if warning not in warnings:
            warnings.append(warning)
    return mask


def _names(mask: int) -> "list[str]":
    return [f"CAP_{name}" for bit, name in enumerate(NAMES) if mask >> bit & 1]
