"""The terminal summary of a session, for people: how many requirements stand how, why some could not be tested, and each breach.

Pure: lines of results.jsonl in, text out. Everything is said in words; colour only repeats it.
"""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from specs.scoring import Aggregate, Line, Run, Score, Standing, by_run, reasons, score
from specs.verdicts import ExitCode, Level, Verdict

_COLUMNS = {
    Standing.PASSED: "passed",
    Standing.RECORDED: "recorded",
    Standing.VIOLATED: "violated",
    Standing.WAIVED: "waived",
    Standing.NOT_APPLICABLE: "not appl.",
    Standing.NOT_TESTABLE: "not testable",
    Standing.INCONCLUSIVE: "inconclusive",
    Standing.UNSTABLE: "unstable",
    Standing.HARNESS_ERROR: "harness error",
}
_ALWAYS = {Standing.PASSED, Standing.VIOLATED}
_COLOURS = {ExitCode.CONFORMANT: "32", ExitCode.VIOLATED: "31", ExitCode.INCOMPLETE: "33"}
_DECISIONS = {
    ExitCode.CONFORMANT: "no MUST violated",
    ExitCode.VIOLATED: "MUST violated",
    ExitCode.INCOMPLETE: "incomplete: not everything that this host can show was judged",
}


def render(lines: Sequence[Line], *, width: int, colour: bool, anchors: Mapping[str, str] | None = None) -> str:
    """Return the summary, a section per runtime and lane, wrapped to `width` columns where text can be wrapped.

    `anchors` gives requirement ids their address in the spec; without it none are shown.
    """
    if not lines:
        return "nothing was judged\n"
    sections = (
        _section(run, score(own), width=width, colour=colour, anchors=anchors or {}) for run, own in by_run(lines).items()
    )
    return "\n".join("\n".join(section) + "\n" for section in sections)


def _section(run: Run, result: Score, *, width: int, colour: bool, anchors: Mapping[str, str]) -> Iterator[str]:
    decision = f"{run}: {_decision(result)}"
    yield _painted(decision, _COLOURS[result.exit_code], colour=colour)
    yield from _table(result)
    yield from _not_testable(result, width=width)
    yield from _breaches("MUST violated", _undisputed(result.violated), width=width, anchors=anchors)
    yield from _breaches("disputed, and violated by the text", _disputed(result), width=width, anchors=anchors)
    yield from _breaches("SHOULD violated (warnings)", _warnings(result), width=width, anchors=anchors)
    yield from _reasons("waived", result.standing(Standing.WAIVED), Verdict.VIOLATED, width=width)
    yield from _reasons("did not reproduce", result.aggregates, Verdict.UNSTABLE, width=width)
    yield from _inconclusive(result, width=width)
    yield from _reasons("harness errors, not counted against the runtime", result.aggregates, Verdict.HARNESS_ERROR, width=width)
    yield from _advisory(result)


def _decision(result: Score) -> str:
    waived = [each for each in result.standing(Standing.WAIVED) if each.decides]
    if result.exit_code is ExitCode.CONFORMANT and waived:
        return f"{len(waived)} MUST violated, all waived"
    if result.exit_code is ExitCode.VIOLATED:
        return f"{len(result.violated)} MUST violated"
    return _DECISIONS[result.exit_code]


def _table(result: Score) -> Iterator[str]:
    rows = [level for level in Level if any(result.counts[level].values())]
    columns = [each for each in _COLUMNS if each in _ALWAYS or any(result.counts[level].get(each) for level in rows)]
    yield "  " + " " * 6 + "".join(f"  {_COLUMNS[each]}" for each in columns)
    for level in rows:
        counts = (f"  {result.counts[level].get(each, 0):>{len(_COLUMNS[each])}}" for each in columns)
        yield f"  {level.value:<6}" + "".join(counts)


def _not_testable(result: Score, *, width: int) -> Iterator[str]:
    yield from _reasons("not testable here", result.standing(Standing.NOT_TESTABLE), Verdict.NOT_TESTABLE, width=width)


def _inconclusive(result: Score, *, width: int) -> Iterator[str]:
    found = result.standing(Standing.INCONCLUSIVE)
    if found:
        yield f"\ninconclusive, since nothing could be seen: {len(found)}"
    for each in found:
        reason = next(line["reason"] for line in each.lines if line["inconclusive"])
        yield from _wrapped(f"{each.requirement}: {reason}", width=width)


def _reasons(heading: str, aggregates: Iterable[Aggregate], verdict: Verdict, *, width: int) -> Iterator[str]:
    grouped = reasons(aggregates, verdict)
    if grouped:
        yield f"\n{heading}"
    for reason, ids in grouped:
        named = ", ".join(ids[:3]) + (", ..." if len(ids) > 3 else "")
        yield from _wrapped(f"{len(ids):>3} x {reason}: {named}", width=width)


def _warnings(result: Score) -> list[Aggregate]:
    warned = (each for each in result.aggregates if each.level is Level.SHOULD and each.violations)
    return [each for each in _undisputed(warned) if not each.advisory]


def _disputed(result: Score) -> list[Aggregate]:
    return [each for each in result.aggregates if each.disputed and each.violations and not each.advisory]


def _undisputed(aggregates: Iterable[Aggregate]) -> list[Aggregate]:
    return [each for each in aggregates if not each.disputed]


def _breaches(heading: str, aggregates: Sequence[Aggregate], *, width: int, anchors: Mapping[str, str]) -> Iterator[str]:
    if aggregates:
        yield f"\n{heading}: {len(aggregates)}"
    for each in aggregates:
        yield f"  {_breach(each, width=width - 2, anchors=anchors)}"


def _breach(each: Aggregate, *, width: int, anchors: Mapping[str, str]) -> str:
    """Everything on one line; what must stay whole to be of use (id, case, address, path) is never shortened."""
    first = each.violations[0]
    more = f" and {len(each.violations) - 1} more" if len(each.violations) > 1 else ""
    head = f"{each.requirement} [{first['case']}{more}]"
    tail = "".join(f"  {part}" for part in (anchors.get(each.requirement, ""), first["reproducer"] or "") if part)
    room = max(40, width - len(head) - len(tail) - len(": expected , observed "))
    expected, observed = _shared(_short(first["expected"]), _short(first["observed"]), room)
    return f"{head}: expected {expected}, observed {observed}{tail}"


def _advisory(result: Score) -> Iterator[str]:
    advisory = [each for each in result.aggregates if each.advisory]
    ambiguous = [each for each in result.aggregates if each.ambiguous and not each.advisory]
    if advisory:
        violated = sum(bool(each.violations) for each in advisory)
        yield f"\nadvisory, later than the version that the runtime declares: {len(advisory)}, of these violated: {violated}"
    if ambiguous:
        yield f"\nambiguous in the text, so recorded only: {len(ambiguous)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())


def _shared(first: str, second: str, room: int) -> tuple[str, str]:
    half = room // 2
    return _cut(first, max(half, room - len(second))), _cut(second, max(half, room - len(first)))


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 3] + "..."


def _wrapped(text: str, *, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        max(width, 40),
        initial_indent="  ",
        subsequent_indent=" " * 8,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _painted(text: str, code: str, *, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
