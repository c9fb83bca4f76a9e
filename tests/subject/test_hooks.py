"""Hooks are stopped, looked at and let go, whatever they or the runtime do.

Hooks that misbehave are Python processes with the command line of the hook probe that speak its protocol.
"""

import json
import os
import platform
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.bundle import layout, probe
from conformance.bundle.program import Kind
from conformance.record.operation import Operation, Status
from conformance.subject.adapter import adapter_for
from conformance.subject.hook_process import Surroundings, namespaces
from conformance.subject.hooks import BUFFER, HookListener
from conformance.subject.runtime import Runtime, read_pid_file
from conformance.subject.spawn import spawn
from tests.subject.programs import PYTHON, shell

OPERATION_OF = {
    "prestart": "create",
    "createRuntime": "create",
    "createContainer": "create",
    "startContainer": "start",
    "poststart": "start",
    "poststop": "delete",
}
NUMBERS = {"read": 0, "exit_group": 231} if platform.machine() == "x86_64" else {"read": 63, "exit_group": 94}

STAND_IN = f"""
import os, socket, struct, time
word = open("/proc/self/cmdline").read().split("\\0")
if word[0] == "hook":
    mood = word[4] if len(word) > 5 else ""
    link = socket.socket(socket.AF_UNIX)
    link.connect(word[1])
    if mood == "mute":
        time.sleep(1000)
    elif mood == "gone":
        os._exit(0)
    elif mood == "rubbish":
        link.sendall(b"x" * 1000)
    while request := link.recv(80, socket.MSG_WAITALL):
        number, fd, buffer, size, _, _, _, length, wanted, flags = struct.unpack("<10Q", request)
        if number == {NUMBERS["exit_group"]}:
            os._exit(fd)
        assert (number, buffer, length, flags) == ({NUMBERS["read"]}, {BUFFER}, 0, 0), request
        data = os.read(fd, min(size, 5000))
        link.sendall(struct.pack("<q", -9 if mood == "refuses" else len(data)) + data.ljust(wanted, b"?"))
    os._exit(111)
"""


@pytest.fixture
def socket_path(tmp_path: Path) -> str:
    return str(tmp_path / "socket")


def environment(tmp_path: Path) -> dict[str, str]:
    """Return what makes a Python called "hook" run the stand-in before it reads its arguments."""
    directory = tmp_path / "stand-in"
    directory.mkdir(exist_ok=True)
    (directory / "sitecustomize.py").write_text(STAND_IN)
    return {"PYTHONPATH": str(directory), "PYTHONHOME": sys.base_prefix, "WORD": "value"}


@pytest.fixture
def hook(tmp_path: Path, socket_path: str) -> Iterator[Any]:
    """Return a function that starts a hook process with some stdin, None for one that has no end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str, stdin: bytes | None = b"") -> subprocess.Popen[bytes]:
        given = subprocess.PIPE if stdin is None else os.memfd_create("stdin")
        if stdin is not None:
            os.pwrite(given, stdin, 0)
        process = subprocess.Popen(["hook", socket_path, *words], executable=PYTHON, env=environment(tmp_path), stdin=given)
        started.append(process)
        if stdin is not None:
            os.close(given)
        return process

    yield start
    for process in started:
        if process.stdin is not None:
            process.stdin.close()
        process.kill()
        process.wait()


def listen(
    path: str,
    *,
    marker: str = "/",
    seconds: float = 5.0,
    rootfs: str = "",
    paths: dict[tuple[str, int], str] | None = None,
    **options: Any,
) -> HookListener:
    surroundings = Surroundings(marker=marker, rootfs=rootfs, paths=paths or {})
    return HookListener(path, machine=platform.machine(), surroundings=surroundings, seconds=seconds, **options)


def test_a_hook_is_seen_in_full_and_ends_as_told(socket_path: str, hook: Any) -> None:
    state = {"ociVersion": "1.0.2", "pid": os.getpid(), "text": "x" * 9000}
    with listen(socket_path, exits={("prestart", 1): 42}) as listener:
        listener.operation = "create"
        process = hook("prestart", "1", "extra", stdin=json.dumps(state).encode())
        assert listener.wait(5)
        assert process.wait(5) == 42
    (call,) = listener.calls
    assert (call.kind, call.index, call.operation, call.pid) == ("prestart", 1, "create", process.pid)
    assert call.argv == ("hook", socket_path, "prestart", "1", "extra")
    assert "WORD=value" in call.environ
    assert call.stdin == json.dumps(state).encode()
    assert call.state == state
    assert call.namespaces == namespaces(os.getpid()) == call.container_namespaces
    assert {"pid", "mnt", "user", "net"} <= set(call.namespaces)
    assert call.root_has_marker
    assert call.container_exe == os.readlink("/proc/self/exe")
    assert call.container_alive
    assert call.exit_status == 42
    assert call.arrived < call.released < call.arrived + 5
    assert not listener.problems
    assert not os.path.exists(socket_path)


def test_other_hooks_end_with_success_and_in_order(socket_path: str, hook: Any) -> None:
    with listen(socket_path, exits={("poststop", 0): 1}) as listener:
        for index in ("0", "1"):
            process = hook("poststart", index)
            assert listener.wait(5)
            assert process.wait(5) == 0
    assert [(call.kind, call.index, call.exit_status) for call in listener.calls] == [("poststart", 0, 0), ("poststart", 1, 0)]
    assert listener.calls[0].released <= listener.calls[1].arrived


@pytest.mark.parametrize("stdin", [b"", b"rubbish", b"[1]", b"[" * 200_000, b"\xff\xfe", b'{"pid": "1"}', b'{"pid": -1}'])
def test_a_state_that_names_no_process(socket_path: str, hook: Any, stdin: bytes) -> None:
    with listen(socket_path, marker="/absent") as listener:
        process = hook("prestart", "0", stdin=stdin)
        assert listener.wait(5)
        assert process.wait(5) == 0
    (call,) = listener.calls
    assert call.stdin == stdin
    assert call.state == (json.loads(stdin) if stdin.startswith(b"{") else None)
    assert (call.container_namespaces, call.container_exe, call.container_alive) == ({}, "", False)
    assert not call.root_has_marker


def test_a_container_that_has_ended_is_not_alive(socket_path: str, hook: Any) -> None:
    ended = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    with listen(socket_path) as listener:
        hook("poststop", "0", stdin=json.dumps({"pid": ended.pid}).encode())
        assert listener.wait(5)
    ended.wait()
    assert not listener.calls[0].container_alive


def test_the_states_pid_counts_in_the_pid_namespace_of_the_hook(tmp_path: Path, socket_path: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root for a pid namespace")
    script = f"exec 3<&0; printf '{{\"pid\": 1}}' | (exec -a hook {PYTHON} {socket_path} startContainer 0); exit $?"
    words = ["unshare", "--pid", "--fork", "--kill-child", "bash", "-c", script]
    with listen(socket_path) as listener, subprocess.Popen(words, env=os.environ | environment(tmp_path)) as outer:
        assert listener.wait(5)
        assert outer.wait(5) == 0
    (call,) = listener.calls
    assert call.namespaces["pid"] != namespaces(os.getpid())["pid"]
    assert call.container_namespaces == call.namespaces
    assert os.path.basename(call.container_exe) == "bash"


def test_a_stalled_hook_is_recorded_and_held(socket_path: str, hook: Any) -> None:
    with listen(socket_path, stalls={("prestart", 0)}) as listener:
        process = hook("prestart", "0")
        assert listener.wait(5)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        assert [call.exit_status for call in listener.calls] == [-1]
    assert process.wait(5) == 111  # it lost the connection


@pytest.mark.parametrize("mood", ["mute", "gone", "rubbish", "refuses"])
def test_a_hook_that_does_not_answer_is_killed_and_told(socket_path: str, hook: Any, mood: str) -> None:
    with listen(socket_path, seconds=0.5) as listener:
        process = hook("prestart", "0", mood)
        began = time.monotonic()
        assert listener.wait(5)
        assert time.monotonic() - began < 3
        assert process.wait(5) in ({0, -signal.SIGKILL} if mood == "gone" else {-signal.SIGKILL})
    if mood != "gone":  # it may have ended before its command line could be read
        assert [call.exit_status for call in listener.calls] == [-signal.SIGKILL]
    assert len(listener.problems) == 1


@pytest.mark.parametrize("stdin", ["open", "endless"])
def test_stdin_without_end(socket_path: str, hook: Any, stdin: str) -> None:
    with listen(socket_path, seconds=0.5) as listener:
        process = hook("prestart", "0", stdin=None)
        process.stdin.write(b'{"id": "c1"}' if stdin == "open" else b"x" * 60_000)
        process.stdin.flush()
        assert listener.wait(5)
        assert process.wait(5) == -signal.SIGKILL
    assert listener.calls[0].stdin.startswith(b'{"id": "c1"}' if stdin == "open" else b"xxx")
    assert "does not answer" in listener.problems[0]


def test_what_is_no_hook_is_told_and_left_alone(socket_path: str) -> None:
    with listen(socket_path) as listener:
        listener.operation = "start"
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(socket_path)
            assert listener.wait(1)
            assert stranger.recv(1) == b""
        assert not listener.wait(0)
    assert not listener.calls
    assert listener.problems[0].startswith(f"start: process {os.getpid()} connected but is no hook: (")


def test_a_socket_path_that_is_too_long(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(OSError, match="too long"):
        listen(str(tmp_path / ("x" * 200)))
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_hooks_are_answered_while_the_program_waits_for_them(tmp_path: Path, socket_path: str) -> None:
    call = f"(exec -a hook {PYTHON} {socket_path} $kind 0)"
    program = shell(
        tmp_path / "program",
        f"for kind in prestart createRuntime; do echo '{{\"pid\": '$$'}}' | {call} || exit 9; done",
    )
    program = shell(tmp_path / "outer", f"exec bash {program}")
    with listen(socket_path, exits={("createRuntime", 0): 1}) as listener:
        finished = spawn((program,), environment=environment(tmp_path) | {"PATH": "/usr/bin:/bin"}, timeout=20, service=listener)
    assert finished.status == 9
    assert [(call.kind, call.exit_status, call.container_alive) for call in listener.calls] == [
        ("prestart", 0, True),
        ("createRuntime", 1, True),
    ]


def test_the_real_probe_is_seen_and_ends_as_told(tmp_path: Path, socket_path: str) -> None:
    assert BUFFER == layout.BUFFER
    executable = elf(tmp_path / "hook", "hook")
    state = b'{"id": "c1", "text": "' + b"x" * 40_000 + b'"}'
    with listen(socket_path, exits={("poststart", 12): 7}) as listener:
        words = ["hook", socket_path, "poststart", "12"]
        process = subprocess.Popen(words, executable=executable, env={"A": "b"}, stdin=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(state)
        process.stdin.close()
        assert listener.wait(5)
        assert process.wait(5) == 7
    (call,) = listener.calls
    assert (call.argv, call.environ, call.stdin) == (tuple(words), ("A=b",), state)
    assert call.state is not None
    assert call.state["id"] == "c1"


def elf(path: Path, kind: Kind) -> str:
    path.write_bytes(probe.build(platform.machine(), kind))
    path.chmod(0o755)
    return str(path)


def bundle(tmp_path: Path) -> str:
    """Make a bundle with one hook of every kind, whose socket is `rootfs/s`."""
    rootfs = tmp_path / "bundle/rootfs"
    (rootfs / "proc").mkdir(parents=True)
    elf(rootfs / "program", "pause")
    outside = [elf(rootfs / "hook", "hook"), str(rootfs / "s")]
    inside = ["/hook", "/s"]
    config: Mapping[str, Any] = {
        "ociVersion": "1.0.2",
        "process": {"user": {"uid": 0, "gid": 0}, "args": ["/program"], "cwd": "/"},
        "root": {"path": "rootfs"},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
        "linux": {
            "namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")],
            "cgroupsPath": f"/subject-hooks-{os.getpid()}",
        },
        "hooks": {
            kind: [{"path": path, "args": ["hook", socket, kind, "0"]}]
            for kind in OPERATION_OF
            for path, socket in [inside if kind == "startContainer" else outside]
        },
    }
    (tmp_path / "bundle/config.json").write_text(json.dumps(config))
    return str(tmp_path / "bundle")


def called(listener: HookListener) -> list[tuple[str, str, int]]:
    return [(call.kind, call.operation, call.exit_status) for call in listener.calls]


@pytest.fixture
def runc(tmp_path: Path) -> Iterator[Runtime]:
    path = shutil.which("runc", path="/usr/sbin:/usr/bin")
    if path is None or os.geteuid() != 0:
        pytest.skip("needs runc and root")
    runtime = Runtime(path, adapter_for(path), state_directory=str(tmp_path / "state"), timeout=20)
    yield runtime
    runtime.run("delete", before=Status.ABSENT, arguments=("--force", f"subject-hooks-{os.getpid()}"))


def operate(runtime: Runtime, listener: HookListener, operation: str, where: str) -> Operation:
    listener.operation = operation
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        return runtime.run(
            operation,
            before=Status.ABSENT,
            container_id=f"subject-hooks-{os.getpid()}",
            bundle=where,
            pid_file=f"{where}/pid",
            stdout=null,
            service=listener,
        )
    finally:
        os.close(null)


def test_runc_and_its_hooks(tmp_path: Path, runc: Runtime) -> None:
    where = bundle(tmp_path)
    config = json.loads(Path(where, "config.json").read_text())
    paths = {(kind, 0): entries[0]["path"] for kind, entries in config["hooks"].items()}
    with listen(f"{where}/rootfs/s", marker=where, rootfs=f"{where}/rootfs", paths=paths) as listener:
        created = operate(runc, listener, "create", where)
        pid = read_pid_file(f"{where}/pid")
        started = operate(runc, listener, "start", where)
        killed = operate(runc, listener, "kill", where)
        deadline = time.monotonic() + 5
        while not operate(runc, listener, "delete", where).succeeded and time.monotonic() < deadline:
            time.sleep(0.02)
    assert all(each.succeeded for each in (created, started, killed)), [created.describe(), started.describe()]
    assert not listener.problems
    asked = {(kind, operation, 0) for kind, operation in OPERATION_OF.items()}
    assert len(listener.calls) == len(OPERATION_OF)
    assert asked ^ set(called(listener)) <= {("poststart", "create", 0), ("poststart", "start", 0)}  # early in runc 1.1.5
    ours = namespaces(os.getpid())
    seen = {call.kind: call for call in listener.calls}
    for kind, call in seen.items():
        assert call.state is not None
        assert call.state["id"] == f"subject-hooks-{os.getpid()}"
        in_container = kind in {"createContainer", "startContainer"}
        assert (call.namespaces["mnt"] != ours["mnt"]) is in_container
        assert call.root_has_marker is (kind != "startContainer")
        assert call.container_alive is (kind != "poststop")
        if call.container_alive:
            assert call.container_namespaces["pid"] != ours["pid"]
    assert seen["prestart"].state is not None
    assert seen["prestart"].state["pid"] == pid
    assert seen["startContainer"].state is not None
    assert seen["startContainer"].state["pid"] == 1  # as counted in the container
    assert seen["startContainer"].container_exe not in {"", "/program"}
    assert seen["startContainer"].executed == seen["startContainer"].inside  # followed through the container's mounts
    assert seen["createContainer"].executed == seen["createContainer"].outside


def test_runc_when_a_hook_fails(tmp_path: Path, runc: Runtime) -> None:
    where = bundle(tmp_path)
    with listen(f"{where}/rootfs/s", exits={("createRuntime", 0): 3}) as listener:
        created = operate(runc, listener, "create", where)
    assert created.refused
    assert called(listener)[:2] == [("prestart", "create", 0), ("createRuntime", "create", 3)]
    assert "createContainer" not in {call.kind for call in listener.calls}


def test_it_is_seen_which_file_a_hook_executes(socket_path: str, hook: Any, tmp_path: Path) -> None:
    rootfs = tmp_path / "rootfs"
    (rootfs / "bin").mkdir(parents=True)
    (rootfs / "bin/hook").write_text("")
    (rootfs / "link").symlink_to("/bin/hook")
    on_host = os.path.realpath(PYTHON)
    (tmp_path / "both").symlink_to(on_host)
    paths = {("prestart", 0): str(tmp_path / "both"), ("prestart", 1): "/link", ("prestart", 2): "/nowhere"}
    with listen(socket_path, rootfs=str(rootfs), paths=paths) as listener:
        for index in ("0", "1", "2"):
            hook("prestart", index)
            assert listener.wait(5)
    program, inside = os.stat(on_host), os.stat(rootfs / "bin/hook")
    first, second, third = listener.calls
    assert first.executed == first.outside == (program.st_dev, program.st_ino)
    assert first.inside is None
    assert (second.outside, second.inside) == (None, (inside.st_dev, inside.st_ino))
    assert (third.outside, third.inside) == (None, None)


def test_a_hook_that_comes_before_the_one_before_it_was_let_go_is_noted(socket_path: str, hook: Any) -> None:
    paths = dict.fromkeys([("prestart", 0), ("prestart", 1)], "/hook")
    with listen(socket_path, paths=paths) as listener, socket.socket(socket.AF_UNIX) as next_one:
        hook("prestart", "0")
        assert listener.wait(5)
        hook("prestart", "0")
        arrival = select.poll()
        arrival.register(listener.filenos()[0], select.POLLIN)
        assert arrival.poll(5000)
        next_one.connect(socket_path)
        assert listener.wait(5)
    assert [call.crowded for call in listener.calls] == [False, True]


def test_a_hook_that_is_never_let_go_and_ends_was_aborted(socket_path: str, hook: Any) -> None:
    with listen(socket_path, stalls={("prestart", 0), ("prestart", 1)}) as listener:
        first, second = hook("prestart", "0"), hook("prestart", "1")
        for _ in range(2):
            assert listener.wait(5)
        first.kill()
        first.wait(5)
        listener.settle()
        assert {call.index: call.aborted for call in listener.calls} == {0: True, 1: False}
        assert second.poll() is None
