"""`python -m specs show`, run for real."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _specs(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "specs", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_show_prints_all_that_is_known() -> None:
    run = _specs("show", "config.hooks.createcontainer.exec-ns")
    assert (run.returncode, run.stderr) == (0, "")
    words = " ".join(run.stdout.split())
    for expected in (
        "createContainer hooks run in the container namespace",
        "level MUST",
        "basis keyword MUST",
        "in force since 1.0.2 of runtime-spec",
        "anchor config.md#posix-platform-hooks",
        "https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#posix-platform-hooks",
        "decided from the host side",
        "note Judged for the mount namespace only",
    ):
        assert expected in words
    assert max(map(len, run.stdout.splitlines())) <= 112


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("runtime.create.applies-config", "decided through the "),
        ("config.root.optional", "decided by checking the document alone"),
        ("runtime.errors.exposure-unspecified", "decided not at all: "),
        ("runtime.delete.noop-unless-stopped", "disputed https://github.com/opencontainers/runc/issues/1774"),
        ("config.root.readonly.default", "ambiguous the default makes the root filesystem writable, or"),
    ],
)
def test_show_says_how_it_is_decided(requirement: str, expected: str) -> None:
    assert expected in " ".join(_specs("show", requirement).stdout.split())


def test_an_unknown_id_gets_one_line_with_close_ones() -> None:
    run = _specs("show", "linux.masked-paths.effect")
    assert (run.returncode, run.stdout) == (4, "")
    assert run.stderr.startswith("no requirement 'linux.masked-paths.effect'; close ones: linux.maskedpaths.effect")
    assert run.stderr.count("\n") == 1


def test_nothing_close_is_said_where_nothing_is() -> None:
    assert _specs("show", "zzz").stderr == "no requirement 'zzz'\n"


@pytest.mark.parametrize("arguments", [(), ("show",), ("list",), ("show", "a.b", "c.d")])
def test_wrong_usage_is_one_line_and_exit_4(arguments: tuple[str, ...]) -> None:
    run = _specs(*arguments)
    assert (run.returncode, run.stderr.count("\n")) == (4, 1)
