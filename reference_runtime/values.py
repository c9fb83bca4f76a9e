"""Take JSON values as what the spec says they are; anything else is refused with its path.

Absent and null are one: Go programs write null for lists and objects that they never filled.
"""

from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any


def whole(value: "Any", where: str, *, least: int, most: int) -> int:
    """Return a whole number within bounds. Raises RuntimeFault."""
    if value.__class__ is not int:
        raise RuntimeFault(f"{_shown(value)} is not a whole number", where=where)
    if not least <= value <= most:
        raise RuntimeFault(f"{value} is not within {least} and {most}", where=where)
    return int(value)


def text(value: "Any", where: str) -> str:
    """Return a string without NUL, which no system call could take. Raises RuntimeFault."""
    if value.__class__ is not str:
        raise RuntimeFault(f"{_shown(value)} is not a string", where=where)
    if "\0" in value:
        raise RuntimeFault("the string contains a NUL", where=where)
    return str(value)


def truth(value: "Any", where: str) -> bool:
    """Return true or false. Raises RuntimeFault."""
    if value.__class__ is not bool:
        raise RuntimeFault(f"{_shown(value)} is neither true nor false", where=where)
    return bool(value)


def members(value: "Any", where: str) -> "dict[str, Any]":
    """Return an object without the members that are null; an empty one for null. Raises RuntimeFault."""
    if value is None:
        return {}
    if value.__class__ is not dict:
        raise RuntimeFault(f"{_shown(value)} is not an object", where=where)
    return {name: member for name, member in value.items() if member is not None}


def items(value: "Any", where: str) -> "list[Any]":
    """Return an array; an empty one for null. Raises RuntimeFault."""
    if value is None:
        return []
    if value.__class__ is not list:
        raise RuntimeFault(f"{_shown(value)} is not an array", where=where)
    return list(value)


def strings(value: "Any", where: str) -> "list[str]":
    """Return an array of strings. Raises RuntimeFault."""
    return [text(item, f"{where}[{index}]") for index, item in enumerate(items(value, where))]


def choice(value: "Any", where: str, choices: "Collection[str]") -> str:
    """Return one of the names that the spec lists. Raises RuntimeFault."""
    if text(value, where) not in choices:
        raise RuntimeFault(f"{value!r} is none of {', '.join(choices)}", where=where)
    return str(value)


def required(parent: "dict[str, Any]", name: str, where: str) -> "Any":
    """Return a member that has to be there. Raises RuntimeFault."""
    value = parent.get(name)
    if value is None:
        raise RuntimeFault(f"{name} is required", where=where)
    return value


def _shown(value: "Any") -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."
