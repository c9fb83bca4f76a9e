"""Operations and their transcript; the real runtimes drive one container where the host allows it."""

import json
import os
import shutil
from pathlib import Path

import pytest

from conformance.record.operation import Status
from conformance.subject.adapter import NotOffered, adapter_for
from conformance.subject.runtime import Runtime, read_pid_file
from tests.subject.programs import shell


def runtime_of(path: str, tmp_path: Path) -> Runtime:
    return Runtime(path, adapter_for(path), state_directory=str(tmp_path / "state"), timeout=10)


def test_an_operation_is_the_full_transcript(tmp_path: Path) -> None:
    program = shell(tmp_path / "program", 'echo "$@"; echo failed >&2; exit 4')
    operation = runtime_of(program, tmp_path).run("kill", before=Status.RUNNING, container_id="c1", signal="TERM", note="a note")
    words = ("--root", f"{tmp_path}/state", "kill", "c1", "TERM")
    assert operation.argv == (program, *words)
    assert operation.stdout.decode().split() == list(words)
    assert (operation.name, operation.container_id, operation.before) == ("kill", "c1", Status.RUNNING)
    assert operation.refused
    assert operation.describe() == "kill (a note) -> exit 4: failed"
    assert 0 < operation.started < operation.ended
    assert operation.cpu > 0


def test_exact_arguments_and_a_time_out_of_its_own(tmp_path: Path) -> None:
    runtime = runtime_of(shell(tmp_path / "program", 'echo "$@"; exec sleep 1000'), tmp_path)
    operation = runtime.run("state", before=Status.ABSENT, arguments=(), timeout=0.3)
    assert operation.timed_out
    assert operation.stdout.decode().split() == ["--root", f"{tmp_path}/state", "state"]
    assert operation.container_id is None


def test_an_operation_without_words_is_not_called(tmp_path: Path) -> None:
    runtime = Runtime("/bin/true", adapter_for("runsc"), state_directory=str(tmp_path))
    with pytest.raises(NotOffered):
        runtime.run("update", before=Status.RUNNING, container_id="c1", resources="/x")


def test_the_environment_holds_nothing_that_steers_a_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "LISTEN_FDS", "LD_PRELOAD", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, "value")
    operation = runtime_of("/usr/bin/env", tmp_path).run("version", before=Status.ABSENT)
    assert operation.argv == ("/usr/bin/env", "--version")
    names = set(runtime_of("/usr/bin/env", tmp_path).environment)
    assert {"PATH", "XDG_RUNTIME_DIR"} <= names <= {"PATH", "HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"}


@pytest.mark.parametrize(
    ("content", "pid"),
    [
        *[("12", 12), ("12\n", 12), ("", None), ("\n", None), ("0", None), ("-3", None), ("12\n\n", None), (" 12", None)],
        *[("twelve", None), ("0x10", None), ("9" * 31, None), ("9" * 5000, None), ("²", None)],
    ],
)
def test_pid_files(tmp_path: Path, content: str, pid: int | None) -> None:
    (tmp_path / "pid").write_text(content)
    assert read_pid_file(str(tmp_path / "pid")) == pid


def test_a_pid_file_that_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert read_pid_file(str(tmp_path / "fifo")) is None
    assert read_pid_file(str(tmp_path)) is None
    assert read_pid_file(str(tmp_path / "absent")) is None


@pytest.mark.parametrize("name", ["runc", "crun"])
def test_real_runtimes_answer_about_a_container_that_is_not_there(tmp_path: Path, name: str) -> None:
    path = shutil.which(name, path="/usr/sbin:/usr/bin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    runtime = runtime_of(path, tmp_path)
    for operation in ("state", "start", "kill", "delete"):
        called = runtime.run(operation, before=Status.ABSENT, container_id="absent")
        assert called.refused
        assert b"does not exist" in called.stderr or b"No such file" in called.stderr
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "config.json").write_text(json.dumps({"ociVersion": "1.0.0"}))
    created = runtime.run(
        "create", before=Status.ABSENT, container_id="broken", bundle=str(bundle), pid_file=str(tmp_path / "pid")
    )
    assert created.refused
    assert created.stderr
    assert read_pid_file(str(tmp_path / "pid")) is None
