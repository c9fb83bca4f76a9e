"""Placeholders in the strings of configs and cases: {bundle}, {id}, {host}, {hooks}, {agent} and {ns:NAME}. Pure."""

import json
import re
from collections.abc import Callable, Mapping

_PLACEHOLDER = re.compile(r"\{(bundle|id|host|hooks|agent|ns:[^{}\"]*)\}")


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders in `text`; other braces stay. Raises ValueError for one that `values` lacks."""
    return _expand(text, values, encode=str)


def expand_json(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders in every string of a JSON text, names of members included.

    No structure of JSON looks like a placeholder, since the names in it are quoted: the text need not be parsed.
    """
    return _expand(text, values, encode=lambda value: json.dumps(value)[1:-1])


def _expand(text: str, values: Mapping[str, str], *, encode: Callable[[str], str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise ValueError(f"nothing to put in place of {found[0]}")
        return encode(values[found[1]])

    return _PLACEHOLDER.sub(value, text)
