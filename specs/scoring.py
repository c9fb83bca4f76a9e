"""What result lines come to: per requirement, per level, and as an exit code. Pure; a line is a parsed object of results.jsonl.

A run is one runtime in one lane. In a run each requirement has one standing, made of all its lines: the worst verdict wins.
Lines that saw nothing (`inconclusive`) are left out where others judged the same requirement, and decide nothing but completeness
where none did.

What decides: MUST requirements that are neither advisory (beyond the version that the runtime declares) nor ambiguous (the text
can be read in two ways). A disputed requirement has a clear text, so it decides like any other and is merely shown apart.
SHOULD is a warning, MAY is recorded. An error of the harness leaves a run incomplete at whatever level it happens.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from specs.verdicts import ExitCode, Level, Verdict, worst

Line = Mapping[str, Any]
"""An object of results.jsonl, valid by specs/schemas/result.json."""

_UNJUDGED = {Verdict.NOT_APPLICABLE, Verdict.NOT_TESTABLE}


class Standing(str, Enum):  # noqa: UP042  # values of Verdict and two more; StrEnum would compare as text
    """How a requirement stands in one run, best first: the verdicts, `inconclusive` and `waived`."""

    PASSED = "passed"
    RECORDED = "recorded"
    NOT_APPLICABLE = "not_applicable"
    NOT_TESTABLE = "not_testable"
    INCONCLUSIVE = "inconclusive"
    UNSTABLE = "unstable"
    WAIVED = "waived"
    VIOLATED = "violated"
    HARNESS_ERROR = "harness_error"


class Run(NamedTuple):
    """One runtime in one lane."""

    name: str
    version: str
    path: str
    lane: str

    def __str__(self) -> str:
        """`runc 1.1.5 (/usr/sbin/runc), lane host`."""
        return f"{self.name}{f' {self.version}' if self.version else ''} ({self.path}), lane {self.lane}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One requirement in one run."""

    requirement: str
    level: Level
    standing: Standing
    advisory: bool
    ambiguous: bool
    disputed: bool
    lines: tuple[Line, ...]
    violations: tuple[Line, ...]
    """Those that count: neither waived, as far as waivers are honoured, nor ambiguous. A worse standing does not hide them."""

    @property
    def decides(self) -> bool:
        """Whether a violation here would cost the certificate."""
        return self.level is Level.MUST and not self.advisory and not self.ambiguous

    @property
    def undecided(self) -> bool:
        """Whether a run with this is incomplete: a harness error, or a deciding requirement that is unstable or inconclusive."""
        unsettled = self.standing in {Standing.INCONCLUSIVE, Standing.UNSTABLE}
        return bool(self.having(Verdict.HARNESS_ERROR)) or (self.decides and unsettled)

    def having(self, verdict: Verdict) -> list[Line]:
        """Return the lines with that verdict."""
        return [line for line in self.lines if line["verdict"] == verdict.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one run came to."""

    aggregates: tuple[Aggregate, ...]
    counts: Mapping[Level, Mapping[Standing, int]]
    """Requirements by level and standing; advisory ones are not in it."""

    def standing(self, standing: Standing) -> list[Aggregate]:
        """Return the requirements with that standing, advisory ones left out."""
        return [each for each in self.aggregates if each.standing is standing and not each.advisory]

    @property
    def violated(self) -> list[Aggregate]:
        """The violations that decide."""
        return [each for each in self.aggregates if each.decides and each.violations]

    @property
    def undecided(self) -> list[Aggregate]:
        """What leaves the run incomplete."""
        return [each for each in self.aggregates if each.undecided]

    @property
    def exit_code(self) -> ExitCode:
        """VIOLATED wins over INCOMPLETE; a run that looked at nothing is incomplete."""
        if self.violated:
            return ExitCode.VIOLATED
        return ExitCode.INCOMPLETE if self.undecided or not self.aggregates else ExitCode.CONFORMANT


def run_of(line: Line) -> Run:
    """Return the run that a line belongs to."""
    runtime = line["runtime"]
    return Run(runtime["name"], runtime["version"], runtime["path"], line["lane"])


def by_run(lines: Iterable[Line]) -> dict[Run, list[Line]]:
    """Group lines by run, in the order in which runs first appear."""
    runs: dict[Run, list[Line]] = {}
    for line in lines:
        runs.setdefault(run_of(line), []).append(line)
    return runs


def score(lines: Iterable[Line], *, honour_waivers: bool = True) -> Score:
    """Score the lines of one run. Certificates take waived violations for what they are: `honour_waivers=False`."""
    grouped: dict[str, list[Line]] = {}
    for line in lines:
        grouped.setdefault(line["requirement"], []).append(line)
    aggregates = tuple(_aggregate(grouped[each], honour_waivers=honour_waivers) for each in sorted(grouped))
    counts = {
        level: Counter(each.standing for each in aggregates if each.level is level and not each.advisory) for level in Level
    }
    return Score(aggregates=aggregates, counts=counts)


def exit_code(lines: Iterable[Line]) -> ExitCode:
    """Return the exit code of a whole session: that of its worst run; without lines, incomplete."""
    codes = {score(each).exit_code for each in by_run(lines).values()}
    for code in (ExitCode.VIOLATED, ExitCode.INCOMPLETE, ExitCode.CONFORMANT):
        if code in codes:
            return code
    return ExitCode.INCOMPLETE


def reasons(aggregates: Iterable[Aggregate], verdict: Verdict) -> list[tuple[str, list[str]]]:
    """Group requirements by the reason that their lines of that verdict give; the most frequent reason first."""
    found: dict[str, set[str]] = {}
    for each in aggregates:
        for line in each.having(verdict):
            found.setdefault(line["reason"] or "no reason given", set()).add(each.requirement)
    return sorted(((reason, sorted(ids)) for reason, ids in found.items()), key=lambda pair: (-len(pair[1]), pair[0]))


def _aggregate(lines: Sequence[Line], *, honour_waivers: bool) -> Aggregate:
    counted = tuple(line for line in lines if not (honour_waivers and line["waived"]))
    violations = tuple(line for line in counted if _violates(line))
    return Aggregate(
        requirement=lines[0]["requirement"],
        level=Level(lines[0]["level"]),
        standing=_standing(counted, violated=bool(violations), waived=len(counted) < len(lines)),
        advisory=all(line["advisory"] for line in lines),
        ambiguous=all(line["ambiguous"] for line in lines),
        disputed=all(line["disputed"] for line in violations) if violations else any(line["disputed"] for line in lines),
        lines=tuple(lines),
        violations=violations,
    )


def _standing(lines: Sequence[Line], *, violated: bool, waived: bool) -> Standing:
    """Return what the lines that no waiver takes away come to; `waived` says whether one took some."""
    conclusive = [line for line in lines if not _inconclusive(line)]
    verdicts = {Verdict(line["verdict"]) for line in conclusive}
    verdict = worst(verdicts) if verdicts else Verdict.PASSED
    if waived and verdict not in {Verdict.UNSTABLE, Verdict.HARNESS_ERROR} and not violated:
        return Standing.WAIVED
    if len(conclusive) < len(lines) and verdicts <= _UNJUDGED:
        return Standing.INCONCLUSIVE
    return Standing.RECORDED if verdict is Verdict.VIOLATED and not violated else Standing(verdict.value)


def _violates(line: Line) -> bool:
    return line["verdict"] == Verdict.VIOLATED.value and not line["ambiguous"] and not line["inconclusive"]


def _inconclusive(line: Line) -> bool:
    return bool(line["inconclusive"]) and line["verdict"] != Verdict.HARNESS_ERROR.value
