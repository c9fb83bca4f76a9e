"""The words in which the checks say what a value must be.

A shape is a function of (value, where) that raises RuntimeFault if the value is something else. `where` is its JSON path.
"""

from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Shape = Callable[[Any, str], None]


def text(value: "Any", where: str) -> None:
    """Take a string; NUL would end it early on its way to the kernel."""
    if value.__class__ is not str:
        raise RuntimeFault("must be a string", where=where)
    if "\0" in value:
        raise RuntimeFault("must not contain NUL", where=where)


def name(value: "Any", where: str) -> None:
    """Take a string that is not empty."""
    text(value, where)
    if not value:
        raise RuntimeFault("must not be empty", where=where)


def absolute(value: "Any", where: str) -> None:
    """Take an absolute path."""
    text(value, where)
    if value[:1] != "/":
        raise RuntimeFault(f"must be an absolute path, not {value!r}", where=where)


def flag(value: "Any", where: str) -> None:
    """Take a boolean."""
    if value.__class__ is not bool:
        raise RuntimeFault("must be true or false", where=where)


def anything(value: "Any", where: str) -> None:
    """Take any value: somebody else looks at it."""


def integer(low: int, high: int) -> "Shape":
    """Return the shape of a whole number from `low` to `high`."""

    def check(value: "Any", where: str) -> None:
        if value.__class__ is not int:
            raise RuntimeFault("must be a whole number", where=where)
        if not low <= value <= high:
            raise RuntimeFault(f"must be a number from {low} to {high}, not {value}", where=where)

    return check


int64 = integer(-(1 << 63), (1 << 63) - 1)
uint16 = integer(0, (1 << 16) - 1)
uint32 = integer(0, (1 << 32) - 1)
uint64 = integer(0, (1 << 64) - 1)
identity = integer(0, (1 << 32) - 2)
"""A user or group id; the largest 32-bit number means "no change" to the kernel."""


def choice(*values: str) -> "Shape":
    """Return the shape of one of some words."""

    def check(value: "Any", where: str) -> None:
        text(value, where)
        if value not in values:
            raise RuntimeFault(f"must be one of {', '.join(filter(None, values))}, not {value!r}", where=where)

    return check


def array(item: "Shape", *, least: int = 0) -> "Shape":
    """Return the shape of an array."""

    def check(value: "Any", where: str) -> None:
        if value.__class__ is not list:
            raise RuntimeFault("must be an array", where=where)
        if len(value) < least:
            raise RuntimeFault(f"must have at least {least} entries", where=where)
        for index, each in enumerate(value):
            item(each, f"{where}[{index}]")

    return check


def mapping(item: "Shape") -> "Shape":
    """Return the shape of an object whose names are free, but not empty."""

    def check(value: "Any", where: str) -> None:
        if value.__class__ is not dict:
            raise RuntimeFault("must be an object", where=where)
        for key, member in value.items():
            name(key, f"{where}.{key}")
            item(member, f"{where}.{key}")

    return check


def record(fields: "dict[str, Shape]", *, required: "tuple[str, ...]" = ()) -> "Shape":
    """Return the shape of an object with these members; unknown ones are ignored, as config.md#extensibility wants it.

    null is absent: Go programs write it for lists and objects that they never filled.
    """

    def check(value: "Any", where: str) -> None:
        if value.__class__ is not dict:
            raise RuntimeFault("must be an object", where=where)
        for key in required:
            if value.get(key) is None:
                raise RuntimeFault("is required", where=f"{where}.{key}")
        for key, member in value.items():
            shape = fields.get(key)
            if shape is not None and member is not None:
                shape(member, f"{where}.{key}")

    return check
