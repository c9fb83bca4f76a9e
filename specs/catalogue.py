"""The catalogue: every normative statement of the specs that we know, as data from `requirements/SPEC/*.toml`.

    chapter = 'Masked paths'                       # what reports group by
    [defaults]                                     # any key of an entry that most entries of the file share
    platforms = ['linux']
    [[requirement]]
    id = 'linux.maskedpaths.effect'                # stable for ever
    level = 'MUST'                                 # what decides: MUST, SHOULD, MAY, none
    basis = 'umbrella runtime.create.applies-config'
    platforms = ['linux']                          # or ['all']
    subject = 'runtime'                            # whom it binds: runtime, config, caller, bundle, hook
    since = '1.0.0'                                # first release with the statement in substance
    anchor = 'config-linux.md#masked-paths'
    text = 'The paths cannot be read inside'       # our paraphrase
    decided = 'host'                               # from the host side, by a schema, or none: nothing can show it
    umbrella = true                                # optional: judged through its children, never by itself
    ambiguous = 'this, or that'                    # optional: both readings; recorded, decides nothing
    disputed = 'https://...'                       # optional: clear text that implementers openly contest
    note = '...'                                   # optional: what to mind when judging

`basis` is the statement's own word ("keyword MUST NOT"), the umbrella that binds descriptive text ("umbrella ID"), or, at level
none, "definition", or "author" (with the keyword, if it has one): a duty of whoever writes the document.
`schemas/requirement.json` says the same in JSON Schema; it is checked in the tests, since loading has no time for it.
"""

import functools
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from specs.verdicts import Level
from specs.version import SpecVersion

SPECS: Mapping[str, tuple[str, str]] = MappingProxyType({"runtime": ("runtime-spec", "1.3.0"), "image": ("image-spec", "1.1.1")})
"""Directory below requirements/ to the spec's name and the version whose text the entries follow."""

KEYWORD_LEVELS: Mapping[str, Level] = MappingProxyType(
    {
        **dict.fromkeys(("MUST", "MUST NOT", "REQUIRED", "SHALL", "SHALL NOT"), Level.MUST),
        **dict.fromkeys(("SHOULD", "SHOULD NOT", "RECOMMENDED", "NOT RECOMMENDED"), Level.SHOULD),
        **dict.fromkeys(("MAY", "MAY NOT", "OPTIONAL"), Level.MAY),
    }
)
"""The level that a keyword gives. MAY NOT is no RFC 2119 word: it is counted as a permission."""

_DIRECTORY = Path(__file__).with_name("requirements")
_PLATFORMS = {"all", "linux", "freebsd", "solaris", "windows", "vm", "zos"}
_SUBJECTS = {"runtime", "config", "caller", "bundle", "hook"}
_DECIDED = {"host", "schema", "none"}
_LEVELS = {level.value for level in Level}
_ID = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII)
_ANCHOR = re.compile(r"[a-z0-9-]+\.md#-?[a-z0-9]+(?:-+[a-z0-9]+)*", re.ASCII)
_BASIS = re.compile(
    rf"(?:keyword (?:{'|'.join(KEYWORD_LEVELS)})|umbrella {_ID.pattern}"
    rf"|definition|author(?: (?:{'|'.join(KEYWORD_LEVELS)}))?)",
    re.ASCII,
)


class CatalogueError(ValueError):
    """A requirement that cannot be used: `file`, `id` (or the entry's number if it has none) and `problem`."""

    def __init__(self, *, file: str, id: str, problem: str) -> None:  # noqa: A002  # the entry's own word for it
        super().__init__(f"{file}: {id}: {problem}")
        self.file = file
        self.id = id
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One normative statement."""

    id: str
    level: Level
    basis: str
    platforms: tuple[str, ...]
    subject: str
    since: SpecVersion
    anchor: str
    text: str
    """Our paraphrase of it, in plain words."""
    decided: Literal["host", "schema", "none"]
    spec: str
    """runtime-spec or image-spec."""
    spec_version: str
    """The version whose text the entry follows; the anchor is in it."""
    chapter: str
    umbrella: bool = False
    ambiguous: str = ""
    """Both readings of a text that can be read in two ways, else empty."""
    disputed: str = ""
    """Where implementers contest it, else empty."""
    note: str = ""

    @property
    def url(self) -> str:
        """The statement's place in the spec's own text."""
        return f"https://github.com/opencontainers/{self.spec}/blob/v{self.spec_version}/{self.anchor}"

    @property
    def parent(self) -> str | None:
        """Id of the umbrella that binds it, if one does."""
        return self.basis.removeprefix("umbrella ") if self.basis.startswith("umbrella ") else None


class Catalogue(Mapping[str, Requirement]):
    """Requirements by id, in the order of the files."""

    def __init__(self, requirements: Mapping[str, Requirement]) -> None:
        self._requirements = requirements

    def __getitem__(self, key: str) -> Requirement:
        return self._requirements[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._requirements)

    def __len__(self) -> int:
        return len(self._requirements)

    def matching(self, globs: Iterable[str]) -> tuple[Requirement, ...]:
        """Return those whose id matches at least one glob such as `linux.maskedpaths.*`, in the catalogue's order."""
        patterns = tuple(globs)
        return tuple(each for each in self.values() if any(fnmatchcase(each.id, pattern) for pattern in patterns))

    def children(self, umbrella: str) -> tuple[Requirement, ...]:
        """Return those that this requirement binds; raises KeyError for an unknown id."""
        return tuple(each for each in self.values() if each.parent == self[umbrella].id)


@functools.cache
def load() -> Catalogue:
    """Return the project's own catalogue; raises CatalogueError for an entry that cannot be used."""
    return read(_DIRECTORY)


def read(directory: Path) -> Catalogue:
    """Read `directory`/SPEC/*.toml; raises CatalogueError naming file and id."""
    found: dict[str, Requirement] = {}
    files: dict[str, str] = {}
    for key, (spec, version) in SPECS.items():
        for path in sorted((directory / key).glob("*.toml")):
            for requirement in _file(path, spec=spec, version=version):
                if requirement.id in found:
                    problem = f"defined before, in {files[requirement.id]}"
                    raise CatalogueError(file=path.name, id=requirement.id, problem=problem)
                found[requirement.id] = requirement
                files[requirement.id] = path.name
    _check_umbrellas(found, files)
    return Catalogue(found)


def _file(path: Path, *, spec: str, version: str) -> Iterator[Requirement]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CatalogueError(file=path.name, id="the whole file", problem=f"not TOML: {error}") from error
    chapter, defaults, entries = (document.pop(key, None) for key in ("chapter", "defaults", "requirement"))
    if document or not isinstance(chapter, str) or not isinstance(entries, list) or not isinstance(defaults, dict | None):
        problem = "must hold `chapter`, maybe [defaults], [[requirement]] entries, and nothing else"
        raise CatalogueError(file=path.name, id="the whole file", problem=problem)
    if problem := _values_problem(defaults or {}):
        raise CatalogueError(file=path.name, id="[defaults]", problem=problem)
    for number, entry in enumerate(entries, 1):
        merged = {**(defaults or {}), **entry}
        if problem := _values_problem(entry) or _whole_problem(merged):
            raise CatalogueError(file=path.name, id=str(merged.get("id", f"entry {number}")), problem=problem)
        yield _requirement(merged, spec=spec, version=version, chapter=chapter)


def _requirement(entry: dict[str, Any], *, spec: str, version: str, chapter: str) -> Requirement:
    entry["level"] = Level(entry["level"])
    entry["platforms"] = tuple(entry["platforms"])
    entry["since"] = SpecVersion.parse(entry["since"])
    return Requirement(**entry, spec=spec, spec_version=version, chapter=chapter)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_release(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d+\.\d+\.\d+", value, re.ASCII) is not None


def _are_platforms(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) and each in _PLATFORMS for each in value)


def _one_of(choices: set[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in choices


def _like(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


_REQUIRED: dict[str, tuple[Callable[[object], bool], str]] = {
    "id": (_like(_ID), "no id like linux.maskedpaths.effect"),
    "level": (_one_of(_LEVELS), "no level"),
    "basis": (_like(_BASIS), "no basis: keyword WORD, umbrella ID, definition or author"),
    "platforms": (_are_platforms, "no list of platforms"),
    "subject": (_one_of(_SUBJECTS), "no subject"),
    "since": (_is_release, "no release like 1.0.2"),
    "anchor": (_like(_ANCHOR), "no anchor like config-linux.md#masked-paths"),
    "text": (_is_text, "no text"),
    "decided": (_one_of(_DECIDED), "none of host, schema, none"),
}
_OPTIONAL: dict[str, tuple[Callable[[object], bool], str]] = {
    "umbrella": (lambda value: value is True, "only true can be said"),
    "ambiguous": (_is_text, "no text"),
    "disputed": (lambda value: isinstance(value, str) and value.startswith("https://"), "no https address"),
    "note": (_is_text, "no text"),
}
_KEYS = {**_REQUIRED, **_OPTIONAL}


def _values_problem(entry: Mapping[str, Any]) -> str:
    """Say which key or value is wrong, or ""."""
    for key, value in entry.items():
        if key not in _KEYS:
            return f"unknown key `{key}`"
        holds, complaint = _KEYS[key]
        if not holds(value):
            return f"`{key}`: {complaint}: {value!r}"
    return ""


def _whole_problem(entry: Mapping[str, Any]) -> str:
    """Say what is wrong with an entry whose values are fine one by one, or ""."""
    if missing := [key for key in _REQUIRED if key not in entry]:
        return f"`{missing[0]}` is missing"
    return _basis_problem(entry["basis"], entry["level"])


@functools.cache
def _basis_problem(basis: str, level: str) -> str:
    word, _, keyword = basis.partition(" ")
    if word == "keyword" and KEYWORD_LEVELS[keyword].value != level:
        return f"level {level} does not go with the keyword {keyword}"
    if word in {"definition", "author"} and level != Level.NONE.value:
        return f"level {level} does not go with the basis {basis!r}, which judges nobody"
    return ""


def _check_umbrellas(found: Mapping[str, Requirement], files: Mapping[str, str]) -> None:
    parents = set()
    for each in found.values():
        if each.parent is None:
            continue
        if each.parent not in found or each.parent == each.id:
            raise CatalogueError(file=files[each.id], id=each.id, problem=f"its umbrella {each.parent} does not exist")
        parents.add(each.parent)
    for each in found.values():
        if each.umbrella and each.id not in parents:
            raise CatalogueError(file=files[each.id], id=each.id, problem="an umbrella, but it binds no other requirement")
