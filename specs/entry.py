"""What one entry of the catalogue may hold: the words it can use, and what is wrong with one that uses others.

The loader asks this instead of `schemas/requirement.json`, whose library alone takes 80 ms to import; the tests hold both against
each other.
"""

import functools
import re
from collections.abc import Callable, Container, Mapping
from types import MappingProxyType
from typing import Any

from specs.verdicts import Level
from specs.version import covers

KEYWORD_LEVELS: Mapping[str, Level] = MappingProxyType(
    {
        **dict.fromkeys(("MUST", "MUST NOT", "REQUIRED", "SHALL", "SHALL NOT"), Level.MUST),
        **dict.fromkeys(("SHOULD", "SHOULD NOT", "RECOMMENDED", "NOT RECOMMENDED"), Level.SHOULD),
        **dict.fromkeys(("MAY", "MAY NOT", "OPTIONAL"), Level.MAY),
    }
)
"""The level that a keyword gives. MAY NOT is no RFC 2119 word: it is counted as a permission."""

SUBJECTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "runtime": ("runtime", "config", "features", "caller", "bundle", "hook"),
        "image": ("document", "producer", "unpacker", "converter", "registry"),
    }
)
"""Whom or what the statements of a spec bind: programs (runtime, unpacker...), people (caller) and what they write."""

DECIDED: Mapping[str, str] = MappingProxyType(
    {
        "host": "from the host side, by observing real containers",
        "schema": "by checking the document alone: our JSON Schema expresses it",
        "rule": "by checking the document alone: a rule in code",
        "none": "not at all",
    }
)
"""What can show whether a statement is kept, and how that reads."""

UNRELEASED = "unreleased"
"""`since` of what stands only in the text that will be the next release."""

_PLATFORMS = {"all", "linux", "freebsd", "solaris", "windows", "vm", "zos"}
_LEVELS = {level.value for level in Level}
_ID = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+", re.ASCII)
_ANCHOR = re.compile(r"[a-z0-9-]+\.md#-?[a-z0-9]+(?:-+[a-z0-9]+)*", re.ASCII)
_BASIS = re.compile(
    rf"(?:keyword (?:{'|'.join(KEYWORD_LEVELS)})|umbrella {_ID.pattern}"
    rf"|definition|author(?: (?:{'|'.join(KEYWORD_LEVELS)}))?)",
    re.ASCII,
)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_release(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d+\.\d+\.\d+", value, re.ASCII) is not None


def _are_platforms(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) and each in _PLATFORMS for each in value)


def _one_of(choices: Container[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in choices


def _like(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


_REQUIRED: dict[str, tuple[Callable[[object], bool], str]] = {
    "id": (_like(_ID), "no id like linux.maskedpaths.effect"),
    "level": (_one_of(_LEVELS), "no level"),
    "basis": (_like(_BASIS), "no basis: keyword WORD, umbrella ID, definition or author"),
    "platforms": (_are_platforms, "no list of platforms"),
    "subject": (_is_text, "no subject"),
    "since": (lambda value: value == UNRELEASED or _is_release(value), "neither a release like 1.0.2 nor unreleased"),
    "anchor": (_like(_ANCHOR), "no anchor like config-linux.md#masked-paths"),
    "text": (_is_text, "no text"),
    "decided": (_one_of(DECIDED), f"none of {', '.join(DECIDED)}"),
}
_OPTIONAL: dict[str, tuple[Callable[[object], bool], str]] = {
    "reason": (_is_text, "no text"),
    "until": (_is_release, "no release like 1.0.2"),
    "umbrella": (lambda value: value is True, "only true can be said"),
    "ambiguous": (_is_text, "no text"),
    "disputed": (lambda value: isinstance(value, str) and value.startswith("https://"), "no https address"),
    "note": (_is_text, "no text"),
}
_KEYS = {**_REQUIRED, **_OPTIONAL}


def values_problem(entry: Mapping[str, Any]) -> str:
    """Say which key or value is wrong, or ""."""
    for key, value in entry.items():
        if key not in _KEYS:
            return f"unknown key `{key}`"
        holds, complaint = _KEYS[key]
        if not holds(value):
            return f"`{key}`: {complaint}: {value!r}"
    return ""


def whole_problem(entry: Mapping[str, Any], *, subjects: tuple[str, ...]) -> str:
    """Say what is wrong with an entry whose values are fine one by one, or ""."""
    if missing := [key for key in _REQUIRED if key not in entry]:
        return f"`{missing[0]}` is missing"
    if entry["subject"] not in subjects:
        return f"`subject`: none of {', '.join(subjects)}: {entry['subject']!r}"
    if (entry["decided"] == "none") != ("reason" in entry):
        return "`reason` belongs to decided = 'none', and is needed there"
    if "until" in entry and (entry["since"] == UNRELEASED or covers(entry["since"], entry["until"])):
        return f"until {entry['until']} is no release after since {entry['since']}"
    return _basis_problem(entry["basis"], entry["level"])


@functools.cache
def _basis_problem(basis: str, level: str) -> str:
    word, _, keyword = basis.partition(" ")
    if word == "keyword" and KEYWORD_LEVELS[keyword].value != level:
        return f"level {level} does not go with the keyword {keyword}"
    if word in {"definition", "author"} and level != Level.NONE.value:
        return f"level {level} does not go with the basis {basis!r}, which judges nobody"
    return ""
