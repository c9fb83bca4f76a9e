"""Reads a JSON document that may be hostile: what is wrong comes back as breaches, in bounded time and memory.

RFC 8259 is the measure. Python's own parser takes more than JSON (NaN, equal names) and dies of some texts (deep nesting,
integers of many digits): each case is caught here and named.
"""

import json
import math
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from specs.validation.finding import Breach, Path, shown

_BOM = b"\xef\xbb\xbf"
_LONGEST_NUMBER = 400
"""Digits of a number that are read as such; a longer one is beyond every bound there is and stands as `_BEYOND`."""
_BEYOND: int = 10**_LONGEST_NUMBER
_MOST = 100
"""Breaches of one kind that are listed."""

_Link = tuple[Any, str | int] | None
"""A path as a chain from its end to the root: made for every value, so it has to be cheap."""


_Repeated = list[tuple[dict[str, Any], list[str]]]
"""Objects with the names that they have twice. Held on to, so that the id of each stays its own."""


class UnreadableError(OSError):
    """A document that cannot be opened or is no regular file: nothing was read, so nothing can be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRules:
    """What is demanded of a JSON text beyond being one."""

    utf8: str
    """Requirement that it is encoded in UTF-8; empty if there is none."""
    duplicate_names: str
    """Requirement that no object has a name twice; empty if there is none."""
    case_variants: str = ""
    """Requirement that no object has names that differ in case alone; empty: they are not looked for."""
    largest: int = 4 << 20
    """Bytes that are read; more are not judged."""
    deepest: int = 128
    """Levels of arrays and objects; more are not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document as far as it could be read."""

    value: Any
    """The value, with the last of several equal names; None if not usable."""
    breaches: tuple[Breach, ...]
    usable: bool
    """Whether there is a value to judge."""


class _Constant(float):
    """What stands for NaN or Infinity until its place is found."""


def read(path: str, rules: JsonRules) -> Reading:
    """Read a file; raises UnreadableError if it cannot be opened or is no regular file."""
    data = read_bytes(path, rules.largest + 1)
    if len(data) > rules.largest:
        return _unusable(Breach((), "", f"not judged: larger than {rules.largest} bytes", unjudged=True))
    return parse(data, rules)


def read_bytes(path: str, most: int) -> bytes:
    """Read at most `most` bytes of a regular file; raises UnreadableError. A FIFO or a device does not block."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UnreadableError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableError(f"{path}: not a regular file")
    with open(descriptor, "rb") as file:
        return file.read(most)


def parse(data: bytes, rules: JsonRules) -> Reading:
    """Read a JSON text."""
    marked = data.startswith(_BOM)
    found = [Breach((), "", "begins with a byte order mark, which a JSON text does not have")] if marked else []
    try:
        text = data[len(_BOM) if marked else 0 :].decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + (len(_BOM) if marked else 0)
        return _unusable(Breach((), rules.utf8, f"not UTF-8: byte 0x{data[offset]:02x} at offset {offset}", invalid=True))
    repeated: _Repeated = []
    constants: list[_Constant] = []
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, repeated),
            parse_constant=lambda name: constants.append(_Constant(name)) or constants[-1],  # type: ignore[func-returns-value]  # append returns None
            parse_int=_integer,
            parse_float=_fraction,
        )
    except json.JSONDecodeError as error:
        return _unusable(*found, _not_json(f"{error.msg} (line {error.lineno}, column {error.colno})"))
    except RecursionError:
        return _unusable(*found, _too_deep(rules))
    looked = _looked_through(value, found, repeated, rules, escapes="\\u" in text)
    if constants and looked.usable:  # below a name whose last value is another one
        return _unusable(*looked.breaches, _not_json(f"{float(constants[0])!r} is no JSON number"))
    return looked


def _looked_through(value: Any, found: list[Breach], repeated: _Repeated, rules: JsonRules, *, escapes: bool) -> Reading:
    """Walk the value once for what the parser cannot place. Without `escapes` no string can have half of a surrogate pair."""
    names = {id(each): doubles for each, doubles in repeated}
    all_names = escapes or bool(rules.case_variants)
    usable = True
    for link, depth, each in _walk(value, rules.deepest + 1):
        if depth > rules.deepest:
            return _unusable(*found, _too_deep(rules))
        if isinstance(each, dict) and (all_names or id(each) in names):
            found.extend(_names(_path(link), each, names.get(id(each), []), rules) if len(found) < _MOST else ())
        elif escapes and isinstance(each, str) and not _encodable(each):
            found.extend([_surrogate(_path(link))] if len(found) < _MOST else ())
        elif isinstance(each, _Constant):
            found.append(_not_json(f"{float(each)!r} is no JSON number", _path(link)))
            usable = False
            break
    return Reading(value=value if usable else None, breaches=tuple(found), usable=usable)


def _walk(value: Any, deepest: int) -> Iterator[tuple[_Link, int, Any]]:
    """Yield every value with its link and depth, without recursion and no deeper than asked."""
    waiting: list[tuple[_Link, int, Any]] = [(None, 0, value)]
    while waiting:
        link, depth, each = waiting.pop()
        nested = isinstance(each, list | dict)
        yield link, depth + nested, each
        if not nested or depth + 1 > deepest:
            continue
        members = enumerate(each) if isinstance(each, list) else each.items()
        waiting.extend(((link, key), depth + 1, member) for key, member in members)


def _path(link: _Link) -> Path:
    steps: list[str | int] = []
    while link is not None:
        link, step = link
        steps.append(step)
    return tuple(reversed(steps))


def _object(pairs: list[tuple[str, Any]], repeated: _Repeated) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        doubles = [name for name, _ in pairs if name in seen or seen.add(name)]  # type: ignore[func-returns-value]  # add returns None
        repeated.append((made, list(dict.fromkeys(doubles))[:_MOST]))
    return made


def _names(path: Path, value: dict[str, Any], doubles: list[str], rules: JsonRules) -> Iterator[Breach]:
    for name in doubles:
        yield Breach(path, rules.duplicate_names, f"the name {shown(name)} occurs more than once; the last one is judged")
    if rules.case_variants:
        folded: dict[str, str] = {}
        for name in value:
            first = folded.setdefault(name.casefold(), name)
            if first != name:
                yield Breach(path, rules.case_variants, f"the names {shown(first)} and {shown(name)} differ in case alone")
    for name in value:
        if not _encodable(name):
            yield _surrogate((*path, name))


def _integer(digits: str) -> int:
    if len(digits) <= _LONGEST_NUMBER:
        return int(digits)
    return -_BEYOND if digits.startswith("-") else _BEYOND


def _fraction(text: str) -> float | int:
    number = float(text)
    return number if math.isfinite(number) else _BEYOND if number > 0 else -_BEYOND


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _surrogate(path: Path) -> Breach:
    return Breach(path, "", "has half of a surrogate pair, which no UTF-8 text can express; readers differ on it")


def _not_json(problem: str, path: Path = ()) -> Breach:
    return Breach(path, "", f"not JSON: {problem}", invalid=True)


def _too_deep(rules: JsonRules) -> Breach:
    return Breach((), "", f"not judged: nested deeper than {rules.deepest} levels", unjudged=True)


def _unusable(*breaches: Breach) -> Reading:
    return Reading(value=None, breaches=breaches, usable=False)
