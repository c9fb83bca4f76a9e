"""Writes JSON without the json package."""

from reference_runtime.extension import extension

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_json = extension("_json")
_encoder: "Any" = getattr(_json, "make_encoder", None)
"""The C half of json's encoder, which writes on one line alone."""


def dumps(value: "Any", *, indent: str = "") -> str:
    """Return a value of dicts, lists, strings, numbers, booleans and None as JSON; `indent` makes it one member a line."""
    if not indent and _encoder is not None:
        options = (False, False, False)  # sort_keys, skipkeys, allow_nan
        return "".join(_encoder(None, None, _json.encode_basestring_ascii, None, ":", ",", *options)(value, 0))
    return _Writer(_json.encode_basestring_ascii, indent).write(value, "\n" if indent else "")


class _Writer:
    __slots__ = ("_indent", "_quote")

    def __init__(self, quote: "Any", indent: str) -> None:
        self._quote = quote
        self._indent = indent

    def write(self, value: "Any", newline: str) -> str:
        if isinstance(value, str):
            text: str = self._quote(value)
            return text
        if value is None or isinstance(value, bool):
            return {None: "null", True: "true", False: "false"}[value]
        if isinstance(value, int | float):
            return repr(value)
        inner = newline + self._indent
        if isinstance(value, dict):
            colon = ": " if self._indent else ":"
            members = [f"{self._quote(name)}{colon}{self.write(member, inner)}" for name, member in value.items()]
            return self._enclosed("{", members, "}", newline)
        return self._enclosed("[", [self.write(item, inner) for item in value], "]", newline)

    def _enclosed(self, opening: str, members: "list[str]", closing: str, newline: str) -> str:
        if not members:
            return opening + closing
        inner = newline + self._indent
        return f"{opening}{inner}{f',{inner}'.join(members)}{newline}{closing}"
