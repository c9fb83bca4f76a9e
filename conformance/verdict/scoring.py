"""Scoring of outcomes: the rules of specs/scoring.py, which reads result lines, applied to what has just been judged."""

from collections.abc import Iterable

from conformance.verdict.outcome import Outcome
from conformance.verdict.results import line
from specs.scoring import Score, by_run, exit_code, score
from specs.verdicts import ExitCode

__all__ = ["by_run", "exit_code", "exit_code_of", "score", "score_of"]


def score_of(outcomes: Iterable[Outcome]) -> Score:
    """Score the outcomes of one run."""
    return score(line(outcome) for outcome in outcomes)


def exit_code_of(outcomes: Iterable[Outcome]) -> ExitCode:
    """Return the exit code that these outcomes, of any number of runs, come to."""
    return exit_code(line(outcome) for outcome in outcomes)
