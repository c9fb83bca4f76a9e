"""Worst wins, what decides, completeness, exit codes."""

from dataclasses import replace

import pytest

from conformance.verdict.outcome import Outcome
from conformance.verdict.results import line
from conformance.verdict.scoring import exit_code_of, score_of
from specs.scoring import Standing, by_run, exit_code, reasons, score
from specs.verdicts import ExitCode, Level, Verdict
from tests.verdict.outcomes import RUNC, outcome


def standing(*outcomes: Outcome) -> Standing:
    (aggregate,) = score_of(outcomes).aggregates
    return aggregate.standing


@pytest.mark.parametrize("better", list(Verdict))
@pytest.mark.parametrize("worse", list(Verdict))
def test_the_worst_verdict_of_a_requirement_wins(better: Verdict, worse: Verdict) -> None:
    if better.rank <= worse.rank:
        assert standing(outcome(better, case="a"), outcome(worse, case="b")).value == worse.value
        assert standing(outcome(worse, case="b"), outcome(better, case="a")).value == worse.value


def test_inconclusive_counts_only_where_nothing_was_judged() -> None:
    unseen = outcome(Verdict.NOT_TESTABLE, inconclusive=True)
    assert standing(unseen) is Standing.INCONCLUSIVE
    assert standing(unseen, outcome(Verdict.PASSED)) is Standing.PASSED
    assert standing(unseen, outcome(Verdict.VIOLATED)) is Standing.VIOLATED
    assert standing(unseen, outcome(Verdict.NOT_APPLICABLE)) is Standing.INCONCLUSIVE
    assert standing(unseen, outcome(Verdict.NOT_TESTABLE)) is Standing.INCONCLUSIVE


def test_an_inconclusive_harness_error_stays_one() -> None:
    assert standing(outcome(Verdict.HARNESS_ERROR, inconclusive=True)) is Standing.HARNESS_ERROR


def test_waived_only_if_every_violation_is() -> None:
    waived = outcome(Verdict.VIOLATED, waived=True)
    assert standing(waived, outcome()) is Standing.WAIVED
    assert standing(waived, outcome(Verdict.VIOLATED)) is Standing.VIOLATED
    assert score([line(waived)], honour_waivers=False).aggregates[0].standing is Standing.VIOLATED


def test_contested_only_if_every_violation_is() -> None:
    contested = outcome(Verdict.VIOLATED, disputed=True, case="a")
    assert [each.disputed for each in score_of([contested, outcome(case="b")]).aggregates] == [True]
    assert [each.disputed for each in score_of([contested, outcome(Verdict.VIOLATED, case="b")]).aggregates] == [False]


def test_what_did_not_come_back_can_be_waived() -> None:
    waived = outcome(Verdict.UNSTABLE, waived=True)
    assert standing(waived, outcome()) is Standing.WAIVED
    assert standing(waived, outcome(Verdict.UNSTABLE, case="b")) is Standing.UNSTABLE
    assert score([line(waived)], honour_waivers=False).exit_code is ExitCode.INCOMPLETE


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([outcome(Verdict.UNSTABLE, waived=True)], ExitCode.CONFORMANT),
        ([outcome()], ExitCode.CONFORMANT),
        ([], ExitCode.INCOMPLETE),
        ([outcome(Verdict.VIOLATED)], ExitCode.VIOLATED),
        ([outcome(Verdict.VIOLATED, disputed=True)], ExitCode.VIOLATED),
        ([outcome(Verdict.VIOLATED, waived=True)], ExitCode.CONFORMANT),
        ([outcome(Verdict.VIOLATED, advisory=True)], ExitCode.CONFORMANT),
        ([outcome(Verdict.VIOLATED, ambiguous=True)], ExitCode.CONFORMANT),
        ([outcome(Verdict.VIOLATED, level=Level.SHOULD)], ExitCode.CONFORMANT),
        ([outcome(Verdict.VIOLATED, level=Level.MAY)], ExitCode.CONFORMANT),
        ([outcome(Verdict.NOT_TESTABLE)], ExitCode.CONFORMANT),
        ([outcome(Verdict.NOT_TESTABLE, inconclusive=True)], ExitCode.INCOMPLETE),
        ([outcome(Verdict.NOT_TESTABLE, inconclusive=True, level=Level.SHOULD)], ExitCode.CONFORMANT),
        ([outcome(Verdict.NOT_TESTABLE, inconclusive=True), outcome()], ExitCode.CONFORMANT),
        ([outcome(Verdict.UNSTABLE)], ExitCode.INCOMPLETE),
        ([outcome(Verdict.UNSTABLE, level=Level.SHOULD)], ExitCode.CONFORMANT),
        ([outcome(Verdict.UNSTABLE), outcome(Verdict.VIOLATED, waived=True)], ExitCode.INCOMPLETE),
        ([outcome(Verdict.HARNESS_ERROR, level=Level.MAY)], ExitCode.INCOMPLETE),
        ([outcome(Verdict.HARNESS_ERROR, advisory=True)], ExitCode.INCOMPLETE),
        ([outcome(Verdict.HARNESS_ERROR), outcome(Verdict.VIOLATED)], ExitCode.VIOLATED),
        ([outcome(Verdict.UNSTABLE, requirement="a"), outcome(Verdict.VIOLATED, requirement="b")], ExitCode.VIOLATED),
    ],
    ids=repr,
)
def test_exit_codes(outcomes: list[Outcome], code: ExitCode) -> None:
    assert exit_code_of(outcomes) is code


def test_a_harness_error_does_not_hide_a_violation() -> None:
    found = score_of([outcome(Verdict.VIOLATED), outcome(Verdict.HARNESS_ERROR)])
    assert [each.requirement for each in found.violated] == ["config.mounts.options.ro.effect"]
    assert found.undecided


def test_runs_are_scored_apart_and_the_worst_decides() -> None:
    crun = replace(RUNC, name="crun", path="/usr/bin/crun")
    lines = [line(outcome()), line(outcome(Verdict.VIOLATED, runtime=crun)), line(outcome(Verdict.UNSTABLE, lane="v1"))]
    assert [str(run) for run in by_run(lines)] == [
        "runc 1.1.5+ds1 (/usr/sbin/runc), lane host",
        "crun 1.1.5+ds1 (/usr/bin/crun), lane host",
        "runc 1.1.5+ds1 (/usr/sbin/runc), lane v1",
    ]
    assert exit_code(lines) is ExitCode.VIOLATED
    assert exit_code([lines[0], lines[2]]) is ExitCode.INCOMPLETE
    assert exit_code([lines[0]]) is ExitCode.CONFORMANT


def test_counts_are_by_level_without_advisory_ones() -> None:
    found = score_of(
        [
            outcome(requirement="a"),
            outcome(requirement="b"),
            outcome(Verdict.VIOLATED, requirement="c", level=Level.SHOULD),
            outcome(Verdict.VIOLATED, requirement="d", advisory=True),
        ]
    )
    assert found.counts[Level.MUST] == {Standing.PASSED: 2}
    assert found.counts[Level.SHOULD] == {Standing.VIOLATED: 1}


def test_reasons_are_grouped_the_most_frequent_first() -> None:
    found = score_of(
        [
            outcome(Verdict.NOT_TESTABLE, requirement="a", reason="no rdma"),
            outcome(Verdict.NOT_TESTABLE, requirement="b", reason="no resctrl"),
            outcome(Verdict.NOT_TESTABLE, requirement="c", reason="no resctrl"),
            outcome(Verdict.PASSED, requirement="d", reason="no matter"),
        ]
    )
    assert reasons(found.aggregates, Verdict.NOT_TESTABLE) == [("no resctrl", ["b", "c"]), ("no rdma", ["a"])]
