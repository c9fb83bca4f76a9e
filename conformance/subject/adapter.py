"""How a runtime wants to be called: words and flags per operation, as data in a TOML file.

The files that come along are `adapters/*.toml`; any other runtime gets one from its user (keys in protocol.md).
"""

import functools
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

PLACEHOLDERS = frozenset({"root", "bundle", "pid_file", "id", "signal", "process", "resources"})
"""What templates may hold in braces; `process` and `resources` are paths of JSON files for exec and update."""

OPERATIONS = (
    "create", "start", "state", "kill", "delete", "exec", "pause", "resume", "update", "ps", "features", "version",
)  # fmt: skip
"""Every operation that an adapter can describe."""

_REQUIRED = {
    "create": {"bundle", "id"},
    "start": {"id"},
    "state": {"id"},
    "kill": {"id", "signal"},
    "delete": {"id"},
}
"""The spec's operations, and the placeholders without which they cannot say what is meant."""

_ABOUT_THE_PROGRAM = {"features": ("features",), "version": ("--version",)}
"""Asked of the program itself, so without the global flags; these words unless the adapter has others."""

_KEYS = {"name", "match", "kernel", "global_flags", "terminal_flags", "operations"}
_DEFAULT = "runc-like"
_DIRECTORY = Path(__file__).with_name("adapters")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


class AdapterError(ValueError):
    """An adapter file that cannot be used; the message names the file and the key."""


class NotOffered(LookupError):
    """The adapter has no words for an operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """How one family of runtimes is called."""

    name: str
    match: tuple[str, ...]
    """Base names of the programs it is for."""
    kernel: Literal["host", "own"]
    """own: the workload runs on the runtime's own kernel, the host's /proc does not show it."""
    global_flags: tuple[str, ...]
    operations: Mapping[str, tuple[str, ...]]
    terminal_flags: tuple[str, ...] = ()
    """Before the id of a create with a terminal; empty if there are no words for that."""

    def offers(self, operation: str) -> bool:
        """Whether there are words for this operation."""
        return operation in self.operations

    def argv(self, operation: str, values: Mapping[str, str], *, arguments: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return what follows the program's path: global flags, then the operation's words with `values` filled in.

        `arguments`, if given, replace the container id and all that comes after it: () calls the operation without an id.
        The terminal's flags go before the id if `values` holds a `console_socket`.
        Raises NotOffered if there are no words for it, KeyError if a placeholder has no value.
        """
        if operation not in self.operations:
            raise NotOffered(f"adapter {self.name} has no operation {operation}")
        template = list(self.operations[operation])
        if operation == "create" and "console_socket" in values and "{id}" in template:
            place = template.index("{id}")
            template[place:place] = self.terminal_flags
        if arguments is not None and "{id}" in template:
            template = template[: template.index("{id}")]
        flags = () if operation in _ABOUT_THE_PROGRAM else self.global_flags
        filled = [_PLACEHOLDER.sub(lambda found: values[found[1]], item) if "{" in item else item for item in (*flags, *template)]
        return (*filled, *(arguments or ()))

    def runtime_name(self, path: str) -> str:
        """Return the name under which the program at `path` is known: one that matches, else its base name."""
        names = _base_names(path)
        return next((name for name in names if name in self.match), names[0])


def adapter_for(path: str, *, file: str | None = None) -> Adapter:
    """Return the adapter for the program at `path`: the user's `file`, else by base name, else the runc-like one.

    The name as given counts before the one that symlinks lead to. Raises AdapterError about a file that cannot be used.
    """
    if file is not None:
        return load(file)
    adapters = _packaged()
    for name in _base_names(path):
        for adapter in adapters:
            if name in adapter.match:
                return adapter
    return next(adapter for adapter in adapters if adapter.name == _DEFAULT)


def load(file: str) -> Adapter:
    """Read one adapter file; raises AdapterError, which names the file and the key."""
    try:
        with open(file, "rb") as stream:
            document = tomllib.load(stream)
    except (OSError, ValueError) as error:
        raise AdapterError(f"{file}: {error}") from error
    return _Reader(file, document).adapter()


@functools.cache
def _packaged() -> tuple[Adapter, ...]:
    return tuple(load(str(file)) for file in sorted(_DIRECTORY.glob("*.toml")))


def _base_names(path: str) -> tuple[str, str]:
    return os.path.basename(path), os.path.basename(os.path.realpath(path))


class _Reader:
    """Checks one document key by key."""

    def __init__(self, file: str, document: Mapping[str, Any]) -> None:
        self.file = file
        self.document = document

    def adapter(self) -> Adapter:
        for key in self.document.keys() - _KEYS:
            raise self.error(key, f"unknown key; known are {', '.join(sorted(_KEYS))}")
        name = self.document.get("name")
        if not isinstance(name, str) or not name:
            raise self.error("name", "must be a string that is not empty")
        kernel = self.document.get("kernel", "host")
        if kernel not in {"host", "own"}:
            raise self.error("kernel", 'must be "host" or "own"')
        global_flags = self.words("global_flags", self.document.get("global_flags"), allowed={"root"})
        return Adapter(
            name=name,
            match=self.words("match", self.document.get("match", []), allowed=set()),
            kernel=kernel,
            global_flags=global_flags,
            terminal_flags=self.words("terminal_flags", self.document.get("terminal_flags", []), allowed={"console_socket"}),
            operations=self.operations(),
        )

    def operations(self) -> dict[str, tuple[str, ...]]:
        table = self.document.get("operations")
        if not isinstance(table, dict):
            raise self.error("operations", "must be a table")
        for key in table.keys() - set(OPERATIONS):
            raise self.error(f"operations.{key}", f"unknown operation; known are {', '.join(OPERATIONS)}")
        for key, needed in _REQUIRED.items():
            if key not in table:
                raise self.error(f"operations.{key}", "missing")
            for placeholder in sorted(needed):
                if f"{{{placeholder}}}" not in " ".join(self.words(f"operations.{key}", table[key])):
                    raise self.error(f"operations.{key}", f"must hold {{{placeholder}}}")
        return _ABOUT_THE_PROGRAM | {key: self.words(f"operations.{key}", value) for key, value in table.items()}

    def words(self, key: str, value: Any, *, allowed: set[str] | frozenset[str] = PLACEHOLDERS) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "must be a list of strings")
        for placeholder in _PLACEHOLDER.findall(" ".join(value)):
            if placeholder not in allowed:
                raise self.error(key, f"unknown placeholder {{{placeholder}}}")
        return tuple(value)

    def error(self, key: str, problem: str) -> AdapterError:
        return AdapterError(f"{self.file}: {key}: {problem}")
