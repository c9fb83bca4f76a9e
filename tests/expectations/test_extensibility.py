"""What a runtime does not know: accepted, refused for that reason, and refused for any other."""

from typing import Any

import pytest

from conformance.expectations.contract import Expectation, Inconclusive, Violation
from conformance.expectations.extensibility import EXPECTATIONS, INVENTED
from tests.expectations.records import accepted, host, judged, named, process, record, refused, snapshot

PROPERTY = named(EXPECTATIONS, "config.extensibility.ignore-unknown")
ANNOTATION = named(EXPECTATIONS, "config.annotations.unknown-ignored")
ORDER = named(EXPECTATIONS, "glossary.json.order-insignificant")
NO_ERROR = named(EXPECTATIONS, "config.extensibility.no-error")
EMPTY = named(EXPECTATIONS, "config.annotations.value-empty")

UNKNOWN = {f"{INVENTED}name": "value"}
ODD = [
    (PROPERTY, UNKNOWN),
    (NO_ERROR, UNKNOWN),
    (PROPERTY, {"linux": {"namespaces": [{"type": "pid", **UNKNOWN}]}}),
    (ANNOTATION, {"annotations": UNKNOWN}),
    (EMPTY, {"annotations": {"com.example.key": ""}}),
]


@pytest.mark.parametrize(("expectation", "config"), ODD)
def test_accepted(expectation: Expectation, config: dict[str, Any]) -> None:
    judged(expectation, accepted(config))


@pytest.mark.parametrize(("expectation", "config"), ODD)
def test_refused(expectation: Expectation, config: dict[str, Any]) -> None:
    with pytest.raises(Violation):
        judged(expectation, refused(config))


@pytest.mark.parametrize(("expectation", "config"), ODD)
def test_refused_for_another_reason_or_never_created(expectation: Expectation, config: dict[str, Any]) -> None:
    for seen in (refused(config, twin_runs=False), record(config)):
        with pytest.raises(Inconclusive):
            judged(expectation, seen)


@pytest.mark.parametrize(("expectation", "config"), ODD)
def test_refused_though_the_twin_was_accepted_with_the_same_oddity(expectation: Expectation, config: dict[str, Any]) -> None:
    with pytest.raises(Inconclusive, match="something else"):
        judged(expectation, refused(config, twin_config=config))


def test_keys_that_are_data_are_no_properties() -> None:
    for config in ({"annotations": UNKNOWN}, {"linux": {"sysctl": UNKNOWN}}, {"linux": {"resources": {"unified": UNKNOWN}}}):
        assert PROPERTY.applies(config, host()) is False


@pytest.mark.parametrize("annotations", [{}, {"": "", **UNKNOWN}, {f"{INVENTED}number": 1}, {"org.example.known": "x"}])
def test_annotations_that_are_wrong_or_maybe_known_are_not_judged(annotations: dict[str, Any]) -> None:
    assert ANNOTATION.applies({"annotations": annotations}, host()) is False


def ran_as(uid: int) -> Any:
    return snapshot(process=process(uids=(uid,) * 4))


def test_the_order_of_members_changes_nothing() -> None:
    made = accepted({})
    ORDER.judge({}, host(), made)
    made.snapshots["running"] = ran_as(7)
    with pytest.raises(Violation):
        ORDER.judge({}, host(), made)
    with pytest.raises(Violation):
        ORDER.judge({}, host(), refused({"root": {}, "process": {}}, twin_config={"process": {}, "root": {}}))
    with pytest.raises(Inconclusive):
        ORDER.judge({}, host(), refused({}, twin_runs=False))


def test_where_a_bundle_lies_is_no_matter_of_order() -> None:
    """In a mount namespace of the harness it is seen: the two have bundles of their own."""
    made = accepted({})
    made.snapshots["running"] = snapshot(process=process(root="/tmp/1/rootfs", cwd="/tmp/1/rootfs/"))
    ORDER.judge({}, host(), made)
    made.snapshots["running"] = snapshot(process=process(root="/tmp/1/rootfs", cwd="/tmp/1/rootfs/tmp"))
    with pytest.raises(Violation):
        ORDER.judge({}, host(), made)
