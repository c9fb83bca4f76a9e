"""Waivers: known violations of one runtime, kept in TOML files outside the tests, so that a CI stays green until they are mended.

    [[waiver]]
    requirement = "runtime.delete.*"      # an id, or a glob
    case = "lifecycle/*"                  # a glob; every case if left out
    runtime = "runc"
    versions = ">=1.1,<1.2"               # of the runtime itself
    lanes = ["host", "v1"]                # every lane if left out
    reason = "what is wrong"
    url = "https://..."                   # where it is discussed
    expires = 2027-06-30                  # the last day on which it counts
    intermittent = true                   # it is a race, which shows now and then; left out otherwise

Only violations can be waived. A waiver is strict: where everything it speaks of passes, it is stale and turns the run red until
it is removed. An intermittent one also covers what did not come back, and is never stale. An expired one waives nothing and is
reported.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from conformance.verdict.outcome import Grounds, Outcome
from conformance.verdict.results import line
from conformance.verdict.versions import VersionRange
from specs.scoring import Line
from specs.verdicts import Verdict

_REQUIRED = ("requirement", "runtime", "versions", "reason", "url", "expires")
_OPTIONAL = ("case", "lanes", "intermittent")


class WaiverError(ValueError):
    """A waiver file that cannot be used; the message names file, entry and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One entry of a waiver file."""

    requirement: str
    case: str
    runtime: str
    versions: VersionRange
    lanes: tuple[str, ...]
    """Empty for every lane."""
    reason: str
    url: str
    expires: date
    intermittent: bool
    where: str
    """File and number of the entry, for messages."""

    @property
    def grounds(self) -> Grounds:
        """What an outcome keeps of it."""
        return Grounds(reason=self.reason, url=self.url)

    def covers(self, result: Line) -> bool:
        """Whether it speaks of this result's requirement, case, runtime, version and lane."""
        runtime = result["runtime"]
        return (
            runtime["name"] == self.runtime
            and self.versions.holds(runtime["version"])
            and (not self.lanes or result["lane"] in self.lanes)
            and fnmatchcase(result["requirement"], self.requirement)
            and fnmatchcase(result["case"], self.case)
        )

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return today > self.expires


def load(paths: Iterable[Path]) -> tuple[Waiver, ...]:
    """Load waiver files. Raises WaiverError for a file that is unreadable, no TOML, or has a wrong, missing or unknown key."""
    return tuple(waiver for path in paths for waiver in _file(path))


def waiver_for(outcome: Outcome, waivers: Iterable[Waiver], today: date) -> Waiver | None:
    """Return the first waiver in force that covers a violation; None for anything else."""
    if outcome.verdict not in {Verdict.VIOLATED, Verdict.UNSTABLE}:
        return None
    result = line(outcome)
    able = (each for each in waivers if each.intermittent or outcome.verdict is Verdict.VIOLATED)
    return next((each for each in able if not each.expired(today) and each.covers(result)), None)


def stale_lines(waivers: Iterable[Waiver], lines: Sequence[Line], *, today: date | None = None) -> list[str]:
    """Return a complaint about each waiver in force that covers something which was judged, all of which passed: it has to go.

    `lines` are those of results.jsonl, of every run of the session; `today` is the current date in UTC unless given.
    """
    day = today or datetime.now(UTC).date()
    found = (each for each in waivers if not each.expired(day) and _all_passed(each, lines))
    return [f"stale waiver, remove it: {each.where} ({each.requirement}): everything that it covers passed" for each in found]


def expired_lines(waivers: Iterable[Waiver], lines: Sequence[Line], *, today: date | None = None) -> list[str]:
    """Return a complaint about each waiver that would still cover a violation but has expired."""
    day = today or datetime.now(UTC).date()
    violations = [each for each in lines if each["verdict"] == Verdict.VIOLATED.value]
    found = (each for each in waivers if each.expired(day) and any(each.covers(violation) for violation in violations))
    return [f"expired waiver, no longer used: {each.where} ({each.requirement}): expired {each.expires}" for each in found]


def _all_passed(waiver: Waiver, lines: Sequence[Line]) -> bool:
    judged = [each["verdict"] for each in lines if waiver.covers(each) and not _unjudged(each)]
    return not waiver.intermittent and bool(judged) and all(verdict == Verdict.PASSED.value for verdict in judged)


def _unjudged(result: Line) -> bool:
    return bool(result["inconclusive"]) or result["verdict"] in {Verdict.NOT_APPLICABLE.value, Verdict.NOT_TESTABLE.value}


def _file(path: Path) -> list[Waiver]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WaiverError(f"{path}: {error}") from error
    entries = document.pop("waiver", [])
    if document or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise WaiverError(
            f"{path}: a waiver file holds [[waiver]] entries and nothing else, found {sorted(document) or 'waiver'}"
        )
    return [_waiver(entry, f"{path}: waiver {number}") for number, entry in enumerate(entries, 1)]


def _waiver(entry: Mapping[str, Any], where: str) -> Waiver:
    for key in entry:
        if key not in _REQUIRED + _OPTIONAL:
            raise WaiverError(f"{where}: unknown key `{key}`")
    for key in _REQUIRED:
        if key not in entry:
            raise WaiverError(f"{where}: `{key}` is missing")
    full: dict[str, Any] = {"case": "*", "lanes": [], "intermittent": False, **entry}
    for key in ("requirement", "case", "runtime", "versions", "reason", "url"):
        _demand(full[key], _is_text, f"{where}: `{key}` is no text, or empty")
    _demand(full["expires"], _is_date, f"{where}: `expires` is no date like 2027-06-30")
    _demand(full["url"], _is_url, f"{where}: `url` is no http address")
    _demand(full["intermittent"], lambda value: isinstance(value, bool), f"{where}: `intermittent` is neither true nor false")
    _demand(full["lanes"], _is_texts, f"{where}: `lanes` is no list of names")
    try:
        versions = VersionRange.parse(full["versions"])
    except ValueError as error:
        raise WaiverError(f"{where}: `versions`: {error}") from error
    return Waiver(**{**full, "versions": versions, "lanes": tuple(full["lanes"]), "where": where})


def _demand(value: object, condition: Callable[[Any], bool], message: str) -> None:
    if not condition(value):
        raise WaiverError(f"{message}: {value!r}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_url(value: str) -> bool:
    return value.startswith(("https://", "http://"))


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(each) for each in value)
