"""The root filesystem and its propagation."""

import errno
from dataclasses import replace
from typing import Any

import pytest

from conformance.expectations import propagation, root
from conformance.expectations.contract import Evidence, Inconclusive, Unexercised, Violation
from conformance.record.probe import CallResult
from tests.expectations.containers import Container, entry, mount, named, on, with_mounts
from tests.expectations.records import host, record

ALL = (*root.EXPECTATIONS, *propagation.EXPECTATIONS)
PATH, READONLY = "config.root.path.posix-relative", "config.root.readonly.effect"


def judge(requirement: str, container: Container) -> Evidence:
    found = named(requirement, ALL)
    return found.judge(container.config, host(), container.record(found))


def reading(*results: CallResult) -> Container:
    return Container(calls={root.READ_MARKER.name: results})


def test_the_marker_tells_which_root_it_is() -> None:
    right = CallResult(len(root.MARKER_CONTENT), root.MARKER_CONTENT + b"\0")
    assert judge(PATH, reading(CallResult(5), right, CallResult(0)))
    for wrong in (
        reading(*[CallResult(-errno.ENOENT)] * 3),
        reading(CallResult(5), CallResult(5, b"other".ljust(len(root.MARKER_CONTENT) + 1, b"\0")), CallResult(0)),
    ):
        with pytest.raises(Violation):
            judge(PATH, wrong)
    for nothing in (reading(*[CallResult(-errno.EACCES)] * 3), reading(*[CallResult(0)] * 3), Container()):
        with pytest.raises(Inconclusive):
            judge(PATH, nothing)


def readonly(value: int, *mounts_: Any, **changes: Any) -> Container:
    config = with_mounts(*mounts_)
    config["root"]["readonly"] = True
    return Container(config, calls={"write into /": (CallResult(value), CallResult(0))}, **changes)


def test_nothing_can_be_written_to_a_read_only_root() -> None:
    assert judge(READONLY, readonly(-errno.EROFS)).observed == "EROFS"
    with pytest.raises(Violation):
        judge(READONLY, readonly(5))
    with pytest.raises(Violation):
        judge(READONLY, readonly(-errno.EACCES))
    aliased = readonly(5, entry("/link"), mounts=(mount(10, "/"),), paths={"/": on(10), "/link": on(10)})
    with pytest.raises(Inconclusive):
        judge(READONLY, aliased)


def test_a_read_only_root_that_shows_by_its_flag_alone() -> None:
    container = readonly(-errno.EACCES, mounts=(mount(10, "/", options=("ro",)),), paths={"/": on(10)})
    assert judge(READONLY, container).observed == "ro"
    found = named(READONLY, ALL)
    own = container.record(found)
    own.runtime = replace(own.runtime, kernel="own")
    with pytest.raises(Inconclusive):
        found.judge(container.config, host(), own)
    with pytest.raises(Inconclusive):
        found.judge(container.config, host(), record(container.config))


def test_where_readonly_is_exercised() -> None:
    found = named(READONLY, ALL)
    assert found.applies(readonly(0).config, host()) is True
    assert found.applies(with_mounts(), host()) is False
    assert found.applies(readonly(0, entry("/")).config, host()) is False


@pytest.mark.parametrize(
    ("value", "right", "wrong"),
    [
        ("shared", {"shared": 3}, {}),
        ("slave", {"master": 3}, {}),
        ("private", {}, {"master": 3}),
        ("private", {}, {"shared": 3}),
        ("unbindable", {"unbindable": True}, {}),
    ],
)
def test_propagation_of_the_root(value: str, right: dict[str, Any], wrong: dict[str, Any]) -> None:
    requirement, config = f"linux.rootfspropagation.{value}", with_mounts(rootfsPropagation=value)
    assert named(requirement, ALL).applies(config, host()) is (value != "slave")
    assert judge(requirement, Container(config, (mount(10, "/", **right),), {"/": on(10)}))
    with pytest.raises(Violation):
        judge(requirement, Container(config, (mount(10, "/", **wrong),), {"/": on(10)}))
    with pytest.raises(Inconclusive):
        named(requirement, ALL).judge(config, host(), record(config))


def test_propagation_that_is_not_asked_for() -> None:
    with pytest.raises(Unexercised):
        judge("linux.rootfspropagation.slave", Container(with_mounts()))
    joined = [{"type": "mount", "path": "/held"}]
    with pytest.raises(Unexercised):
        judge("linux.rootfspropagation.slave", Container(with_mounts(rootfsPropagation="slave", namespaces=joined)))
    assert named("linux.rootfspropagation.private", ALL).applies(with_mounts(rootfsPropagation="shared"), host()) is False


def test_a_mount_over_the_root_shows_nothing_of_it() -> None:
    config = with_mounts(entry("/link"), rootfsPropagation="shared")
    with pytest.raises(Inconclusive):
        judge("linux.rootfspropagation.shared", Container(config, (mount(10, "/"),), {"/": on(10), "/link": on(10)}))
