"""Versions: parsing, order, and whom a statement binds."""

import itertools

import pytest

from specs.version import SpecVersion, covers

IN_ORDER = [
    "1.0.0-rc1",
    "1.0.0-rc5",
    "1.0.0",
    "1.0.2-alpha",
    "1.0.2-rc.1",
    "1.0.2",
    "1.1.0-rc.2",
    "1.1.0-rc.10",
    "1.1.0",
    "1.10.0",
]


@pytest.mark.parametrize(("lower", "higher"), [*itertools.pairwise(IN_ORDER)])
def test_order(lower: str, higher: str) -> None:
    assert SpecVersion.parse(lower) < SpecVersion.parse(higher)
    assert covers(higher, lower)
    assert not covers(lower, higher)


@pytest.mark.parametrize("spelled", ["1.0.2-dev", "1.0.2+dev", "v1.0.2", "1.0.2+git.5"])
def test_a_development_version_counts_as_the_one_it_names(spelled: str) -> None:
    version = SpecVersion.parse(spelled)
    assert version == SpecVersion.parse("1.0.2")
    assert str(version) == spelled
    assert covers(version, "1.0.2")
    assert not covers(version, "1.1.0")


def test_development_after_a_candidate_is_no_release() -> None:
    assert SpecVersion.parse("1.0.0-rc5-dev") == SpecVersion.parse("1.0.0-rc.5")
    assert not SpecVersion.parse("1.0.0-rc5-dev").released
    assert SpecVersion.parse("1.0.2-dev").released


def test_a_version_made_from_numbers_can_be_read() -> None:
    assert str(SpecVersion(1, 2, 0)) == "1.2.0"
    assert str(SpecVersion(1, 2, 0, 3)) == "1.2.0-rc.3"


@pytest.mark.parametrize("spelled", ["", "1", "1.0", "banana", "1.0.0.0", "1.0.0-", "1.0.x", "1.0.0 ", "-1.0.0", "\u0661.0.0"])
def test_anything_else_is_refused(spelled: str) -> None:
    with pytest.raises(ValueError, match="no version like"):
        SpecVersion.parse(spelled)
