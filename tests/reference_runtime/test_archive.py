"""Archives are a short cut and nothing else: a call does what the sources say, whatever files lie about."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "reference_runtime"
Call = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a copy of the package, which has no archives yet."""
    copy = tmp_path / SOURCE.name
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture
def call(package: Path) -> Call:
    def call(*words: str) -> str:
        command = [str(package / "reference-runtime"), "--root", str(package.parent / "state"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={}, timeout=30).stdout

    return call


def archives(package: Path) -> list[str]:
    return sorted(file.name.partition(".")[0] + ".more" * (".more." in file.name) for file in package.glob("__pycache__/*.bin"))


def replace(file: Path, old: str, new: str, *, secretly: bool) -> None:
    """Change a source; `secretly` leaves all that an archive compares, and the ordinary bytecode goes so that it can't help."""
    assert len(old) == len(new)
    before, text = file.stat(), file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns if secretly else before.st_mtime_ns + 1))
    for bytecode in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        bytecode.unlink()


def test_a_second_call_runs_what_the_first_has_kept(package: Path, call: Call) -> None:
    assert "STATUS" in call("list")
    assert archives(package) == ["list"]
    replace(package / "commands" / "list.py", '"status"', '"stated"', secretly=True)
    assert "STATUS" in call("list")


def test_a_source_that_has_changed_counts(package: Path, call: Call) -> None:
    assert "STATUS" in call("list")
    replace(package / "commands" / "list.py", '"status"', '"stated"', secretly=False)
    assert "STATED" in call("list")
    replace(package / "commands" / "list.py", '"stated"', '"status"', secretly=True)
    assert "STATED" in call("list"), "the archive was not made anew"


def test_what_only_some_calls_need_is_kept_apart(package: Path, call: Call) -> None:
    call("list")
    assert "usage:" in call("list", "--help")
    assert archives(package) == ["list", "list.more"]
    replace(package / "commands" / "usage.py", "usage:", "hints:", secretly=True)
    assert "usage:" in call("list", "--help")
    replace(package / "commands" / "usage.py", "hints:", "words:", secretly=False)
    assert "words:" in call("list", "--help")
    assert "words:" in call("list", "--help")


@pytest.mark.parametrize("flag", ["--debug", "--plan", "-debug=true"])
def test_calls_that_need_all_of_a_module_leave_archives_alone(package: Path, call: Call, flag: str) -> None:
    assert "STATUS" in call(flag, "list")
    assert archives(package) == []
    call("list")
    replace(package / "commands" / "list.py", '"status"', '"stated"', secretly=True)
    assert "STATED" in call(flag, "list")


@pytest.mark.parametrize("content", [b"", b"junk", b"(\x02\x00\x00\x00NN"])
def test_a_broken_archive_is_made_anew(package: Path, call: Call, content: bytes) -> None:
    call("list")
    (archive,) = package.glob("__pycache__/*.bin")
    archive.write_bytes(content)
    assert "STATUS" in call("list")
    assert archive.read_bytes() != content


def test_an_archive_that_breaks_off_is_made_anew(package: Path, call: Call) -> None:
    call("list")
    (archive,) = package.glob("__pycache__/*.bin")
    content = archive.read_bytes()
    archive.write_bytes(content[:-8])  # all is there but the end of the last module
    assert "STATUS" in call("list")
    assert archive.read_bytes() == content


def test_bytecode_of_an_older_start_is_not_run(package: Path, call: Call) -> None:
    call("list")
    source = package / "start.py"
    old = source.stat()
    source.write_text(source.read_text().replace("    gc.disable()", "    posix.write(1, b'new'); gc.disable()"))
    os.utime(source, ns=(old.st_atime_ns, old.st_mtime_ns))  # its size still tells
    assert call("list").startswith("new")
    assert call("list").startswith("new")


@pytest.mark.parametrize("content", [b"", b"junk" * 9])
def test_broken_bytecode_of_start_is_made_anew(package: Path, call: Call, content: bytes) -> None:
    call("list")
    (bytecode,) = package.glob("__pycache__/start.*.pyc")
    whole = bytecode.read_bytes()
    bytecode.write_bytes(content)
    assert "STATUS" in call("list")
    assert bytecode.read_bytes() == whole


def test_a_call_that_fails_keeps_nothing(package: Path, call: Call) -> None:
    call("state", "nobody")
    assert archives(package) == []
