"""Run the command in a process of its own, with a temporary directory of its own that has to be empty afterwards."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.host.facts import gather

ROOT = Path(__file__).parents[2]
RUNC = shutil.which("runc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or ""
CRUN = shutil.which("crun", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or ""
needs_runc = pytest.mark.skipif(os.geteuid() != 0 or not RUNC, reason="needs root and runc")
needs_both = pytest.mark.skipif(os.geteuid() != 0 or not RUNC or not CRUN, reason="needs root, runc and crun")
PACKAGES = ("specs", "conformance", "reports", "reference_runtime")


def hybrid() -> bool:
    """Whether this host shows v1 and v2 hierarchies at once."""
    return gather(lane="host").cgroup_layout == "hybrid"


def lane() -> str:
    """Return a lane of this host in which every runtime works."""
    return "v1" if hybrid() else "host"


@dataclass(frozen=True)
class Run:
    """What a run of the command came to."""

    status: int
    out: str
    err: str
    lines: list[dict[str, Any]]

    @property
    def verdicts(self) -> set[tuple[str, str, str]]:
        """(requirement, case, verdict) of every line."""
        return {(line["requirement"], line["case"], line["verdict"]) for line in self.lines}

    @property
    def complaint(self) -> list[str]:
        """What stands on stderr, but for what sweeping has to say about sessions of others."""
        return [line for line in self.err.splitlines() if line.strip() and not line.startswith("jail: cannot remove")]


def environment(temporary: Path, *, python_path: Path | None = None) -> dict[str, str]:
    """Return ours without pytest's variables, with that temporary directory."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_", "PYTHONPATH"))}
    return kept | {"TMPDIR": str(temporary), "COLUMNS": "120"} | ({"PYTHONPATH": str(python_path)} if python_path else {})


@contextlib.contextmanager
def short_directory() -> Iterator[Path]:
    """Make a temporary directory with a short name: the hooks' socket lies below, and unix(7) allows 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="oci-", ignore_cleanup_errors=True) as path:
        yield Path(path)


def certify(
    *arguments: str,
    directory: Path,
    temporary: Path | None = None,
    cwd: Path = ROOT,
    python_path: Path | None = None,
    prefix: Sequence[str] = (),
    timeout: float = 300,
) -> Run:
    """Run `python -m pytest ARGUMENTS`; results and reproducers go below `directory`. Nothing else may stay behind."""
    if temporary is None:
        with short_directory() as made:
            return certify(
                *arguments, directory=directory, temporary=made, cwd=cwd, python_path=python_path, prefix=prefix, timeout=timeout
            )
    results = directory / "results.jsonl"
    results.unlink(missing_ok=True)
    command = [*prefix, sys.executable, "-m", "pytest", *arguments]
    # Written out only by runs that get as far as that; and pytest would take the file for a test path if it came first.
    command += [f"--results={results}", f"--reproducers={directory / 'reproducers'}"]
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(temporary, python_path=python_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    # pytest-xdist keeps the base of temporary directories, as it does everywhere.
    assert [path for path in temporary.iterdir() if not path.name.startswith("pytest-of-")] == [], "something stayed behind"
    lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    return Run(done.returncode, done.stdout, done.stderr, lines)


def installed(site: Path) -> Path:
    """Lay the packages out as an installer would, entry points and package data included; return the directory."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for package in PACKAGES:
        shutil.copytree(ROOT / package, site / package, ignore=shutil.ignore_patterns("__pycache__"))
    name = project["project"]["name"]
    info = site / f"{name.replace('-', '_')}-{project['project']['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {project['project']['version']}\n")
    points = project["project"]["entry-points"]["pytest11"]
    (info / "entry_points.txt").write_text("[pytest11]\n" + "".join(f"{key} = {value}\n" for key, value in points.items()))
    return site
