"""Waiver files, and what they cover."""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jsonschema import ValidationError

from conformance.verdict.outcome import Outcome
from conformance.verdict.results import line
from conformance.verdict.versions import VersionRange, version_key
from conformance.verdict.waivers import Waiver, WaiverError, expired_lines, load, stale_lines, waiver_for
from specs.schemas import validator
from specs.verdicts import Verdict
from tests.verdict.outcomes import RUNC, outcome

ENTRY = """
[[waiver]]
requirement = "config.mounts.*"
runtime = "runc"
versions = ">=1.1,<1.2"
reason = "flags are lost"
url = "https://example.org/1"
expires = 2030-01-01
"""
TODAY = date(2030, 1, 1)
LATER = date(2030, 1, 2)


def loaded(tmp_path: Path, text: str = ENTRY) -> tuple[Waiver, ...]:
    (tmp_path / "runc.toml").write_text(text, encoding="utf-8")
    return load([tmp_path / "runc.toml"])


def covers(waivers: tuple[Waiver, ...], found: Outcome) -> bool:
    return waiver_for(found, waivers, TODAY) is not None


def test_a_waiver_covers_its_violation_only(tmp_path: Path) -> None:
    waivers = loaded(tmp_path)
    assert covers(waivers, outcome(Verdict.VIOLATED))
    assert not covers(waivers, outcome(Verdict.VIOLATED, requirement="config.root.readonly"))
    assert not covers(waivers, outcome(Verdict.VIOLATED, runtime=replace(RUNC, name="crun")))
    assert not covers(waivers, outcome(Verdict.VIOLATED, runtime=replace(RUNC, version="1.2.1")))
    assert not covers(waivers, outcome(Verdict.VIOLATED, runtime=replace(RUNC, version="")))
    for verdict in set(Verdict) - {Verdict.VIOLATED}:
        assert not covers(waivers, outcome(verdict))


def test_case_and_lanes_narrow_it(tmp_path: Path) -> None:
    waivers = loaded(tmp_path, ENTRY + 'case = "mounts/ro*"\nlanes = ["v1"]\n')
    assert covers(waivers, outcome(Verdict.VIOLATED, lane="v1"))
    assert not covers(waivers, outcome(Verdict.VIOLATED, lane="host"))
    assert not covers(waivers, outcome(Verdict.VIOLATED, lane="v1", case="mounts/noexec"))


def test_of_a_race_it_also_covers_what_did_not_come_back(tmp_path: Path) -> None:
    waivers = loaded(tmp_path, ENTRY + "intermittent = true\n")
    covered = {verdict for verdict in Verdict if covers(waivers, outcome(verdict))}
    assert covered == {Verdict.VIOLATED, Verdict.UNSTABLE}


def complaints(waivers: tuple[Waiver, ...], *outcomes: Outcome, today: date = TODAY) -> list[str]:
    lines = [line(each) for each in outcomes]
    return stale_lines(waivers, lines, today=today) + expired_lines(waivers, lines, today=today)


def test_an_expired_waiver_waives_nothing_and_is_reported(tmp_path: Path) -> None:
    waivers = loaded(tmp_path)
    violation = outcome(Verdict.VIOLATED)
    assert waiver_for(violation, waivers, TODAY) is not None
    assert waiver_for(violation, waivers, LATER) is None
    assert complaints(waivers, violation, today=LATER) == [
        f"expired waiver, no longer used: {tmp_path}/runc.toml: waiver 1 (config.mounts.*): expired 2030-01-01"
    ]
    assert complaints(waivers, violation) == []
    assert complaints(waivers, outcome(), today=LATER) == []


def test_stale_where_all_that_was_judged_passes(tmp_path: Path) -> None:
    waivers = loaded(tmp_path)
    stale = [f"stale waiver, remove it: {tmp_path}/runc.toml: waiver 1 (config.mounts.*): everything that it covers passed"]
    assert complaints(waivers, outcome()) == stale
    for other in (Verdict.NOT_TESTABLE, Verdict.NOT_APPLICABLE):
        assert complaints(waivers, outcome(), outcome(other)) == stale
        assert complaints(waivers, outcome(other)) == []
    for other in (Verdict.VIOLATED, Verdict.UNSTABLE, Verdict.HARNESS_ERROR, Verdict.RECORDED):
        assert complaints(waivers, outcome(), outcome(other)) == []
    assert complaints(waivers, outcome(inconclusive=True)) == []
    assert complaints(waivers, outcome(runtime=replace(RUNC, version="1.2"))) == []
    assert complaints(waivers) == []


def test_a_race_is_never_stale(tmp_path: Path) -> None:
    assert complaints(loaded(tmp_path), outcome())
    assert complaints(loaded(tmp_path, ENTRY + "intermittent = true\n"), outcome()) == []


def test_today_is_the_clocks_unless_given(tmp_path: Path) -> None:
    waivers = loaded(tmp_path, ENTRY.replace("2030-01-01", "2000-01-01")) + loaded(
        tmp_path, ENTRY.replace("2030-01-01", "9999-12-31")
    )
    assert [text.split()[0] for text in stale_lines(waivers, [line(outcome())])] == ["stale"]
    assert [text.split()[0] for text in expired_lines(waivers, [line(outcome(Verdict.VIOLATED))])] == ["expired"]


def test_the_schema_takes_what_is_loaded(tmp_path: Path) -> None:
    loaded(tmp_path)
    validator("waiver").validate(tomllib.loads(ENTRY))
    with pytest.raises(ValidationError):
        validator("waiver").validate(tomllib.loads(ENTRY.replace("reason", "reasn")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[waiver]]", "[[waver]]", r"a waiver file holds .* \['waver'\]"),
        ("reason", "reasn", "waiver 1: unknown key `reasn`"),
        ('runtime = "runc"\n', "", "waiver 1: `runtime` is missing"),
        ('"flags are lost"', '" "', "waiver 1: `reason` is no text"),
        ('"https://example.org/1"', '"#12"', "waiver 1: `url` is no http address"),
        ("2030-01-01", '"2030-01-01"', "waiver 1: `expires` is no date"),
        ("2030-01-01", "2030-01-01T00:00:00", "waiver 1: `expires` is no date"),
        (">=1.1,<1.2", "1.1", "waiver 1: `versions`: '1.1' is no comparison"),
        (">=1.1,<1.2", ">=abc", "waiver 1: `versions`: '>=abc' is no comparison"),
        (">=1.1,<1.2", ">=1.1,", "waiver 1: `versions`: '' is no comparison"),
        ("expires", 'lanes = "v1"\nexpires', "waiver 1: `lanes` is no list"),
        ("expires", "intermittent = 1\nexpires", "waiver 1: `intermittent` is neither true nor false"),
        ("[[waiver]]", "[[waiver", r"runc\.toml: "),
    ],
)
def test_errors_name_file_entry_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(WaiverError, match=message) as caught:
        loaded(tmp_path, ENTRY.replace(old, new, 1))
    assert str(caught.value).startswith(f"{tmp_path}/runc.toml")


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(WaiverError, match=r"none\.toml"):
        load([tmp_path / "none.toml"])


@pytest.mark.parametrize(
    ("version", "text", "inside"),
    [
        ("1.1.5+ds1", "==1.1.5", True),
        ("1.1.5+ds1", ">1.1.5", False),
        ("1.1.5-1+deb12u1", "<=1.1.5", True),
        ("1.1", "==1.1.0", True),
        ("1.10.0", ">1.9", True),
        ("1.2.0-rc.1", "<1.2", True),
        ("1.2.0~rc1", ">=1.2", False),
        ("1.2.0-rc.2", ">1.2.0-rc.1", True),
        ("1.2.0-rc.10", ">1.2.0-rc.9", True),
        ("1.2.0", "!=1.2", False),
        ("release-20240101.0", ">=20230101", True),
        ("v0.3.3", " >= 0.3 , < 0.4 ", True),
        ("", ">=0", False),
        ("unknown", ">=0", False),
    ],
)
def test_versions_compare_as_their_makers_mean_them(version: str, text: str, inside: bool) -> None:  # noqa: FBT001  # a parameter of the table
    assert VersionRange.parse(text).holds(version) is inside


def test_a_version_without_a_number_has_no_key() -> None:
    assert version_key("dev") is None
