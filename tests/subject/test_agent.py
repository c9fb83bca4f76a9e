"""The seccomp agent, told things over real sockets."""

import array
import os
import socket
from pathlib import Path

from conformance.record.agent import AgentConnection
from conformance.subject.agent import SeccompAgent


def _told(path: Path, *packets: tuple[bytes, tuple[int, ...]], closes: bool = True) -> AgentConnection:
    with SeccompAgent(str(path)) as agent, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as runtime:
        runtime.connect(str(path))
        for data, descriptors in packets:
            runtime.sendmsg(
                [data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
            )
        if closes:
            runtime.close()
        agent.collect()
        (connection,) = agent.connections
        return connection


def test_descriptors_that_come_first(tmp_path: Path) -> None:
    with open(os.devnull, "rb") as null:
        connection = _told(tmp_path / "agent", (b"abc", (null.fileno(),)), (b"def", ()))
    assert (connection.payload, connection.closed) == (b"abcdef", True)
    assert connection.messages[0].descriptors == (os.devnull,)
    assert connection.descriptors == (os.devnull,)


def test_descriptors_that_come_late(tmp_path: Path) -> None:
    with open(os.devnull, "rb") as null:
        connection = _told(tmp_path / "agent", (b"abc", ()), (b"def", (null.fileno(), null.fileno())))
    assert connection.payload == b"abcdef"
    assert connection.messages[0].descriptors == ()
    assert connection.descriptors == (os.devnull, os.devnull)


def test_a_connection_that_is_kept_open(tmp_path: Path) -> None:
    connection = _told(tmp_path / "agent", (b"abc", ()), closes=False)
    assert (connection.payload, connection.closed) == (b"abc", False)


def test_nobody_and_nothing(tmp_path: Path) -> None:
    path = tmp_path / "agent"
    with SeccompAgent(str(path)) as agent:
        agent.collect()
        assert agent.connections == []
    assert not path.exists()
    assert _told(path) == AgentConnection((), closed=True)
