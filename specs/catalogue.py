"""The catalogue: every normative statement of the specs that we know, as data from `requirements/SPEC/*.toml`.

    chapter = 'Masked paths'                       # what reports group by
    [defaults]                                     # any key of an entry that most entries of the file share
    platforms = ['linux']
    [[requirement]]
    id = 'linux.maskedpaths.effect'                # stable for ever
    level = 'MUST'                                 # what decides: MUST, SHOULD, MAY, none
    basis = 'umbrella runtime.create.applies-config'
    platforms = ['linux']                          # or ['all']
    subject = 'runtime'                            # whom or what it binds: entry.SUBJECTS
    since = '1.0.0'                                # first release with the statement in substance; or 'unreleased'
    anchor = 'config-linux.md#masked-paths'
    text = 'The paths cannot be read inside'       # our paraphrase
    decided = 'host'                               # what can show whether it is kept: entry.DECIDED
    reason = '...'                                 # exactly with decided = 'none': why nothing can show it
    until = '1.3.0'                                # optional: first release that no longer has the statement
    umbrella = true                                # optional: judged through its children, never by itself
    ambiguous = 'this, or that'                    # optional: both readings; recorded, decides nothing
    disputed = 'https://...'                       # optional: clear text that implementers openly contest
    note = '...'                                   # optional: what to mind when judging

`basis` is the statement's own word ("keyword MUST NOT"), the umbrella that binds descriptive text ("umbrella ID"), or, at level
none, "definition", or "author" (with the keyword, if it has one): a duty of whoever writes the document.
`unreleased` statements stand only in the text that will be the next release: no version that one can declare has them.
`schemas/requirement.json` says the same in JSON Schema; it is checked in the tests, since loading has no time for it.
"""

import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from specs.entry import SUBJECTS, UNRELEASED, values_problem, whole_problem
from specs.verdicts import Level
from specs.version import SpecVersion

SPECS: Mapping[str, tuple[str, str]] = MappingProxyType({"runtime": ("runtime-spec", "1.3.0"), "image": ("image-spec", "1.1.1")})
"""Directory below requirements/ to the spec's name and the version whose text the entries follow."""

_DIRECTORY = Path(__file__).with_name("requirements")


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
    since: SpecVersion | None
    """None for what no release has yet."""
    anchor: str
    text: str
    """Our paraphrase of it, in plain words."""
    decided: Literal["host", "schema", "rule", "none"]
    spec: str
    """runtime-spec or image-spec."""
    spec_version: str
    """The version whose text the entry follows; the anchor is in it."""
    chapter: str
    reason: str = ""
    """Why nothing can show it, exactly if nothing can."""
    until: SpecVersion | None = None
    """First release that no longer has it."""
    umbrella: bool = False
    ambiguous: str = ""
    """Both readings of a text that can be read in two ways, else empty."""
    disputed: str = ""
    """Where implementers contest it, else empty."""
    note: str = ""

    @property
    def url(self) -> str:
        """The statement's place in the spec's own text."""
        tree = f"v{self.spec_version}" if self.since else "main"
        return f"https://github.com/opencontainers/{self.spec}/blob/{tree}/{self.anchor}"

    @property
    def parent(self) -> str | None:
        """Id of the umbrella that binds it, if one does."""
        return self.basis.removeprefix("umbrella ") if self.basis.startswith("umbrella ") else None

    @property
    def period(self) -> str:
        """In which releases it stands, in words."""
        if self.since is None:
            return "in no release yet"
        return f"since {self.since}" + (f", until {self.until}" if self.until else "")

    def in_force(self, version: SpecVersion | str) -> bool:
        """Whether it stands in this version of its spec; raises ValueError for a malformed one."""
        if isinstance(version, str):
            version = SpecVersion.parse(version)
        return self.since is not None and self.since <= version and (self.until is None or not self.until <= version)


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
def load(*keys: str) -> Catalogue:
    """Return the project's own catalogue, of these specs alone if some are named. Raises as `read` does."""
    return read(_DIRECTORY, keys=keys or tuple(SPECS))


def read(directory: Path, *, keys: Iterable[str] = tuple(SPECS)) -> Catalogue:
    """Read `directory`/KEY/*.toml; raises CatalogueError naming file and id, KeyError for a key that is not in SPECS."""
    found: dict[str, Requirement] = {}
    files: dict[str, str] = {}
    for key in keys:
        spec, version = SPECS[key]
        for path in sorted((directory / key).glob("*.toml")):
            for requirement in _file(path, spec=spec, version=version, subjects=SUBJECTS[key]):
                if requirement.id in found:
                    problem = f"defined before, in {files[requirement.id]}"
                    raise CatalogueError(file=path.name, id=requirement.id, problem=problem)
                found[requirement.id] = requirement
                files[requirement.id] = path.name
    _check_umbrellas(found, files)
    return Catalogue(found)


def _file(path: Path, *, spec: str, version: str, subjects: tuple[str, ...]) -> Iterator[Requirement]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CatalogueError(file=path.name, id="the whole file", problem=f"not TOML: {error}") from error
    chapter, defaults, entries = (document.pop(key, None) for key in ("chapter", "defaults", "requirement"))
    if document or not isinstance(chapter, str) or not isinstance(entries, list) or not isinstance(defaults, dict | None):
        problem = "must hold `chapter`, maybe [defaults], [[requirement]] entries, and nothing else"
        raise CatalogueError(file=path.name, id="the whole file", problem=problem)
    if problem := values_problem(defaults or {}):
        raise CatalogueError(file=path.name, id="[defaults]", problem=problem)
    for number, entry in enumerate(entries, 1):
        merged = {**(defaults or {}), **entry}
        if problem := values_problem(entry) or whole_problem(merged, subjects=subjects):
            raise CatalogueError(file=path.name, id=str(merged.get("id", f"entry {number}")), problem=problem)
        yield _requirement(merged, spec=spec, version=version, chapter=chapter)


def _requirement(entry: dict[str, Any], *, spec: str, version: str, chapter: str) -> Requirement:
    entry["level"] = Level(entry["level"])
    entry["platforms"] = tuple(entry["platforms"])
    entry["since"] = None if entry["since"] == UNRELEASED else SpecVersion.parse(entry["since"])
    entry["until"] = SpecVersion.parse(entry["until"]) if "until" in entry else None
    return Requirement(**entry, spec=spec, spec_version=version, chapter=chapter)


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
