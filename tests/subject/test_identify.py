"""Runtimes are found and identified; what is none is refused in one line, and never hangs the session."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from conformance.record.runtime import RuntimeFacts
from conformance.subject.adapter import adapter_for
from conformance.subject.identify import NotARuntime, accepted_oci_version, find, identify
from tests.subject.programs import shell

FEATURES = json.dumps({"ociVersionMin": "1.0.0", "ociVersionMax": "1.2.0-rc.1+dev"})
VERSION = "printf 'novel version 3.2\\ncommit: 1\\nspec: 1.1.0\\n'"


def facts_of(path: str, *, timeout: float = 10.0) -> RuntimeFacts:
    return identify(path, adapter_for(path), timeout=timeout)


def answering(tmp_path: Path, *, features: str, version: str) -> str:
    return shell(tmp_path / "program", f'case "$1" in features) {features};; --version) {version};; *) exit 1;; esac')


def test_runc_as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere:relative")
    if shutil.which("runc", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("runc is not installed")
    facts = facts_of(find("runc"))
    assert facts.name == "runc"
    assert facts.version[0].isdigit()
    assert facts.features is None or facts.features["ociVersionMin"] == "1.0.0"
    assert facts.spec_version.startswith("1.")
    assert "dev" not in facts.spec_version
    assert accepted_oci_version(facts) == min(facts.spec_version, "1.3.0")


def test_crun_as_installed() -> None:
    if shutil.which("crun", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("crun is not installed")
    facts = facts_of(find("crun"))
    assert facts.name == "crun"
    assert facts.spec_version.startswith("1.")
    if facts.version == "1.8.1":
        assert facts.features is None
        assert accepted_oci_version(facts) == "1.0.0"


@pytest.mark.parametrize("kind", ["missing", "directory", "fifo", "not executable", "unknown name", "loop"])
def test_what_cannot_be_a_program_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a program"
    says = {
        "missing": "no such file or directory",
        "directory": "is a directory",
        "fifo": "is not a regular file",
        "not executable": "is not executable",
        "unknown name": "is not on PATH",
        "loop": "too many levels of symbolic links",
    }[kind]
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "not executable":
        path.write_text("#!/bin/sh\n")
    elif kind == "loop":
        path.symlink_to(path)
    spec = "no-such-runtime" if kind == "unknown name" else str(path)
    with pytest.raises(NotARuntime, match=says) as caught:
        find(spec)
    assert spec in str(caught.value)
    assert "\n" not in str(caught.value)


def test_paths_are_made_absolute_and_symlinks_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell(tmp_path / "a program", "true")
    (tmp_path / "link").symlink_to("a program")
    monkeypatch.chdir(tmp_path)
    assert find("./link") == str(tmp_path / "link")


def test_features_decide_the_declared_version(tmp_path: Path) -> None:
    facts = facts_of(answering(tmp_path, features=f"echo '{FEATURES}'", version=VERSION))
    assert facts.features == json.loads(FEATURES)
    assert (facts.name, facts.version, facts.spec_version) == ("program", "3.2", "1.2.0-rc.1")


@pytest.mark.parametrize(
    "features",
    [
        "exit 1",
        f"echo '{FEATURES}'; exit 1",
        "true",
        "echo '[1, 2]'",
        "echo '{\"ociVersionMax\": 3}'",
        'echo \'{"ociVersionMax": "rubbish"}\'',
        'echo \'{"ociVersionMax": "1.9.0"\'',
        "printf '\\377\\000'",
        "head -c 200000 /dev/zero | tr '\\0' '['",
        "yes | head -c 1G",
        "kill -SEGV $$",
        "sleep 1000",
    ],
)
def test_features_that_are_none_leave_the_version(tmp_path: Path, features: str) -> None:
    began = time.monotonic()
    facts = facts_of(answering(tmp_path, features=features, version=VERSION), timeout=5 if "1G" in features else 0.5)
    assert (facts.features, facts.version, facts.spec_version) == (None, "3.2", "1.1.0")
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("exit 0", "features gives exit 0 and nothing, version gives exit 0 and nothing"),
        ("exit 1", "exit 1 and nothing"),
        ("echo rubbish", "exit 0 and nothing sensible"),
        ("echo 'GNU thing, version 5.2'", "nothing sensible"),
        ("echo 'git version 2.39.5'", "nothing sensible"),
        ("echo 'novel version 3'; echo 'spec: newest'", "nothing sensible"),
        (f"{VERSION}; exit 1", "exit 1 and nothing sensible"),
        ("kill -ABRT $$", "signal 6"),
        ("sleep 1000", "features hangs, version hangs"),
        ("exec yes", "hangs"),
        ("sleep 1000 & exit 0", "exit 0 and nothing"),
    ],
)
def test_a_program_that_is_no_runtime_is_told_in_one_line(tmp_path: Path, body: str, says: str) -> None:
    path = shell(tmp_path / "a program", body.replace("sleep 1000 &", "sleep 3 &"))
    with pytest.raises(NotARuntime, match=says) as caught:
        facts_of(path, timeout=0.5)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["/bin/true", "/bin/ls", "/bin/sh", "/usr/bin/env"])
def test_ordinary_programs_are_no_runtimes(path: str) -> None:
    with pytest.raises(NotARuntime):
        facts_of(path)


def test_a_text_file_is_no_runtime(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_text("only words\n")
    path.chmod(0o755)
    with pytest.raises(NotARuntime, match="exec format error"):
        facts_of(find(str(path)))


def test_a_known_name_may_declare_no_spec_version(tmp_path: Path) -> None:
    facts = facts_of(shell(tmp_path / "youki", "[ $1 = --version ] && echo youki version 0.0.5"))
    assert (facts.version, facts.spec_version) == ("0.0.5", "")
    assert accepted_oci_version(facts) == "1.0.0"


@pytest.mark.parametrize(
    ("declared", "accepted"),
    [
        ("", "1.0.0"),
        ("1.0.0", "1.0.0"),
        ("1.0.2", "1.0.2"),
        ("1.3.0-rc.1", "1.3.0-rc.1"),
        ("1.3.1", "1.3.0"),
        ("1.10.0", "1.3.0"),
    ],
)
def test_configs_are_written_in_a_version_that_is_accepted(declared: str, accepted: str) -> None:
    facts = RuntimeFacts(name="x", path="/x", version="", spec_version=declared, features=None, kernel="host")
    assert accepted_oci_version(facts) == accepted
