"""Compiled filters in force: the kernel takes them, and an agent gets notifications through listenerPath."""

import array
import ctypes
import errno
import fcntl
import json
import os
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.syscall import address, syscall
from reference_runtime.seccomp.compile import Filter, compile_filter
from reference_runtime.seccomp.constants import FLAGS
from reference_runtime.seccomp.notify import process_state, send, take
from reference_runtime.seccomp.support import check, knows
from tests.reference_runtime.children import in_child

RECEIVE, ANSWER = 0xC0502100, 0xC0182101
"""SECCOMP_IOCTL_NOTIF_RECV and _SEND."""
CONTINUE = 1
PR_SET_NO_NEW_PRIVS = 38


def compiled(**members: Any) -> Filter:
    return compile_filter({"defaultAction": "SCMP_ACT_ALLOW", **members}, machine=os.uname().machine)


def denying(*names: str, **members: Any) -> Filter:
    return compiled(syscalls=[{"names": list(names), "action": "SCMP_ACT_ERRNO", **members}])


def confine(filter_: Filter) -> int:
    """Put the calling thread under a filter, as the container's first process does; returns what seccomp(2) does."""
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    program = bytearray(filter_.program)
    # struct sock_fprog: the number of instructions, padding, where they are.
    description = (len(program) // 8).to_bytes(8, "little") + address(program).to_bytes(8, "little")
    return syscall("seccomp", 1, filter_.flags, description)


def priority_error() -> int:
    try:
        os.getpriority(os.PRIO_PROCESS, 0)
    except OSError as error:
        return error.errno or 0
    return 0


def test_a_filter_stops_the_call_and_only_that() -> None:
    def action() -> object:
        before = priority_error()
        assert confine(denying("getpriority", errnoRet=77)) == 0
        return before, priority_error(), os.getpid() > 0

    assert in_child(action) == "(0, 77, True)"


def test_conditions_are_met_in_the_kernel_too() -> None:
    only_groups = [{"index": 0, "op": "SCMP_CMP_EQ", "value": os.PRIO_PGRP}]

    def action() -> object:
        confine(denying("getpriority", args=only_groups))
        os.getpriority(os.PRIO_PROCESS, 0)
        with pytest.raises(PermissionError):
            os.getpriority(os.PRIO_PGRP, 0)
        return "both"

    assert in_child(action) == "both"


@pytest.mark.parametrize("notifies", [False, True])
@pytest.mark.parametrize("flag", FLAGS)
def test_flags_that_the_check_lets_through_install(flag: str, *, notifies: bool) -> None:
    action = "SCMP_ACT_NOTIFY" if notifies else "SCMP_ACT_LOG"
    filter_ = compiled(flags=[flag], syscalls=[{"names": ["getpriority"], "action": action}], listenerPath="/s")
    if not knows(filter_.flags):  # an older kernel
        with pytest.raises(RuntimeFault, match=flag):
            check(filter_)
        return
    check(filter_)
    assert (int(in_child(lambda: confine(filter_))) > 2) == notifies


def test_flags_that_the_kernel_does_not_know_are_refused() -> None:
    assert not knows(1 << 30)
    check(compiled(flags=["SECCOMP_FILTER_FLAG_LOG"]))
    with pytest.raises(RuntimeFault, match="does not know"):
        check(Filter(b"", flags=1 << 30))


class Agent:
    """A seccomp agent: takes one process state and answers the notifications."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(path)
        self._socket.listen()
        self._socket.settimeout(10)

    def accept(self) -> tuple[dict[str, Any], int]:
        """Return the state and the listener; the connection has to be closed after one state."""
        connection, _ = self._socket.accept()
        with connection:
            first, fds, _, _ = socket.recv_fds(connection, 64, 4)
            data = first
            while chunk := connection.recv(65536):
                data += chunk
        (listener,) = fds
        self._socket.close()
        return json.loads(data), listener

    @staticmethod
    def answer(listener: int, *, error: int = 0, flags: int = 0) -> int:
        """Answer the next notification; return the number of the call."""
        request = array.array("B", bytes(80))
        fcntl.ioctl(listener, RECEIVE, request)
        identity, _, _, number = struct.unpack_from("<QIIi", request)
        fcntl.ioctl(listener, ANSWER, struct.pack("<QqiI", identity, 0, -error, flags))
        return int(number)


def forked(filter_: Filter, writing: int) -> int:
    """Start a process that puts itself under a notifying filter."""
    pid = os.fork()
    if pid == 0:
        try:
            confine(filter_)
            os.write(writing, b"%d" % priority_error())
        finally:
            os._exit(0)
    return pid


def notifying(path: Path, name: str) -> Filter:
    entry = {"names": [name], "action": "SCMP_ACT_NOTIFY"}
    return compiled(syscalls=[entry], listenerPath=str(path), listenerMetadata="opaque")


@pytest.mark.parametrize("directory", ["short", "long" * 30])
def test_the_agent_gets_state_and_listener(tmp_path: Path, directory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is larger than a socket's buffer; the long path is longer than an address."""
    (tmp_path / directory).mkdir()
    monkeypatch.chdir(tmp_path / directory)
    agent = Agent("agent.sock")
    filter_ = notifying(tmp_path / directory / "agent.sock", "getpriority")
    reading, writing = os.pipe()
    pid = forked(filter_, writing)
    os.close(writing)
    listener = take(pid, 3)
    state = process_state(
        oci_version="1.3.0", pid=pid, metadata=filter_.listener_metadata, state={"id": "c", "pad": "x" * 400_000}
    )
    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(agent.accept)
        send(filter_.listener_path, json.dumps(state).encode(), listener)
        os.close(listener)
        document, theirs = received.result()
    assert document == state
    assert (document["fds"], document["pid"], document["metadata"]) == (["seccompFd"], pid, "opaque")
    Agent.answer(theirs, error=errno.EXDEV)
    assert finished(pid, reading, theirs) == str(errno.EXDEV)


def test_a_process_that_cannot_even_write_is_notified(tmp_path: Path) -> None:
    """Once under its filter it can tell nobody: the descriptor is taken without its help."""
    reading, writing = os.pipe()
    pid = forked(notifying(tmp_path / "unused", "write"), writing)
    os.close(writing)
    listener = take(pid, 3)
    Agent.answer(listener, flags=CONTINUE)
    assert finished(pid, reading, listener) == "0"


def finished(pid: int, reading: int, listener: int) -> str:
    with open(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    os.close(listener)
    return text


def test_a_process_that_ends_ends_the_wait() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    with pytest.raises(RuntimeFault, match="ended before"):
        take(pid, 3)
    os.waitpid(pid, 0)


def test_no_agent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeFault, match="no such file or directory") as refusal:
        send(str(tmp_path / "nobody"), b"{}", 0)
    assert refusal.value.where == "$.linux.seccomp.listenerPath"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wrong:
        wrong.bind(str(tmp_path / "datagram"))
        with pytest.raises(RuntimeFault):
            send(str(tmp_path / "datagram"), b"{}", 0)
