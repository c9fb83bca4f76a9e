"""What is done about each statement: every entry stands in exactly one column, and the table adds up."""

import re
from dataclasses import replace

import pytest

from conformance.__main__ import main
from conformance.coverage import Means, coverage, table
from conformance.expectations.all import EXPECTATIONS
from specs.catalogue import Catalogue, load
from specs.validate import named

CATALOGUE = load()
COVERED = coverage(CATALOGUE)


def means(requirement: str) -> Means:
    (found,) = (each.means for each in COVERED if each.requirement.id == requirement)
    return found


def test_each_entry_is_there_once() -> None:
    assert [each.requirement.id for each in COVERED] == list(CATALOGUE)


def test_examples_of_each_column() -> None:
    assert means("linux.maskedpaths.effect") is Means.EXPECTATION
    assert means("config.hostname.optional") is Means.DOCUMENT
    assert means("runtime.create.applies-config") is Means.CHILDREN
    assert means("runtime.errors.exposure-unspecified") is Means.IMPOSSIBLE


def test_what_nobody_judges_is_told() -> None:
    """The control: an entry that nothing names has nothing, whatever it says of who decides it."""
    known = CATALOGUE["linux.maskedpaths.effect"]
    strangers = {"x.y": replace(known, id="x.y"), "x.z": replace(known, id="x.z", decided="schema")}
    assert {each.means for each in coverage(Catalogue(strangers))} == {Means.NOTHING}


def test_every_expectation_and_every_named_id_is_an_entry() -> None:
    assert {each.requirement for each in EXPECTATIONS} <= set(CATALOGUE)
    assert named() <= set(CATALOGUE)


def test_the_table_adds_up() -> None:
    sums = [line for line in table(COVERED).splitlines() if re.match(r" +all ", line)]
    totals = [[int(cell) if cell != "·" else 0 for cell in line.split()[1:]] for line in sums]
    assert [total[0] for total in totals] == [1050, 428]
    assert all(total[0] == sum(total[1:]) for total in totals)


@pytest.mark.parametrize(("option", "which"), [("--missing", Means.NOTHING), ("--reasons", Means.IMPOSSIBLE)])
def test_lists(option: str, which: Means, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", option]) == 0
    listed = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [each.requirement.id for each in COVERED if each.means is which]
