"""Properties that cannot be applied: refused by create, and nothing left."""

from typing import Any

import pytest

from conformance.cases.unappliable import CASES
from conformance.expectations.contract import Expectation, Inconclusive, Unexercised, Violation
from conformance.expectations.unappliable import EXPECTATIONS
from conformance.record.config import put
from conformance.record.leak import Leak
from conformance.record.operation import StateReading, Status
from conformance.record.record import Record
from tests.expectations.containers import entry, named, with_mounts
from tests.expectations.records import accepted, host, operation, record, refused

ERROR = named("runtime.create.error-unappliable", EXPECTATIONS)
NO_CONTAINER = named("runtime.create.no-container-on-unappliable", EXPECTATIONS)
UNCHANGED = named("runtime.errors.leave-env-unchanged", EXPECTATIONS)
CONFIG = with_mounts(entry("/m", "no-such-fs"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_has_a_defect_that_is_recognised(case: Any) -> None:
    assert case.defect is not None
    assert ERROR.applies(case.defect.apply(with_mounts()), host()) is True
    assert NO_CONTAINER.applies(with_mounts(entry("/m")), host()) is False


def test_create_has_to_refuse_it() -> None:
    assert ERROR.judge(CONFIG, host(), refused(CONFIG)).kind == "refused"
    assert named("runtime.lifecycle.step02-error-if-unable", EXPECTATIONS).judge is ERROR.judge
    with pytest.raises(Violation):
        ERROR.judge(CONFIG, host(), accepted(CONFIG))
    with pytest.raises(Inconclusive):
        ERROR.judge(CONFIG, host(), refused(CONFIG, twin_runs=False))
    with pytest.raises(Unexercised):
        ERROR.judge(with_mounts(), host(), refused(with_mounts()))


def after(*leaks: Leak, state: int = 1) -> Record:
    made = refused(CONFIG)
    made.leaks_after_refusal = leaks
    made.states = [StateReading(operation=operation("state", state), document=None, actual=Status.ABSENT)]
    return made


def test_there_may_be_no_container() -> None:
    assert NO_CONTAINER.judge(CONFIG, host(), after()).kind == "refused"
    assert NO_CONTAINER.judge(CONFIG, host(), after(Leak("cgroup", "/sys/fs/cgroup/id")))
    for wrong in (after(state=0), after(Leak("process", "x"))):
        with pytest.raises(Violation):
            NO_CONTAINER.judge(CONFIG, host(), wrong)


def test_nothing_may_be_left_of_it() -> None:
    nested = put("/linux/cgroupsPath", "/above/test").apply(CONFIG)
    assert UNCHANGED.judge(CONFIG, host(), after()).kind == "refused"
    assert UNCHANGED.judge(nested, host(), after(Leak("bundle", "a mount point"), Leak("cgroup", "/sys/fs/cgroup/above")))
    with pytest.raises(Violation):
        UNCHANGED.judge(nested, host(), after(Leak("cgroup", "/sys/fs/cgroup/above/test")))
    for kind in ("process", "mount", "cgroup", "state"):
        with pytest.raises(Violation):
            UNCHANGED.judge(CONFIG, host(), after(Leak(kind, "x")))


@pytest.mark.parametrize("expectation", [NO_CONTAINER, UNCHANGED], ids=lambda each: each.requirement)
def test_a_runtime_that_refuses_everything_is_no_evidence(expectation: Expectation) -> None:
    untried = after()
    untried.twin = None
    with pytest.raises(Inconclusive):
        expectation.judge(CONFIG, host(), untried)


def test_what_was_not_looked_at_is_not_judged() -> None:
    unseen = after()
    unseen.leaks_after_refusal = None
    unasked = after()
    unasked.states = []
    with pytest.raises(Inconclusive):
        NO_CONTAINER.judge(CONFIG, host(), unasked)
    for expectation in (NO_CONTAINER, UNCHANGED):
        for nothing in (unseen, record(CONFIG), record(CONFIG, operations=[operation("create", None)])):
            with pytest.raises(Inconclusive):
                expectation.judge(CONFIG, host(), nothing)
        with pytest.raises(Unexercised):
            expectation.judge(CONFIG, host(), accepted(CONFIG))
