"""What the state document may say."""

from typing import Any

import pytest

from conformance.expectations.contract import Inconclusive, Violation
from conformance.expectations.state import EXPECTATIONS
from conformance.record.operation import StateReading, Status
from conformance.record.record import Record
from tests.expectations.records import judged, named, operation, record

STATE = {"ociVersion": "1.0.2", "id": "test", "status": "running", "pid": 7, "bundle": "/bundle"}


def shown(actual: Status = Status.RUNNING, **members: Any) -> Record:
    document = {name: value for name, value in (STATE | members).items() if value is not Ellipsis}
    return record({}, states=[StateReading(operation=operation("state"), document=document, actual=actual)])


RIGHT: dict[str, list[dict[str, Any]]] = {
    "runtime.state.ociversion-meaning": [{}, {"ociVersion": "1.0.2-dev"}],
    "runtime.state.status-values": [{}, {"status": "creating"}],
    "runtime.state.status-extra-allowed": [{}, {"status": "paused"}],
    "runtime.state.status-extra-new-meaning": [{}, {"status": "creating"}],
    "runtime.state.annotations-empty": [{}, {"annotations": {}}],
    "runtime.state.additional-properties": [{}, {"owner": "root"}],
    "runtime.state.json-schema": [{}, {"owner": "root"}, {"status": "paused"}, {"pid": ...}, {"annotations": {"a": "b"}}],
}
WRONG: dict[str, list[dict[str, Any]]] = {
    "runtime.state.ociversion-meaning": [{"ociVersion": ...}, {"ociVersion": 1}],
    "runtime.state.status-values": [{"status": "paused"}],
    "runtime.state.status-extra-new-meaning": [{"status": "up"}],
    "runtime.state.annotations-empty": [{"annotations": None}, {"annotations": {"a": "b"}}],
    "runtime.state.json-schema": [
        {"ociVersion": ...},
        {"id": 1},
        {"pid": -1},
        {"pid": "7"},
        {"annotations": None},
        {"bundle": ...},
    ],
}


@pytest.mark.parametrize(("requirement", "members"), [(name, each) for name, found in RIGHT.items() for each in found])
def test_right(requirement: str, members: dict[str, Any]) -> None:
    judged(named(EXPECTATIONS, requirement), shown(**members))


@pytest.mark.parametrize(("requirement", "members"), [(name, each) for name, found in WRONG.items() for each in found])
def test_wrong(requirement: str, members: dict[str, Any]) -> None:
    with pytest.raises(Violation):
        judged(named(EXPECTATIONS, requirement), shown(**members))


@pytest.mark.parametrize("requirement", RIGHT)
def test_no_document(requirement: str) -> None:
    for nothing in (record({}), shown(Status.ABSENT)):
        with pytest.raises(Inconclusive):
            judged(named(EXPECTATIONS, requirement), nothing)
