"""Reads the command line as container engines write it: --flag value, --flag=value, -flag value, repeated flags, flags anywhere.

Everything before the operation's name is global.
"""

from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SWITCH, VALUE = "switch", "value"

GLOBAL = {
    "root": VALUE,
    "log": VALUE,
    "log-format": VALUE,
    "debug": SWITCH,
    "systemd-cgroup": SWITCH,
    "cgroup-manager": VALUE,
    "criu": VALUE,
    "rootless": VALUE,
    "plan": SWITCH,
    "version": SWITCH,
    "help": SWITCH,
}
_SHORT = {"a": "all", "b": "bundle", "f": "force", "d": "detach", "p": "process", "t": "tty", "q": "quiet", "r": "resources",
          "e": "env", "u": "user", "c": "cap", "h": "help", "v": "version"}  # fmt: skip
REPEATED = frozenset({"env", "cap", "additional-gids"})
"""Flags of which all values count, not only the last."""


class CommandLine:
    """Flags and what is no flag."""

    __slots__ = ("arguments", "flags")

    def __init__(self) -> None:
        self.flags: dict[str, str] = {}
        """Name to its last value, "true" for a switch; those of REPEATED are joined by NUL."""
        self.arguments: list[str] = []

    def value(self, name: str, default: str = "") -> str:
        """Return a flag's value; an empty one is as good as none."""
        return self.flags.get(name) or default

    def switch(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.flags.get(name) == "true"

    def values(self, name: str) -> "list[str]":
        """Return all values of a flag that may be repeated."""
        return self.flags[name].split("\0") if name in self.flags else []


def parse(words: "Sequence[str]", known: "dict[str, str]", *, first_only: bool = False) -> "tuple[CommandLine, list[str]]":
    """Return the command line, and the words after the first argument if `first_only`. Raises RuntimeFault for unknown flags.

    What follows "--" is no flag. A single "-" is an argument.
    """
    line, rest = CommandLine(), list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            line.arguments += rest
            return line, []
        if word[:1] != "-" or word == "-":
            line.arguments.append(word)
            if first_only:
                return line, rest
            continue
        name, equals, value = word.lstrip("-").partition("=")
        name = _SHORT.get(name, name) if name not in known else name
        if name not in known:
            raise RuntimeFault(f"flag provided but not defined: {word.partition('=')[0]}")
        if known[name] == VALUE and not equals:
            if not rest:
                raise RuntimeFault(f"flag needs an argument: {word}")
            value = rest.pop(0)
        elif known[name] == SWITCH:
            value = "true" if not equals or value.lower() in {"true", "1", "t"} else "false"
        line.flags[name] = f"{line.flags[name]}\0{value}" if name in REPEATED and name in line.flags else value
    return line, []
