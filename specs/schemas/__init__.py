"""Our own JSON Schemas (draft 2020-12), by name.

requirement  one entry of the catalogue, with its file's defaults        result   one line of results.jsonl
waiver       a waiver file                                               adapter  a runtime adapter file
"""

import datetime as dt
import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema.protocols import Validator

NAMES = ("requirement", "result", "waiver", "adapter")


def schema(name: str) -> dict[str, Any]:
    """Return a schema as a fresh document; raises KeyError for an unknown name."""
    if name not in NAMES:
        raise KeyError(f"no schema {name!r}; there are {', '.join(NAMES)}")
    document: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
    return document


@functools.cache
def validator(name: str) -> "Validator":
    """Return a validator that checks formats too; raises KeyError for an unknown name. A TOML date counts as its text."""
    import jsonschema  # noqa: PLC0415  # 77 ms, and most users of specs validate nothing

    base = jsonschema.Draft202012Validator
    checker = base.TYPE_CHECKER.redefine("string", lambda _checker, value: isinstance(value, str) or _is_date(value))
    formats = jsonschema.FormatChecker(formats=())
    formats.checks("date")(lambda value: _is_date(value) or _reads_as_date(value))
    extend: Callable[..., type[Validator]] = jsonschema.validators.extend  # without annotations in types-jsonschema
    return extend(base, type_checker=checker)(schema(name), format_checker=formats)


def _is_date(value: object) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _reads_as_date(value: object) -> bool:
    try:
        return not isinstance(value, str) or bool(dt.date.fromisoformat(value))
    except ValueError:
        return False
