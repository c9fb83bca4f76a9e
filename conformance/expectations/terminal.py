"""config.md, Process: whether the program's standard streams are a terminal, and how large that is."""

import errno
import struct
from collections.abc import Sequence

from conformance.expectations.calls import FileStatus, results, status_of
from conformance.expectations.contract import Applicability, Evidence, Expectation, Inconclusive, equal, running, violated
from conformance.expectations.tolerance import must_be_accepted
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, CallResult, Out
from conformance.record.record import Record

_TIOCGWINSZ = 0x5413
_AT_EMPTY_PATH = 0x1000
_STATX_BASIC_STATS = 0x7FF
_STREAMS = (0, 1, 2)

STREAMS = Action(
    "look at the standard streams",
    tuple(
        call
        for stream in _STREAMS
        for call in (
            Call("ioctl", (stream, _TIOCGWINSZ, Out(8))),
            Call("statx", (stream, b"\0", _AT_EMPTY_PATH, _STATX_BASIC_STATS, Out(256))),
        )
    ),
)
"""Only a terminal has a window size (ioctl_tty(2)); its file tells which terminal."""


def _wants_terminal(config: Config, _host: Host) -> Applicability:
    return lookup(config, "/process/terminal") is True


def _wants_none(config: Config, _host: Host) -> Applicability:
    return lookup(config, "/process") is not None and lookup(config, "/process/terminal") in {None, False}


def _terminals(config: Config, record: Record) -> dict[int, bool]:
    """Say of each standard stream whether it is a terminal."""
    return {stream: _is_terminal(result) for stream, result in zip(_STREAMS, _sizes(config, record), strict=True)}


def _sizes(config: Config, record: Record) -> Sequence[CallResult]:
    return results(config, record, STREAMS)[::2]


def _is_terminal(result: CallResult) -> bool:
    if result.errno in {errno.ENOTTY, errno.EBADF, errno.EINVAL}:
        return False
    # A terminal whose master side is closed answers with EIO, which nothing else does.
    if result.value != 0 and result.errno != errno.EIO:
        raise Inconclusive(f"TIOCGWINSZ gave no answer (error {result.errno})")
    return True


def _no_terminal(config: Config, _host: Host, record: Record) -> Evidence:
    """Judge what the runtime hands on: the harness calls it with pipes."""
    terminals = [stream for stream, is_one in _terminals(config, record).items() if is_one]
    if terminals:
        violated(expected="no standard stream is a terminal", observed={"terminals": terminals})
    return Evidence("no standard stream is a terminal", "none has a window size")


def _one_terminal(config: Config, _host: Host, record: Record) -> Evidence:
    others = [stream for stream, is_one in _terminals(config, record).items() if not is_one]
    if others:
        violated(expected="each standard stream is a terminal", observed={"none": others})
    files: Sequence[FileStatus] = [status_of(result) for result in results(config, record, STREAMS)[1::2]]
    if len({file.identity for file in files}) != 1:
        violated(expected="the standard streams are one terminal", observed=files)
    return Evidence("the standard streams are one terminal", files[0])


def _console(_config: Config, _host: Host, record: Record) -> Evidence:
    """Judge by the mount table: a pty's name in its devpts is its number, and so is the minor of its device."""
    seen = running(record)
    terminal = seen.process.tty
    if not terminal:
        raise Inconclusive("the program has no controlling terminal")
    expected = {"fstype": "devpts", "root": f"/{_minor(terminal)}"}
    mount = seen.mount_at("/dev/console")
    return equal(expected=expected, observed=mount and {"fstype": mount.fstype, "root": mount.root}, evidence=mount)


def _minor(device: int) -> int:
    """Return the minor number in a device number as /proc/PID/stat writes it."""
    return device & 0xFF | device >> 12 & 0xFFF00


def _sets_size(config: Config, _host: Host) -> Applicability:
    size = lookup(config, "/process/consoleSize")
    return lookup(config, "/process/terminal") is True and isinstance(size, dict) and {"height", "width"} <= size.keys()


def _size_set(config: Config, _host: Host, record: Record) -> Evidence:
    size = lookup(config, "/process/consoleSize")
    stdin = _sizes(config, record)[0]
    if stdin.value != 0 or len(stdin.data) < 4:
        raise Inconclusive(f"stdin shows no size (error {stdin.errno})")
    return equal(expected=(size["height"], size["width"]), observed=struct.unpack_from("=HH", stdin.data))


def _size_without_terminal(config: Config, host: Host) -> Applicability:
    return lookup(config, "/process/consoleSize") is not None and _wants_none(config, host) is True


def _size_ignored(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_accepted(
        record, despite="consoleSize without a terminal", oddities=lambda of: lookup(of, "/process/consoleSize")
    )


def _asks(_config: Config, _host: Host) -> Sequence[Action]:
    return (STREAMS,)


EXPECTATIONS = (
    Expectation(requirement="linux.default-devices.console", applies=_wants_terminal, judge=_console),
    Expectation(
        requirement="config.process.terminal.default", applies=_wants_none, probes=_asks, judge=_no_terminal, sees="probe"
    ),
    Expectation(
        requirement="config.process.terminal.linux-pty",
        applies=_wants_terminal,
        probes=_asks,
        judge=_one_terminal,
        sees="probe",
    ),
    Expectation(requirement="config.process.consolesize.effect", applies=_sets_size, probes=_asks, judge=_size_set, sees="probe"),
    Expectation(
        requirement="config.process.consolesize.ignored",
        applies=_size_without_terminal,
        judge=_size_ignored,
        sees="runtime",
        judges_refusal=True,
    ),
)
