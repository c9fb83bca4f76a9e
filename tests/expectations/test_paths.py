"""Masked and read-only paths, judged from what a program inside would get."""

import errno
import struct
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.expectations.contract import Evidence, Inconclusive, Violation
from conformance.expectations.paths import EXPECTATIONS
from conformance.record.config import edited, put
from conformance.record.probe import CallResult
from tests.expectations.containers import Container, mount, named, on, with_mounts
from tests.expectations.records import accepted, host, record, refused

MASKED, READONLY = "linux.maskedpaths.effect", "linux.readonlypaths.effect"


def judge(requirement: str, container: Container) -> Evidence:
    found = named(requirement, EXPECTATIONS)
    assert found.applies(container.config, host()) is True
    return found.judge(container.config, host(), container.record(found))


def applies(requirement: str, config: dict[str, Any]) -> object:
    return named(requirement, EXPECTATIONS).applies(config, host())


def names(*entries: str) -> CallResult:
    """Return what getdents64 gives for these names."""
    rows = [name.encode().ljust(5 + -len(name) % 8, b"\0") for name in entries]
    data = b"".join(struct.pack("=QqHB", 1, 0, 19 + len(row), 4) + row for row in rows)
    return CallResult(len(data), data.ljust(1024, b"\0"))


def content(data: bytes) -> CallResult:
    return CallResult(len(data), data.ljust(64, b"\0"))


OPEN, CLOSED = CallResult(5), CallResult(0)
IS_DIRECTORY, NO_DIRECTORY = CallResult(-errno.EISDIR), CallResult(-errno.ENOTDIR)


def reading(*results: CallResult) -> Container:
    return Container(with_mounts(maskedPaths=["/secret"]), calls={"read /secret": results})


def failed(number: int) -> list[CallResult]:
    return [CallResult(-number)] * 4


@pytest.mark.parametrize(
    "results",
    [(OPEN, content(b""), NO_DIRECTORY, CLOSED), (OPEN, IS_DIRECTORY, names(".", ".."), CLOSED), failed(errno.ENXIO)],
)
def test_what_cannot_be_read_is_masked(results: Sequence[CallResult]) -> None:
    assert judge(MASKED, reading(*results))


@pytest.mark.parametrize(
    "results", [(OPEN, content(b"text"), NO_DIRECTORY, CLOSED), (OPEN, IS_DIRECTORY, names(".", "..", "within"), CLOSED)]
)
def test_what_can_be_read_is_not_masked(results: Sequence[CallResult]) -> None:
    with pytest.raises(Violation):
        judge(MASKED, reading(*results))


@pytest.mark.parametrize("results", [failed(errno.ENOENT), failed(errno.EACCES), [CallResult(0)] * 4])
def test_a_path_that_is_not_there_or_not_opened_shows_nothing(results: Sequence[CallResult]) -> None:
    with pytest.raises(Inconclusive):
        judge(MASKED, reading(*results))


def test_without_an_answer_nothing_is_judged() -> None:
    for requirement, config in ((MASKED, with_mounts(maskedPaths=["/a"])), (READONLY, with_mounts(readonlyPaths=["/a"]))):
        with pytest.raises(Inconclusive):
            named(requirement, EXPECTATIONS).judge(config, host(), record(config))


def test_paths_that_differ_by_reader_or_hide_each_other_are_left_alone() -> None:
    for path in ("/proc/self/environ", "/proc/mounts", "/dev/stdin", "/proc/1/maps", "secret"):
        assert applies(MASKED, with_mounts(maskedPaths=[path])) is False
        assert applies(READONLY, with_mounts(readonlyPaths=[path])) is False
    assert applies(READONLY, with_mounts(readonlyPaths=["/a/b"], maskedPaths=["/a"])) is False
    assert applies(READONLY, with_mounts(readonlyPaths=["/a/b"], maskedPaths=["a"])) is False
    assert applies(MASKED, with_mounts(maskedPaths=["/a"], namespaces=[])) is False


def writing(access: int, unnamed: int, *, options: tuple[str, ...] = ("rw",), mode: int = 0o100644) -> Container:
    results = (CallResult(-errno.ENOENT), CallResult(access), CallResult(unnamed), CallResult(0))
    return Container(
        with_mounts(readonlyPaths=["/fixed"]),
        (mount(10, "/fixed", options=options),),
        {"/fixed": on(10, mode=mode)},
        {"write /fixed": results},
    )


def test_what_cannot_be_written_is_read_only() -> None:
    assert judge(READONLY, writing(-errno.EROFS, -errno.ENOTDIR)).observed == ["EROFS"]
    assert judge(READONLY, writing(-errno.EACCES, -errno.EROFS, mode=0o040755)).observed == ["EROFS"]
    assert judge(READONLY, writing(-errno.EACCES, -errno.ENOTDIR, options=("ro",))).observed == ["ro"]
    assert judge(READONLY, writing(0, -errno.ENOTDIR, options=("ro",), mode=0o020666)).observed == ["ro"]


def test_what_can_be_written_is_not() -> None:
    for wrong in (
        writing(0, -errno.ENOTDIR),
        writing(0, 5, mode=0o040755),
        writing(-errno.EACCES, -errno.EOPNOTSUPP, mode=0o040755),
    ):
        with pytest.raises(Violation):
            judge(READONLY, wrong)


def test_a_missing_path_or_one_masked_under_another_name_shows_nothing() -> None:
    container = writing(0, -errno.ENOTDIR)
    container.paths = {}
    with pytest.raises(Inconclusive):
        judge(READONLY, container)
    container.config = edited(container.config, (put("/linux/maskedPaths", ["/alias"]),))
    container.paths = {"/fixed": on(10), "/alias": on(10)}
    with pytest.raises(Inconclusive):
        judge(READONLY, container)


def test_a_seccomp_filter_leaves_nothing_to_judge() -> None:
    container = writing(0, -errno.ENOTDIR)
    rule = {"names": ["faccessat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}
    container.config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    with pytest.raises(Inconclusive):
        judge(READONLY, container)


@pytest.mark.parametrize("kind", ["maskedPaths", "readonlyPaths"])
def test_relative_paths_have_to_be_refused(kind: str) -> None:
    found = named(f"linux.{kind.lower()}.absolute", EXPECTATIONS)
    config = with_mounts(**{kind: ["/absolute", "relative"]})
    assert found.applies(config, host()) is True
    assert found.applies(with_mounts(**{kind: ["/absolute"]}), host()) is False
    assert found.judge(config, host(), refused(config)).kind == "refused"
    with pytest.raises(Violation):
        found.judge(config, host(), accepted(config))
