"""The terminal summary says what a reader has to know."""

from dataclasses import replace

import pytest

from conformance.verdict.outcome import Grounds, Outcome
from conformance.verdict.results import line
from conformance.verdict.summary import render
from specs.verdicts import Level, Verdict
from tests.verdict.outcomes import RUNC, outcome


def shown(*outcomes: Outcome, width: int = 100, colour: bool = False, anchors: dict[str, str] | None = None) -> str:
    return render([line(each) for each in outcomes], width=width, colour=colour, anchors=anchors)


def section(text: str, heading: str) -> list[str]:
    """Return the lines below the one that starts with `heading`, up to the next empty one."""
    lines = text.splitlines()
    (first,) = [number for number, each in enumerate(lines) if each.startswith(heading)]
    return [each.strip() for each in lines[first + 1 : [*lines, ""].index("", first)]]


def test_the_first_line_names_the_run_and_decides() -> None:
    assert shown(outcome()).splitlines()[0] == "runc 1.1.5+ds1 (/usr/sbin/runc), lane host: no MUST violated"
    assert shown(outcome(Verdict.VIOLATED)).splitlines()[0].endswith(": 1 MUST violated")
    assert shown(outcome(Verdict.VIOLATED, waived=True)).splitlines()[0].endswith(": 1 MUST violated, all waived")
    assert (
        shown(outcome(Verdict.UNSTABLE))
        .splitlines()[0]
        .endswith(": incomplete: not everything that this host can show was judged")
    )
    should = outcome(Verdict.VIOLATED, waived=True, level=Level.SHOULD)
    assert shown(should).splitlines()[0].endswith(": no MUST violated")
    assert shown() == "nothing was judged\n"


def test_the_table_counts_requirements_by_level() -> None:
    text = shown(
        outcome(requirement="a"),
        outcome(requirement="b", case="one"),
        outcome(requirement="b", case="two"),
        outcome(Verdict.VIOLATED, requirement="c", level=Level.SHOULD),
        outcome(Verdict.NOT_APPLICABLE, requirement="d"),
    )
    header, must, should = text.splitlines()[1:4]
    assert header.split() == ["passed", "violated", "not", "appl."]
    assert must.split() == ["MUST", "2", "0", "1"]
    assert should.split() == ["SHOULD", "0", "1", "0"]
    assert len(header) == len(must) == len(should)
    assert "MAY" not in text


def test_a_violated_must_is_one_line_with_all_that_leads_on() -> None:
    found = outcome(Verdict.VIOLATED, expected={"ro": True}, observed="long " * 100, reproducer="reproducers/x")
    anchors = {found.requirement: "https://example.org/config.md#mounts"}
    (breach,) = section(shown(found, anchors=anchors), "MUST violated: 1")
    assert breach.startswith('config.mounts.options.ro.effect [mounts/ro-bind]: expected {"ro": true}, observed long long')
    assert breach.endswith("...  https://example.org/config.md#mounts  reproducers/x")
    (bare,) = section(shown(outcome(Verdict.VIOLATED)), "MUST violated: 1")
    assert bare == "config.mounts.options.ro.effect [mounts/ro-bind]: expected null, observed null"
    assert "observed null\n" in shown(outcome(Verdict.VIOLATED))
    (narrow,) = section(shown(found, width=250, anchors=anchors), "MUST violated: 1")
    assert len(breach) < len(narrow) <= 250


def test_further_cases_of_a_violation_are_counted() -> None:
    (breach,) = section(shown(outcome(Verdict.VIOLATED), outcome(Verdict.VIOLATED, case="b"), outcome(case="c")), "MUST violated")
    assert "[mounts/ro-bind and 1 more]" in breach


def test_disputed_waived_and_warned_stand_apart() -> None:
    text = shown(
        outcome(Verdict.VIOLATED, requirement="clear"),
        outcome(Verdict.VIOLATED, requirement="contested", disputed=True),
        outcome(Verdict.VIOLATED, requirement="warned", level=Level.SHOULD),
        outcome(Verdict.VIOLATED, requirement="known", waived=True, waiver=Grounds(reason="lost", url="https://example.org/1")),
    )
    assert text.splitlines()[0].endswith(": 2 MUST violated")
    assert [each.split()[0] for each in section(text, "MUST violated: 1")] == ["clear"]
    assert [each.split()[0] for each in section(text, "disputed")] == ["contested"]
    assert [each.split()[0] for each in section(text, "SHOULD violated")] == ["warned"]
    assert section(text, "waived") == ["1 x lost (https://example.org/1): known"]


def test_reasons_are_grouped_and_wrapped() -> None:
    many = [outcome(Verdict.NOT_TESTABLE, requirement=f"r{number}", reason="no resctrl " * 10) for number in range(5)]
    text = shown(*many, width=60)
    lines = section(text, "not testable here")
    assert lines[0].startswith("5 x no resctrl")
    assert lines[-1].endswith("r0, r1, r2, ...")
    assert max(map(len, text.splitlines()[4:])) <= 60


@pytest.mark.parametrize(
    ("found", "heading", "expected"),
    [
        (
            outcome(Verdict.NOT_TESTABLE, inconclusive=True, reason="no answer"),
            "inconclusive",
            f"{outcome().requirement}: no answer",
        ),
        (outcome(Verdict.UNSTABLE, reason="then passed"), "did not reproduce", f"1 x then passed: {outcome().requirement}"),
        (outcome(Verdict.HARNESS_ERROR, reason="KeyError"), "harness errors", f"1 x KeyError: {outcome().requirement}"),
    ],
)
def test_what_was_not_judged_is_told(found: Outcome, heading: str, expected: str) -> None:
    assert section(shown(found), heading) == [expected]
    assert heading not in "\n".join(shown(outcome()).splitlines()[3:])


def test_the_reason_of_what_was_not_seen_is_that_of_the_line_that_saw_nothing() -> None:
    unseen = outcome(Verdict.NOT_TESTABLE, case="b", inconclusive=True, reason="no answer")
    lines = section(shown(outcome(Verdict.NOT_APPLICABLE, reason="too old"), unseen), "inconclusive")
    assert lines == [f"{unseen.requirement}: no answer"]


def test_advisory_and_ambiguous_are_counted_only() -> None:
    text = shown(
        outcome(Verdict.VIOLATED, requirement="new", advisory=True), outcome(Verdict.VIOLATED, requirement="odd", ambiguous=True)
    )
    assert "advisory, later than the version that the runtime declares: 1, of these violated: 1" in text
    assert "ambiguous in the text, so recorded only: 1" in text
    assert "MUST violated:" not in text
    for level in (Level.MUST, Level.SHOULD):
        both = shown(
            outcome(Verdict.VIOLATED, level=level, advisory=True, ambiguous=True), outcome(requirement="c", ambiguous=True)
        )
        assert "ambiguous in the text, so recorded only: 1" in both
        assert "violated:" not in both.replace("of these violated:", "")
    assert "SHOULD violated" not in shown(outcome(Verdict.VIOLATED, level=Level.SHOULD, advisory=True))


def test_each_run_has_its_section() -> None:
    text = shown(outcome(), outcome(lane="v1"), outcome(runtime=replace(RUNC, name="crun", path="/usr/bin/crun")))
    assert [each.split(":")[0] for each in text.splitlines() if ", lane " in each] == [
        "runc 1.1.5+ds1 (/usr/sbin/runc), lane host",
        "runc 1.1.5+ds1 (/usr/sbin/runc), lane v1",
        "crun 1.1.5+ds1 (/usr/bin/crun), lane host",
    ]


def test_colour_only_repeats_what_words_say() -> None:
    plain, painted = (shown(outcome(Verdict.VIOLATED), colour=colour) for colour in (False, True))
    assert "\x1b" not in plain
    assert "\x1b[31m" in painted
    assert painted.replace("\x1b[31m", "").replace("\x1b[0m", "") == plain
