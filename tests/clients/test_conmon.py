"""conmon alone, as podman and CRI-O call it: what it reads of a runtime's pid file, messages, console socket and children."""

import functools
import itertools
import json
import os
import socket
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest

from tests.clients.engines import rootfs
from tests.clients.world import ENVIRONMENT, RUNTIME, Completed, World

_SOCKETS, _EXITS = "/run/conmon", "/run/exits"
_numbers = itertools.count()


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.02)


@dataclass(frozen=True)
class Monitored:
    """A container with its conmon, each of which has files below /var/tmp/NAME."""

    world: World
    runtime_path: str
    name: str

    def file(self, name: str) -> str:
        return f"/var/tmp/{self.name}/{name}"

    def conmon(self, *options: str) -> Completed:
        """Call conmon with what it always needs; the report of its sync pipe goes to the file `sync`."""
        must = f"-c {self.name} -u {self.name} -n {self.name} -r {self.runtime_path} -b {self.file('.')}"
        files = f"-l k8s-file:{self.file('log')} --exit-dir {_EXITS} --socket-dir-path {_SOCKETS}"
        words = " ".join(f"'{option}'" for option in options)
        script = f"exec conmon {must} {files} {words} 3>{self.file('sync')}"
        return self.world.run("sh", "-c", script, env={**ENVIRONMENT, "_OCI_SYNCPIPE": "3"}, cwd=self.file("."))

    def create(self, *options: str) -> dict[str, Any]:
        """Have the container created; returns conmon's report: {"pid"} or {"pid": -1, "message"}."""
        self.conmon("-p", self.file("pid"), *options)
        sync = self.world.path(self.file("sync"))
        _until(lambda: sync.read_text().endswith("\n"))
        report: dict[str, Any] = json.loads(sync.read_text())
        return report

    def runtime(self, *words: str) -> Completed:
        return self.world.run(self.runtime_path, *words)

    def ended(self) -> str:
        """Wait until conmon has written the exit file; returns the status in it."""
        path = self.world.path(f"{_EXITS}/{self.name}")
        _until(path.exists)
        return path.read_text()

    def logged(self) -> list[tuple[str, str]]:
        """Return (stream, text) of each line of the log."""
        lines = self.world.path(self.file("log")).read_text().splitlines()
        return [(stream, text) for _, stream, _, text in (line.split(" ", 3) for line in lines)]


def lay_out(world: World) -> str:
    """Make the folders that conmon writes to, and a root file system; returns that."""
    world.path("/run/rootfs").mkdir()
    for folder in (_SOCKETS, _EXITS):
        world.path(folder).mkdir()
    with tarfile.open(fileobj=BytesIO(rootfs(world))) as archive:
        archive.extraction_filter = lambda member, _path: member  # extractall has had a parameter for it since 3.11.4 alone
        archive.extractall(world.path("/run/rootfs"))
    return "/run/rootfs"


@pytest.fixture(scope="module")
def shared_rootfs(world: World) -> str:
    return lay_out(world)


Make = Callable[..., Monitored]


def bundle(world: World, root: str, runtime: str, script: str = "", **process: Any) -> Monitored:
    """Make a bundle for a shell script, or for `args`; the config is the reference runtime's own example."""
    made = Monitored(world, runtime, f"monitored{next(_numbers)}")
    world.path(made.file(".")).mkdir()
    world.run(RUNTIME, "spec", cwd=made.file(".")).ok()
    config = json.loads(world.path(made.file("config.json")).read_text())
    config |= {"ociVersion": "1.0.2", "root": {"path": root, "readonly": False}}
    config["process"] |= {"terminal": False, "args": ["sh", "-c", script], **process}
    config["linux"]["cgroupsPath"] = f"/{made.name}"
    world.path(made.file("config.json")).write_text(json.dumps(config))
    return made


@pytest.fixture
def make(world: World, shared_rootfs: str) -> Make:
    """Return what makes a bundle."""
    return functools.partial(bundle, world, shared_rootfs, os.environ.get("OCI_CLIENTS_RUNTIME", RUNTIME))


def test_from_create_to_the_exit_file(make: Make) -> None:
    container = make("echo out; echo err >&2; exit 7")
    report = container.create()
    state = json.loads(container.runtime("state", container.name).ok())
    assert container.world.path(container.file("pid")).read_text() == str(report["pid"]) == str(state["pid"])
    assert state["status"] == "created"
    assert container.logged() == []
    container.runtime("start", container.name).ok()
    assert container.ended() == "7"
    assert sorted(container.logged()) == [("stderr", "err"), ("stdout", "out")]
    container.runtime("delete", container.name).ok()


@pytest.mark.parametrize(
    ("process", "message"),
    [
        ({"args": ["nosuch"]}, "executable file not found in $path"),
        ({"args": ["/bin/nosuch"]}, "no such file or directory"),
        ({"args": ["/etc/passwd"]}, "permission denied"),
        ({"cwd": "relative"}, "cwd"),
    ],
)
def test_the_message_of_a_failed_create_arrives(make: Make, process: dict[str, Any], message: str) -> None:
    container = make(**process)
    report = container.create()
    assert report["pid"] < 0
    assert message in report["message"].lower()
    assert container.runtime("state", container.name).status != 0


def test_the_log_of_a_failure_is_one_entry_in_json(make: Make) -> None:
    container = make(args=["nosuch"])
    container.create(
        "--runtime-arg", "--log-format=json", "--runtime-arg", "--log", "--runtime-arg", container.file("runtime.log")
    )
    entry = json.loads(container.world.path(container.file("runtime.log")).read_text())
    assert entry["level"] == "error"
    assert "executable file not found" in entry["msg"]
    assert entry["time"]


def test_nothing_is_logged_of_success(make: Make) -> None:
    container = make("true")
    log = ("--runtime-arg", "--log-format=json", "--runtime-arg", "--log", "--runtime-arg", container.file("runtime.log"))
    container.create(*log)
    container.runtime("start", container.name).ok()
    assert container.ended() == "0"
    path = container.world.path(container.file("runtime.log"))
    assert not path.exists() or path.read_text() == ""


def test_a_state_directory_of_ones_own(make: Make) -> None:
    container = make("exit 3")
    assert container.create("--runtime-arg", "--root=/run/elsewhere")["pid"] > 0
    assert container.runtime("state", container.name).status != 0
    container.runtime("--root", "/run/elsewhere", "start", container.name).ok()
    assert container.ended() == "3"
    container.runtime("--root", "/run/elsewhere", "delete", "--force", container.name).ok()


def test_without_pivot_root_and_a_keyring(make: Make) -> None:
    container = make("echo inside; ls /bin/busybox")
    assert container.create("--no-pivot", "--no-new-keyring")["pid"] > 0
    container.runtime("start", container.name).ok()
    assert container.ended() == "0"
    assert container.logged() == [("stdout", "inside"), ("stdout", "/bin/busybox")]


def test_cgroups_by_systemd_are_refused_in_plain_words(make: Make) -> None:
    container = make("true")
    report = container.create("--systemd-cgroup")
    assert report["pid"] < 0
    assert "systemd" in report["message"]


def test_a_terminal_to_attach_to(make: Make) -> None:
    container = make("read line; echo $line on $(tty); stty size", terminal=True, consoleSize={"height": 12, "width": 34})
    assert container.create("--terminal")["pid"] > 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as attached:
        attached.settimeout(20)
        attached.connect(str(container.world.path(container.file("attach"))))
        container.runtime("start", container.name).ok()
        attached.send(b"typed\n")
        seen = b""
        while b"12 34" not in seen:
            # The first byte of a packet says of which stream it is: 2 is stdout.
            packet = attached.recv(8192)
            assert packet[:1] == b"\x02", packet
            seen += packet[1:]
    assert b"typed on /dev/pts/0" in seen
    assert container.ended() == "0"


def test_attached_input_ends_where_the_client_leaves(make: Make) -> None:
    container = make("wc -c")
    assert container.create("--stdin")["pid"] > 0
    container.runtime("start", container.name).ok()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as attached:
        attached.connect(str(container.world.path(container.file("attach"))))
        attached.send(b"12345")
        attached.shutdown(socket.SHUT_WR)
        assert container.ended() == "0"
    assert container.logged() == [("stdout", "5")]


def test_exec(make: Make) -> None:
    container = make("sleep 100")
    container.create()
    container.runtime("start", container.name).ok()
    process = json.loads(container.world.path(container.file("config.json")).read_text())["process"]
    process |= {"args": ["sh", "-c", "echo executed; exit 12"]}
    container.world.path(container.file("process.json")).write_text(json.dumps(process))
    container.conmon("-e", "--exec-process-spec", container.file("process.json"), "-p", container.file("exec.pid"))
    assert container.ended() == "12"
    assert container.logged() == [("stdout", "executed")]
    assert container.world.path(container.file("exec.pid")).read_text().isdigit()
    container.runtime("delete", "--force", container.name).ok()


def test_the_message_of_a_failed_exec_arrives(make: Make) -> None:
    container = make("sleep 100")
    container.create()
    container.runtime("start", container.name).ok()
    process = json.loads(container.world.path(container.file("config.json")).read_text())["process"]
    container.world.path(container.file("process.json")).write_text(json.dumps({**process, "args": ["nosuch"]}))
    container.conmon("-e", "--exec-process-spec", container.file("process.json"), "-p", container.file("exec.pid"))
    _until(lambda: container.world.path(container.file("sync")).read_text().endswith("\n"))
    assert "executable file not found" in container.world.path(container.file("sync")).read_text()
    container.runtime("delete", "--force", container.name).ok()


def test_a_time_out_kills_the_container(make: Make) -> None:
    container = make("sleep 100")
    container.create("--timeout=1")
    container.runtime("start", container.name).ok()
    assert container.ended() == "-1"  # conmon's own word for a time-out
    _until(lambda: json.loads(container.runtime("state", container.name).ok())["status"] == "stopped")


def test_the_exit_command_can_delete_the_container(make: Make) -> None:
    container = make("exit 4")
    arguments = itertools.chain.from_iterable(("--exit-command-arg", word) for word in ("delete", "--force", container.name))
    container.create("--exit-command", container.runtime_path, *arguments)
    container.runtime("start", container.name).ok()
    assert container.ended() == "4"
    _until(lambda: container.runtime("state", container.name).status != 0)
