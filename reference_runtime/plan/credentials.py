"""Plans how a process becomes the user that it is to be: limits, ids, capabilities, and what it gives up before that."""

from reference_runtime.config.check_process import RLIMITS
from reference_runtime.kernel import processes as k
from reference_runtime.plan.capabilities import NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from reference_runtime.plan.capabilities import Capabilities
    from reference_runtime.plan.program import Calls

_LOW = (1 << 32) - 1
_CAPABILITY_VERSION_3 = 0x20080522
_ON_THE_WAY = tuple(map(NAMES.index, ("SETGID", "SETUID", "SETPCAP", "SYS_RESOURCE")))
"""What it takes to change credentials and limits."""
_CAP_SYS_ADMIN = NAMES.index("SYS_ADMIN")
"""What it takes to install a filter without no_new_privs."""


class Privileges:
    """What the process may become, and what it holds until then."""

    __slots__ = ("capabilities", "held", "last", "set_groups")

    def __init__(self, *, capabilities: "Capabilities", held: int, last: int, set_groups: bool) -> None:
        self.capabilities = capabilities
        self.held = held
        """Mask of what it is permitted before it gives anything up."""
        self.last = last
        """The highest capability that the kernel knows."""
        self.set_groups = set_groups
        """Whether setgroups(2) is allowed: not in a user namespace that an ordinary user has made."""


class Credentials:
    """The calls that change them."""

    __slots__ = ("_calls", "_held", "_keep", "_privileges")

    def __init__(self, calls: "Calls", privileges: Privileges, *, keep: bool) -> None:
        self._calls = calls
        self._privileges = privileges
        self._keep = keep
        """Whether capabilities stay in force until `capabilities` is called after `become_user`."""
        self._held = 0

    def renounce(self) -> None:
        """Give up what neither the program nor the way there needs, while nobody can see us.

        From its pid namespace on, a process of the container with CAP_SYS_PTRACE may do with us what it likes.
        """
        for bit in range(self._privileges.last + 1):
            if not self._privileges.capabilities.bounding >> bit & 1:
                self._calls.add("prctl", k.PR_CAPBSET_DROP, bit, 0, 0, 0, what=f"drop {_name(bit)} from the bounding set")
        needed = (*_ON_THE_WAY, _CAP_SYS_ADMIN) if self._keep else _ON_THE_WAY
        self._held = self._privileges.held & (self._privileges.capabilities.permitted | sum(1 << bit for bit in needed))
        self._capset(self._held, self._held, 0)

    def become_user(self, process: "dict[str, Any]") -> None:
        """Take on limits and credentials."""
        self._limits(process.get("rlimits") or ())
        self._identity(process["user"])
        if not self._keep:
            self.capabilities()
        if process.get("noNewPrivileges"):
            self._calls.add("prctl", k.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    def _limits(self, rlimits: "Sequence[dict[str, Any]]") -> None:
        for index, limit in enumerate(rlimits):
            value = limit["soft"].to_bytes(8, "little") + limit["hard"].to_bytes(8, "little")
            what, member = f"set {limit['type']}", f"rlimits[{index}]"
            self._calls.add("prlimit64", 0, RLIMITS[limit["type"]], self._calls.data(value), 0, what=what, member=member)

    def _identity(self, user: "dict[str, Any]") -> None:
        """Become the user; capabilities survive that, and where they are kept they stay in force too."""
        self._calls.add("prctl", k.PR_SET_KEEPCAPS, 1, 0, 0, 0)
        groups = user.get("additionalGids") or ()
        if self._privileges.set_groups or groups:
            self._calls.add(
                "setgroups", len(groups), self._calls.data(_words(groups)), what="set groups", member="user.additionalGids"
            )
        self._calls.add("setresgid", *(user["gid"],) * 3, what=f"become group {user['gid']}", member="user.gid")
        self._calls.add("setresuid", *(user["uid"],) * 3, what=f"become user {user['uid']}", member="user.uid")
        self._calls.add("prctl", k.PR_SET_KEEPCAPS, 0, 0, 0, 0)
        if self._keep:
            self._capset(self._held, self._held, 0)

    def capabilities(self) -> None:
        """Give up all capabilities but those of the sets."""
        sets = self._privileges.capabilities
        self._capset(sets.effective, sets.permitted, sets.inheritable)
        self._calls.add("prctl", k.PR_CAP_AMBIENT, k.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, what="clear ambient capabilities")
        for bit in range(self._privileges.last + 1):
            if sets.ambient >> bit & 1:
                what, member = f"raise ambient {_name(bit)}", "capabilities.ambient"
                self._calls.add("prctl", k.PR_CAP_AMBIENT, k.PR_CAP_AMBIENT_RAISE, bit, 0, 0, what=what, member=member)

    def _capset(self, effective: int, permitted: int, inheritable: int) -> None:
        header = self._calls.data(_CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4))
        masks = [mask >> shift & _LOW for shift in (0, 32) for mask in (effective, permitted, inheritable)]
        self._calls.add("capset", header, self._calls.data(_words(masks)), what="set capabilities", member="capabilities")


def _name(bit: int) -> str:
    return f"CAP_{NAMES[bit]}" if bit < len(NAMES) else f"capability {bit}"


def _words(numbers: "Any") -> bytes:
    return b"".join(number.to_bytes(4, "little") for number in numbers)
