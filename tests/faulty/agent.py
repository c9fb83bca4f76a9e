"""Faults in what reaches the seccomp agent: taken from the real runtime on the way, and passed on altered."""

import array
import contextlib
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faulty.call import Behaviour, Call

_DEVICE = "/dev/null"
Packet = tuple[bytes, list[int]]
"""What one sendmsg(2) sends: data, and descriptors."""
Alter = Callable[[dict[str, Any], int], list[Packet]]
"""From the process state and the listener's descriptor to what is sent in place of them."""


def _relayed(alter: Alter, *, hold: float = 0.0) -> Behaviour:
    """Let the real runtime talk to a socket of ours, and the agent hear what `alter` makes of it.

    With `hold` a child keeps the connection open that many seconds.
    """

    def behaviour(call: Call) -> int:
        if call.operation != "create":
            return call.run()
        path = Path(call.rest[call.rest.index("--bundle") + 1], "config.json")
        original = path.read_bytes()
        config = json.loads(original)
        seccomp = config["linux"].get("seccomp", {})
        agent = seccomp.get("listenerPath")
        if agent is None or not Path(agent).exists():
            return call.run()
        seccomp["listenerPath"] = f"{agent}.relay"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as relay:
            relay.bind(seccomp["listenerPath"])
            relay.listen()
            path.write_text(json.dumps(config))
            try:
                status = call.run()
            finally:
                path.write_bytes(original)
                os.unlink(seccomp["listenerPath"])
            relay.settimeout(1)
            with contextlib.suppress(TimeoutError):
                _pass_on(relay, agent, alter, hold)
        return status

    return behaviour


def _pass_on(relay: socket.socket, agent: str, alter: Alter, hold: float) -> None:
    with relay.accept()[0] as connection:
        data, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 8)
    packets = alter(json.loads(data), descriptors[0])
    if not packets:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as out:
        out.connect(agent)
        for content, numbers in packets:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", numbers))] if numbers else []
            out.sendmsg([content], rights)
        if hold and os.fork() == 0:
            # The harness waits for the end of our standard streams.
            os.closerange(0, 3)
            time.sleep(hold)
            os._exit(0)


def _with(**members: object) -> Alter:
    """Set members of the process state; None removes one."""

    def alter(state: dict[str, Any], listener: int) -> list[Packet]:
        merged = {name: value for name, value in (state | members).items() if value is not None}
        return [(json.dumps(merged).encode(), [listener])]

    return alter


def _as_it_is(state: dict[str, Any], listener: int) -> list[Packet]:
    return [(json.dumps(state).encode(), [listener])]


def _swapped(state: dict[str, Any], listener: int) -> list[Packet]:
    other = os.open(_DEVICE, os.O_RDONLY)
    return [(json.dumps(state | {"fds": ["seccompFd", "other"]}).encode(), [other, listener])]


def _descriptors_late(state: dict[str, Any], listener: int) -> list[Packet]:
    text = json.dumps(state).encode()
    return [(text[:9], []), (text[9:], [listener])]


AGENT_BEHAVIOURS: dict[str, Behaviour] = {
    "agent_hears_nothing": _relayed(lambda _state, _listener: []),
    "agent_hears_it_twice": _relayed(lambda state, listener: _as_it_is(state, listener) * 2),
    "agent_is_kept_waiting": _relayed(_as_it_is, hold=3.0),
    "agent_gets_no_descriptor": _relayed(lambda state, _listener: [(json.dumps(state | {"fds": []}).encode(), [])]),
    "agent_gets_no_names": _relayed(_with(fds=["seccompFd", "other"])),
    "agent_gets_another_name": _relayed(_with(fds=["listener"])),
    "agent_gets_descriptors_swapped": _relayed(_swapped),
    "agent_gets_descriptors_late": _relayed(_descriptors_late),
    "agent_hears_no_json": _relayed(lambda state, listener: [(repr(state).encode(), [listener])]),
    "agent_hears_no_version": _relayed(_with(ociVersion=None)),
    "agent_hears_another_pid": _relayed(_with(pid=1)),
    "agent_hears_no_state": _relayed(_with(state=None)),
    "agent_hears_other_metadata": _relayed(_with(metadata="other")),
}
