"""The certificate: whether a runtime, in a lane, violates a MUST of the spec. Pure: results in, a JSON document and Markdown out.

Waivers count for nothing here. A certificate is `incomplete` where something kept a MUST from being judged that the host could
judge: an error of the harness, a violation that did not reproduce, nothing seen, or no result at all for a requirement that
was due.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from specs.scoring import Aggregate, Line, Score, Standing, by_run, reasons, score
from specs.verdicts import ExitCode, Level, Verdict

CONFORMANT, NOT_CONFORMANT, INCOMPLETE = "conformant", "not conformant", "incomplete"
_DECISIONS = {ExitCode.CONFORMANT: CONFORMANT, ExitCode.VIOLATED: NOT_CONFORMANT, ExitCode.INCOMPLETE: INCOMPLETE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The results file that a certificate is made of."""

    file: str
    sha256: str
    date: str
    """When the results were written, YYYY-MM-DD in UTC."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a certificate shows of a requirement in the catalogue."""

    url: str
    statement: str


Due = Callable[[str], Iterable[str]]
"""From the version of the spec that a run was judged by to the MUST requirements that it had to judge."""


def certificates(lines: Sequence[Line], *, source: Source, entries: Mapping[str, Entry], due: Due) -> dict[str, Any]:
    """Return the certificates of all runs in the results as one JSON document."""
    runs = [_certificate(own, entries=entries, due=due) for own in by_run(lines).values()]
    return {"results": {"file": source.file, "sha256": source.sha256, "date": source.date}, "certificates": runs}


def _certificate(lines: Sequence[Line], *, entries: Mapping[str, Entry], due: Due) -> dict[str, Any]:
    result = score(lines, honour_waivers=False)
    first = lines[0]
    judged = {each.requirement for each in result.aggregates}
    wanted = set(due(first["spec_version"]))
    missing = sorted(wanted - judged)
    decision = _DECISIONS[result.exit_code]
    violated = [each for each in result.aggregates if each.violations and not each.advisory]
    shown = {level: [_breach(each, entries) for each in violated if each.level is level and not each.disputed] for level in Level}
    return {
        "runtime": dict(first["runtime"]),
        "lane": first["lane"],
        "spec_version": first["spec_version"],
        "decision": INCOMPLETE if missing and decision == CONFORMANT else decision,
        "counts": {level.value: {each.value: result.counts[level].get(each, 0) for each in Standing} for level in Level},
        "violated": shown[Level.MUST],
        "disputed": [_breach(each, entries) for each in violated if each.disputed],
        "warnings": shown[Level.SHOULD],
        "undecided": [{"requirement": each.requirement, "why": _why(each)} for each in result.undecided],
        "coverage": {"due": len(wanted), "with_result": len(wanted) - len(missing)},
        "missing": missing,
        "not_testable": _not_testable(result),
        "recorded": [_observation(each) for each in result.standing(Standing.RECORDED) if not each.ambiguous],
        "ambiguous": [_observation(each) for each in result.aggregates if each.ambiguous and not each.advisory],
        "advisory": [_observation(each) for each in result.aggregates if each.advisory],
    }


def _breach(each: Aggregate, entries: Mapping[str, Entry]) -> dict[str, Any]:
    first = each.violations[0]
    entry = entries.get(each.requirement, Entry("", ""))
    return {
        "requirement": each.requirement,
        "level": each.level.value,
        "url": entry.url,
        "statement": entry.statement,
        "cases": [line["case"] for line in each.violations],
        "expected": first["expected"],
        "observed": first["observed"],
        "reproducer": first["reproducer"],
    }


def _why(each: Aggregate) -> str:
    telling = {Verdict.HARNESS_ERROR.value, Verdict.UNSTABLE.value}
    line = next((line for line in each.lines if line["verdict"] in telling or line["inconclusive"]), each.lines[0])
    how = line["verdict"].replace("_", " ") if line["verdict"] in telling else "inconclusive"
    return f"{how}: {line['reason']}" if line["reason"] else how


def _not_testable(result: Score) -> list[dict[str, Any]]:
    found = reasons(result.standing(Standing.NOT_TESTABLE), Verdict.NOT_TESTABLE)
    return [{"reason": reason, "requirements": ids} for reason, ids in found]


def _observation(each: Aggregate) -> dict[str, Any]:
    line = max(each.lines, key=lambda line: Verdict(line["verdict"]).rank)
    return {"requirement": each.requirement, "verdict": line["verdict"], "observed": line["observed"], "reason": line["reason"]}
