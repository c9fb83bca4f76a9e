"""Terminals: there or not, one or several, and of which size."""

import errno
import struct
from typing import Any

import pytest

from conformance.expectations.contract import Inconclusive, Violation
from conformance.expectations.terminal import EXPECTATIONS
from conformance.record.probe import CallResult
from conformance.record.record import Record
from tests.expectations.records import accepted, answered, host, judged, named, record, refused

NONE = named(EXPECTATIONS, "config.process.terminal.default")
PTY = named(EXPECTATIONS, "config.process.terminal.linux-pty")
SIZE = named(EXPECTATIONS, "config.process.consolesize.effect")
IGNORED = named(EXPECTATIONS, "config.process.consolesize.ignored")

PLAIN: dict[str, Any] = {"process": {"args": ["/probe"]}}
TERMINAL: dict[str, Any] = {"process": {"terminal": True, "consoleSize": {"height": 31, "width": 97}}}
PIPE = CallResult(-errno.ENOTTY)


def tty(rows: int = 31, columns: int = 97) -> CallResult:
    return CallResult(0, struct.pack("=HHHH", rows, columns, 0, 0))


def file(inode: int = 5) -> CallResult:
    data = bytearray(256)
    struct.pack_into("<HxxxxxxxxxxQ", data, 28, 0o020620, 0)
    struct.pack_into("<Q", data, 32, inode)
    return CallResult(0, bytes(data))


def streams(config: dict[str, Any], *looks: CallResult) -> Record:
    """Return the record of a program whose three streams answer so; all on one file unless six answers are given."""
    results = looks if len(looks) == 6 else [answer for look in looks for answer in (look, file())]
    return answered(NONE, config, *results)


def test_no_terminal() -> None:
    judged(NONE, streams(PLAIN, PIPE, PIPE, PIPE))
    for wrong in (tty(), CallResult(-errno.EIO)):
        with pytest.raises(Violation):
            judged(NONE, streams(PLAIN, PIPE, PIPE, wrong))
    with pytest.raises(Inconclusive):
        judged(NONE, streams(PLAIN, PIPE, PIPE, CallResult(-errno.EPERM)))
    for other in (TERMINAL, {}):
        assert NONE.applies(other, host()) is False


def test_one_terminal() -> None:
    judged(PTY, streams(TERMINAL, tty(), tty(), tty()))
    for wrong in ((tty(), tty(), PIPE), (tty(), file(5), tty(), file(5), tty(), file(6))):
        with pytest.raises(Violation):
            judged(PTY, streams(TERMINAL, *wrong))
    assert PTY.applies(PLAIN, host()) is False


def test_its_size() -> None:
    judged(SIZE, streams(TERMINAL, tty(), tty(), tty()))
    with pytest.raises(Violation):
        judged(SIZE, streams(TERMINAL, tty(97, 31), tty(), tty()))
    with pytest.raises(Inconclusive):
        judged(SIZE, streams(TERMINAL, PIPE, PIPE, PIPE))
    assert SIZE.applies({"process": {"terminal": True}}, host()) is False


def test_a_size_without_a_terminal_is_no_reason_for_an_error() -> None:
    config = {"process": {"consoleSize": {"height": 1, "width": 1}}}
    judged(IGNORED, accepted(config))
    with pytest.raises(Violation):
        judged(IGNORED, refused(config))
    for nothing in (refused(config, twin_runs=False), record(config)):
        with pytest.raises(Inconclusive):
            judged(IGNORED, nothing)
    assert IGNORED.applies(TERMINAL, host()) is False
