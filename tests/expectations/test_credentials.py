"""Ids, groups, umask, privileges and capability sets: seen right, seen wrong, and not seen at all."""

import errno
import struct
from typing import Any

import pytest

from conformance.expectations import capabilities, credentials
from conformance.expectations.capabilities import Bounds
from conformance.expectations.contract import Expectation, Inconclusive, Violation
from conformance.record.probe import CallResult
from conformance.record.record import Record
from specs.linux.capabilities import mask
from tests.expectations.records import (
    ALL_CAPABILITIES,
    accepted,
    answered,
    host,
    judged,
    named,
    process,
    record,
    refused,
    snapshot,
)

UID = named(credentials.EXPECTATIONS, "config.process.user.uid.effect")
GID = named(credentials.EXPECTATIONS, "config.process.user.gid.effect")
UMASK = named(credentials.EXPECTATIONS, "config.process.user.umask.effect")
GROUPS = named(credentials.EXPECTATIONS, "config.process.user.additionalgids.effect")
NO_NEW_PRIVS = named(credentials.EXPECTATIONS, "config.process.nonewprivileges.effect")
WARN = named(capabilities.EXPECTATIONS, "config.process.capabilities.unmappable-warn")
NO_FAIL = named(capabilities.EXPECTATIONS, "config.process.capabilities.no-fail")


def _set(which: str) -> Expectation:
    return named(capabilities.EXPECTATIONS, f"config.process.capabilities.{which}.effect")


def _user(**members: Any) -> dict[str, Any]:
    return {"process": {"user": members}}


@pytest.mark.parametrize(("expectation", "member"), [(UID, "uid"), (GID, "gid")])
def test_both_ids_have_to_be_the_configured_one(expectation: Expectation, member: str) -> None:
    config = _user(**{member: 1000})
    judged(expectation, answered(expectation, config, 1000, 1000))
    for wrong in ((0, 0), (1000, 0), (0, 1000)):
        with pytest.raises(Violation):
            judged(expectation, answered(expectation, config, *wrong))
    with pytest.raises(Inconclusive):
        judged(expectation, record(config, running=snapshot()))


def test_umask() -> None:
    judged(UMASK, answered(UMASK, _user(umask=0o027), 0o027, 0))
    with pytest.raises(Violation):
        judged(UMASK, answered(UMASK, _user(umask=0o027), 0o022, 0))
    assert UMASK.applies(_user(), host()) is False


def _groups(*gids: int) -> CallResult:
    return CallResult(len(gids), struct.pack(f"<{len(gids)}I", *gids).ljust(4096, b"\0"))


def test_additional_groups_are_among_the_groups() -> None:
    config = _user(additionalGids=[10, 20])
    judged(GROUPS, answered(GROUPS, config, 0, _groups(20, 0, 10)))
    judged(GROUPS, answered(GROUPS, config, 10, _groups(20)))
    with pytest.raises(Violation):
        judged(GROUPS, answered(GROUPS, config, 0, _groups(10)))
    with pytest.raises(Inconclusive):
        judged(GROUPS, answered(GROUPS, config, 0, CallResult(-errno.EINVAL)))
    assert GROUPS.applies(_user(additionalGids=[]), host()) is False


def test_no_new_privileges() -> None:
    config = {"process": {"noNewPrivileges": True}}
    judged(NO_NEW_PRIVS, answered(NO_NEW_PRIVS, config, 1))
    with pytest.raises(Violation):
        judged(NO_NEW_PRIVS, answered(NO_NEW_PRIVS, config, 0))
    assert NO_NEW_PRIVS.applies({"process": {"noNewPrivileges": False}}, host()) is False


def test_bounds() -> None:
    bounds = Bounds(0b001, 0b011)
    assert [bounds.admits(observed) for observed in (0b000, 0b001, 0b011, 0b111)] == [False, True, True, False]


A, B, C = "CAP_CHOWN", "CAP_KILL", "CAP_SETUID"


def _capable(uid: int, *, no_new_privs: bool = False, **sets: list[str]) -> dict[str, Any]:
    return {"process": {"user": {"uid": uid}, "noNewPrivileges": no_new_privs, "capabilities": sets}}


def _has(config: dict[str, Any], **sets: list[str]) -> Record:
    masks = {f"cap_{which}": mask(names) for which, names in sets.items()}
    no_new_privs = config["process"]["noNewPrivileges"]
    return record(config, running=snapshot(process=process(no_new_privs=no_new_privs, **masks)))


def test_execve_fills_the_sets_of_root_from_the_bounding_set() -> None:
    config = _capable(0, bounding=[A, B], permitted=[A], effective=[A])
    seen = _has(config, bounding=[A, B], permitted=[A, B], effective=[A, B])
    for which in ("bounding", "permitted", "effective"):
        judged(_set(which), seen)


def test_root_without_new_privileges_keeps_what_was_permitted() -> None:
    config = _capable(0, no_new_privs=True, bounding=[A, B], inheritable=[C], permitted=[A, C], effective=[A])
    right = _has(config, bounding=[A, B], inheritable=[C], permitted=[A, C], effective=[A, C])
    wrong = _has(config, bounding=[A, B], inheritable=[C], permitted=[A, B], effective=[A, B])
    for which in ("permitted", "effective"):
        judged(_set(which), right)
        with pytest.raises(Violation):
            judged(_set(which), wrong)


def test_others_are_left_with_the_ambient_set() -> None:
    config = _capable(1000, bounding=[A, B, C], inheritable=[A, B], permitted=[A, B, C], effective=[A, B, C], ambient=[B])
    right = _has(config, bounding=[A, B, C], inheritable=[A, B], permitted=[B], effective=[B], ambient=[B])
    wrong = _has(config, bounding=[A, B, C], inheritable=[A, B])
    for which in ("ambient", "permitted", "effective"):
        judged(_set(which), right)
        with pytest.raises(Violation):
            judged(_set(which), wrong)


def test_others_without_ambient_are_left_with_nothing() -> None:
    config = _capable(1000, bounding=[A], permitted=[A], effective=[A])
    judged(_set("permitted"), _has(config, bounding=[A]))
    with pytest.raises(Violation):
        judged(_set("permitted"), _has(config, bounding=[A], permitted=[A, B]))


def test_ambient_needs_permitted_and_inheritable() -> None:
    config = _capable(1000, bounding=[A, B], inheritable=[A], permitted=[B], effective=[], ambient=[A, B])
    judged(_set("ambient"), _has(config, bounding=[A, B], inheritable=[A]))


def test_inheritable_beyond_bounding_cannot_be_granted() -> None:
    config = _capable(0, bounding=[A], inheritable=[A, B])
    judged(_set("inheritable"), _has(config, bounding=[A], inheritable=[A]))
    judged(_set("inheritable"), _has(config, bounding=[A], inheritable=[A, B]))
    with pytest.raises(Violation):
        judged(_set("inheritable"), _has(config, bounding=[A]))


@pytest.mark.parametrize("observed", [[A], [A, B, C]], ids=["dropped too many", "kept too many"])
def test_bounding_set_violated(observed: list[str]) -> None:
    with pytest.raises(Violation):
        judged(_set("bounding"), _has(_capable(0, bounding=[A, B]), bounding=observed))


def test_what_the_harness_lacks_need_not_be_granted() -> None:
    config = _capable(0, bounding=[A, B, "CAP_UNHEARD_OF"])
    lacking = host(capabilities=ALL_CAPABILITIES & ~mask([B]))
    judged(_set("bounding"), _has(config, bounding=[A]), lacking)
    judged(_set("bounding"), _has(config, bounding=[A, B]), lacking)
    with pytest.raises(Violation):
        judged(_set("bounding"), _has(config, bounding=[B]), lacking)


def test_a_set_left_out_is_not_judged() -> None:
    config = _capable(0, bounding=[A])
    assert _set("permitted").applies(config, host()) is False
    assert _set("bounding").applies({"process": {}}, host()) is False


def test_sets_not_seen_show_nothing() -> None:
    with pytest.raises(Inconclusive):
        judged(_set("bounding"), record(_capable(0, bounding=[A])))


@pytest.mark.parametrize("expectation", [WARN, NO_FAIL])
def test_an_unknown_capability_is_no_reason_to_fail(expectation: Expectation) -> None:
    config = _capable(0, bounding=[A, "CAP_UNHEARD_OF"])
    judged(expectation, accepted(config))
    with pytest.raises(Violation):
        judged(expectation, refused(config))
    with pytest.raises(Inconclusive):
        judged(expectation, refused(config, twin_runs=False))
    assert expectation.applies(_capable(0, bounding=[A]), host()) is False


def test_an_ungrantable_capability_is_no_reason_to_fail() -> None:
    lacking = host(capabilities=ALL_CAPABILITIES & ~mask([A]))
    config = _capable(0, bounding=[A])
    judged(NO_FAIL, accepted(config), lacking)
    with pytest.raises(Violation):
        judged(NO_FAIL, refused(config), lacking)
    assert WARN.applies(config, lacking) is False
