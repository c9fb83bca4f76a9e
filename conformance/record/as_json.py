"""Turn records, snapshots and evidence into plain JSON values, for attachments and results files."""

import dataclasses
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any


def as_json(value: Any) -> Any:
    """Return `value` as dicts, lists, strings, numbers, booleans and None, all safe to encode as UTF-8.

    Dataclasses become objects; sets become sorted lists; bytes are decoded, with backslash escapes for what is not UTF-8;
    so are strings that the kernel gave us with undecodable bytes. Enumerations become their value if that is text and
    their name otherwise. Keys become text: a string as it is, a dataclass by its `name`, anything else by str().
    What is none of these becomes its repr. Raises RecursionError on a value that contains itself.
    """
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "backslashreplace")
    return _composite(value)


def _composite(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): as_json(item) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return [as_json(item) for item in _ordered(value)]
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return _clean(repr(value))


def _ordered(values: Iterable[Any]) -> list[Any]:
    items = list(values)
    try:
        return sorted(items)
    except TypeError:  # of several types, or of one without an order
        return sorted(items, key=repr)


def _key(key: Any) -> str:
    if dataclasses.is_dataclass(key) and isinstance(getattr(key, "name", None), str):
        return _clean(key.name)  # type: ignore[union-attr]  # the getattr above has seen it
    plain = as_json(key)
    return plain if isinstance(plain, str) else _clean(str(key))


def _clean(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot hold: os.fsdecode makes them of undecodable bytes, JSON may name any."""
    try:
        text.encode()
    except UnicodeEncodeError:
        pass
    else:
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
