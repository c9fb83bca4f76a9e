"""The host's side of the protocol: time limits, probes that vanish."""

import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.bundle.layout import BUFFER, BUFFER_SIZE, REPLY, REQUEST
from conformance.bundle.proxy import ProbeGone, ProbeSilent, Proxy
from specs.linux.syscalls import numbers
from tests.bundle.probes import NATIVE, talking

NUMBERS = numbers(NATIVE)
_SECONDS = 10.0


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with talking(tmp_path, NATIVE) as (proxy, _):
        yield proxy


def sleep(seconds: float) -> bytes:
    return struct.pack("<qq", int(seconds), int(seconds % 1 * 1e9))


def test_a_probe_that_is_killed_is_gone(tmp_path: Path) -> None:
    with talking(tmp_path, NATIVE) as (proxy, process):
        proxy.call(NUMBERS["getpid"], timeout=_SECONDS)
        process.kill()
        process.wait()
        for _ in range(2):
            with pytest.raises(ProbeGone):
                proxy.call(NUMBERS["getpid"], timeout=_SECONDS)


def test_a_probe_that_ends_in_a_call_is_gone(proxy: Proxy) -> None:
    with pytest.raises(ProbeGone):
        proxy.call(NUMBERS["exit_group"], 3, timeout=_SECONDS)


def test_a_slow_probe_is_silent_in_time_and_its_late_reply_is_dropped(tmp_path: Path) -> None:
    with talking(tmp_path, NATIVE) as (proxy, process):
        begin = time.monotonic()
        with pytest.raises(ProbeSilent):
            proxy.call(NUMBERS["nanosleep"], BUFFER, 0, data=sleep(0.4), out=16, timeout=0.05)
        assert 0.05 <= time.monotonic() - begin < 0.35
        assert proxy.call(NUMBERS["getppid"], timeout=_SECONDS) == (os.getpid(), b"")
        assert proxy.call(NUMBERS["getpid"], timeout=_SECONDS) == (process.pid, b"")


def test_nobody_who_reads_makes_a_large_request_silent() -> None:
    unread, to_nobody = os.pipe()
    from_nobody, unwritten = os.pipe()
    proxy = Proxy(to_nobody, from_nobody, NATIVE)
    try:
        with pytest.raises(ProbeSilent):
            proxy.call(0, data=bytes(BUFFER_SIZE), timeout=0.05)
    finally:
        proxy.close()
        os.close(unread)
        os.close(unwritten)


def test_drain_forgets_what_a_runtime_wrote_before(tmp_path: Path) -> None:
    unread, to_nobody = os.pipe()
    from_somebody, somebody = os.pipe()
    proxy = Proxy(to_nobody, from_somebody, NATIVE)
    try:
        os.write(somebody, b"runtime says hello\n")
        assert proxy.drain() == b"runtime says hello\n"
        assert proxy.drain() == b""
        os.write(somebody, REPLY.pack(5) + b"ab")
        assert proxy.call(39, out=2, timeout=_SECONDS) == (5, b"ab")
        assert os.read(unread, 200) == REQUEST.pack(39, 0, 0, 0, 0, 0, 0, 0, 2, 0)
    finally:
        proxy.close()
        os.close(unread)
        os.close(somebody)


@pytest.mark.parametrize(
    ("arguments", "data", "out"), [((0,) * 7, b"", 0), ((), bytes(BUFFER_SIZE + 1), 0), ((), b"", BUFFER_SIZE + 1)]
)
def test_what_does_not_fit_into_a_request_is_refused(proxy: Proxy, arguments: tuple[int, ...], data: bytes, out: int) -> None:
    with pytest.raises(ValueError, match="don't fit"):
        proxy.call(NUMBERS["getpid"], *arguments, data=data, out=out, timeout=_SECONDS)
    assert proxy.call(NUMBERS["getpid"], timeout=_SECONDS)[0] > 0
