"""A command line that cannot be carried out: exit 4 and one line that says why, before anything is started."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from specs.verdicts import ExitCode
from tests.certification.certify import ROOT, RUNC, certify, environment, installed, needs_runc, short_directory

pytestmark = needs_runc


def _file(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def _plain(directory: Path) -> str:
    return _file(directory / "plain", "#!/bin/sh\n")


WRONG: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "nothing there": (lambda tmp: [f"--runtime={tmp}/absent"], "no such file or directory"),
    "not on PATH": (lambda tmp: ["--runtime=no-such-runtime"], "is not on PATH"),
    "not executable": (lambda tmp: [f"--runtime={_plain(tmp)}"], "is not executable"),
    "a directory": (lambda tmp: [f"--runtime={tmp}"], "is a directory"),
    "no runtime": (lambda tmp: ["--runtime=/bin/true"], "is no runtime"),
    "unknown lane": (lambda tmp: [f"--runtime={RUNC}", "--lane=moon"], "no lane 'moon': choose one of host, v1, v2"),
    "waivers absent": (lambda tmp: [f"--runtime={RUNC}", f"--waivers={tmp}/absent.toml"], "absent.toml"),
    "waivers wrong": (
        lambda tmp: [f"--runtime={RUNC}", "--waivers=" + _file(tmp / "w.toml", "[[waiver]]\nrequirment = 'x'\n")],
        "w.toml: waiver 1: unknown key `requirment`",
    ),
    "adapter wrong": (
        lambda tmp: [f"--runtime={RUNC}", "--adapter=" + _file(tmp / "a.toml", "nmae = 'x'\n")],
        "a.toml",
    ),
    "adapter absent": (lambda tmp: [f"--runtime={RUNC}", f"--adapter={tmp}/absent.toml"], "absent.toml"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_line_and_exit_4(name: str, tmp_path: Path) -> None:
    arguments, says = WRONG[name]
    run = certify(*arguments(tmp_path), directory=tmp_path)
    assert (run.status, len(run.complaint)) == (ExitCode.USAGE, 1), run
    assert says in run.complaint[0]
    assert run.lines == []


def test_option_without_equals_sign_is_told(tmp_path: Path) -> None:
    """Pytest takes /usr/sbin for its rootdir and drops our configuration: only the entry point is left to notice."""
    site = installed(tmp_path / "site")
    run = certify("--runtime", RUNC, directory=tmp_path, cwd=tmp_path, python_path=site)
    assert run.status == ExitCode.USAGE
    assert run.complaint == ["ERROR: write --runtime=VALUE with an equals sign: pytest may take a separate value for a test path"]


def test_without_root(tmp_path: Path) -> None:
    unprivileged = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    reads = (sys.executable, "-c", "import conformance.supervisor, pytest")
    if shutil.which("setpriv") is None or subprocess.run([*unprivileged, *reads], cwd=ROOT, check=False).returncode:
        pytest.skip("no setpriv, or others may not read this project")
    run = certify(f"--runtime={RUNC}", directory=tmp_path, prefix=unprivileged)
    assert (run.status, run.complaint) == (ExitCode.USAGE, ["ERROR: certifying a runtime needs root, and this is uid 65534"])


def test_temporary_directory_with_too_long_a_name(tmp_path: Path) -> None:
    with short_directory() as short:
        temporary = short / ("x" * 60)
        temporary.mkdir()
        run = certify(f"--runtime={RUNC}", directory=tmp_path, temporary=temporary)
    assert (run.status, len(run.complaint)) == (ExitCode.USAGE, 1), run
    assert "TMPDIR may have 47 bytes" in run.complaint[0]


def test_other_pytest_runs_are_left_alone(tmp_path: Path) -> None:
    """The control: with the plugin there and no runtime named, a test of somebody else is an ordinary test."""
    (tmp_path / "test_other.py").write_text("def test_other(tmp_path):\n    assert tmp_path.is_dir()\n")
    command = [sys.executable, "-m", "pytest", "-p", "conformance.plugin", "-p", "no:cacheprovider", "test_other.py"]
    variables = environment(tmp_path, python_path=ROOT)
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "1 passed" in done.stdout) == (os.EX_OK, True), done.stdout
