"""Read and change config.json documents by JSON pointer (RFC 6901), without mutating the original."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Config = Mapping[str, Any]
"""A config.json document, parsed."""


def lookup(config: Config, pointer: str, default: Any = None) -> Any:
    """Return the value at `pointer` ("/linux/namespaces/0/type"), or `default` where any step is missing."""
    value: Any = config
    for step in _steps(pointer):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, Sequence) and not isinstance(value, str) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return default
    return value


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a config: set the value at `pointer` ("/mounts/-" appends), or remove it."""

    pointer: str
    value: Any = None
    remove: bool = False

    def apply(self, config: Config) -> dict[str, Any]:
        """Return a copy of `config` with this change; missing objects on the way are made.

        Raises KeyError or IndexError where the pointer leads through something that cannot hold it.
        """
        result: dict[str, Any] = copy.deepcopy(dict(config))
        *parents, last = _steps(self.pointer)
        node: Any = result
        for step in parents:
            node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
        if self.remove:
            del node[int(last) if isinstance(node, list) else last]
        elif isinstance(node, list):
            node.insert(len(node) if last == "-" else int(last), copy.deepcopy(self.value))
        elif last == "-":
            raise KeyError(self.pointer)
        else:
            node[last] = copy.deepcopy(self.value)
        return result


def put(pointer: str, value: Any) -> Edit:
    """Set the value at `pointer`; in a list, insert before that index, or append with "-"."""
    return Edit(pointer, value)


def drop(pointer: str) -> Edit:
    """Remove the value at `pointer`."""
    return Edit(pointer, remove=True)


def edited(config: Config, edits: Sequence[Edit]) -> dict[str, Any]:
    """Apply `edits` in order to a copy of `config`."""
    result = copy.deepcopy(dict(config))
    for edit in edits:
        result = edit.apply(result)
    return result


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
