"""The schemas that runtime-spec 1.3.0 ships, kept beside the project: where they find something wrong, place by place."""

import functools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema

from specs.validate import breaches
from specs.validation.finding import Breach, json_path, judged
from specs.verdicts import Level
from tests.specs.validation.documents import edited

DIRECTORY = Path(__file__).parents[4] / "shared/upstream-schemas/runtime-spec-1.3.0"
ODD: tuple[Any, ...] = (
    None,
    True,
    "",
    "x",
    "/x",
    "0-3,7",
    -1,
    0,
    8,
    101,
    511,
    1 << 16,
    1 << 32,
    1 << 63,
    1 << 64,
    -(1 << 63) - 1,
    1.5,
    [],
    [""],
    ["x"],
    [0],
    {},
    {"x": "x"},
    {"": 0},
)
"""Values that are put in the place of others. None is an integer written as a fraction: draft 4 has another view of 1.0."""


def _inlined(node: Any, home: str) -> Any:
    """Return a schema without references: looking them up takes ten times as long as all the rest."""
    if isinstance(node, list):
        return [_inlined(each, home) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        return _target(reference, home)
    return {key: _inlined(value, home) for key, value in node.items()}


def _target(reference: str, home: str) -> Any:
    file, _, pointer = reference.partition("#")
    if pointer and not pointer.startswith("/"):
        return {}  # `#definitions/uint32`, the broken reference of vm.hwConfig.irqs: it says nothing
    target: Any = json.loads((DIRECTORY / (file or home)).read_text(encoding="utf-8"))
    for step in pointer.split("/")[1:]:
        target = target[step]
    return _inlined(target, file or home)


@functools.cache
def _validator(kind: str) -> "jsonschema.protocols.Validator":
    return jsonschema.Draft4Validator(_target(f"{kind}-schema.json", ""))


def theirs(document: Any, kind: str) -> set[str]:
    """Return the places that the upstream schema refuses; a missing property is a place too."""
    return set(_places(_validator(kind).iter_errors(document)))


def _places(errors: Any) -> Iterator[str]:
    for error in errors:
        path = tuple(error.absolute_path)
        if error.validator == "anyOf":
            yield from _places(error.context)
        elif error.validator == "required":
            yield from (_normal((*path, name)) for name in error.validator_value if name not in error.instance)
        else:
            yield _normal(path)


def ours(document: Any, kind: str) -> set[str]:
    """Return the places where ours finds more than a warning."""
    weighed = ((each, judged("", [each])[0].level) for each in breaches(document, kind=kind))
    return {_place(each) for each, level in weighed if level is not Level.SHOULD}


def _place(breach: Breach) -> str:
    words = breach.message.split("`")
    return _normal((*breach.path, words[1]) if breach.message == f"`{words[1 % len(words)]}` is missing" else breach.path)


def _normal(path: tuple[str | int, ...]) -> str:
    """Render a place with `[]` for every index."""
    return json_path(tuple("[]" if isinstance(step, int) else step for step in path)).replace('["[]"]', "[]")


def places(value: Any, place: str = "") -> Iterator[str]:
    """Yield the place of every value in a document, as `edited` takes it."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        below = f"{place}.{str(key).replace('.', '~')}".lstrip(".")
        yield below
        yield from places(member, below)


def _at(document: Any, section: str) -> dict[str, Any]:
    for name in filter(None, section.split(".")):
        document = document.get(name, {})
    return dict(document)


def mutated(document: Any, chance: random.Random) -> Any:
    """Return a smaller copy of a document with one to three changes: a value replaced, removed, or added under a new name."""
    for section in ("", "linux", "linux.resources"):
        inside = [each for each in _at(document, section) if each not in ("ociVersion", "root", "linux", "resources")]
        for name in inside:
            if chance.random() < 0.6:
                document = edited(document, f"{section}.{name}".lstrip("."))
    for _ in range(chance.randint(1, 3)):
        place = chance.choice(list(places(document)) or [""])
        what = chance.random()
        if what < 0.2 and place:
            document = edited(document, place)
        elif what < 0.3:
            document = edited(document, f"{place}-new", chance.choice(ODD)) if place and not place[-1].isdigit() else document
        else:
            document = edited(document, place, chance.choice(ODD))
    return document
