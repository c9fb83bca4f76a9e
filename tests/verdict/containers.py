"""A bundle with a record of its life, as driving it would leave them, to make reproducers of."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from conformance.bundle.probe import build
from conformance.cases.case import Case
from conformance.record.config import Edit, edited
from conformance.record.operation import Operation, Status
from conformance.record.record import Record
from conformance.record.snapshot import Snapshot
from conformance.verdict import reproducer
from conformance.verdict.outcome import Outcome
from specs.verdicts import Verdict
from tests.verdict.outcomes import RUNC, outcome

needs_root = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("runc"), reason="needs root and runc")

STATE = "/run/harness/state"

BASE = {
    "ociVersion": "1.0.2",
    "process": {"args": ["/pause"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}},
    "root": {"path": "rootfs"},
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
    "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")]},
}


@dataclass(frozen=True)
class _Moment:
    """The one thing about a snapshot that matters here."""

    taken: float


def bundle(directory: Path, *edits: Edit) -> dict[str, Any]:
    """Write a bundle whose program pauses, and return its config."""
    (directory / "rootfs/dev").mkdir(parents=True)
    program = directory / "rootfs/pause"
    program.write_bytes(build(platform.machine(), "pause"))
    program.chmod(0o755)
    config = edited(BASE, edits)
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return config


def record(directory: Path, config: Mapping[str, Any], *names: str) -> Record:
    """Return the record of these operations, snapshots after create and start included."""
    container_id = f"reproduced-{os.getpid()}"
    status = {"create": Status.ABSENT, "start": Status.CREATED, "kill": Status.RUNNING, "delete": Status.STOPPED}
    flags = {"create": ["--bundle", str(directory), "--pid-file", f"{directory}.pid"]}
    words = {"kill": ["KILL"]}
    operations = [
        Operation(
            name=name,
            container_id=container_id,
            argv=("/usr/sbin/runc", "--root", STATE, name, *flags.get(name, ()), container_id, *words.get(name, ())),
            before=status[name],
            status=0,
            started=float(number),
        )
        for number, name in enumerate(names)
    ]
    moments = {
        phase: _Moment(names.index(name) + 0.5) for phase, name in (("created", "create"), ("running", "start")) if name in names
    }
    return Record(
        case="mounts/ro-bind",
        config=config,
        container_id=container_id,
        bundle=str(directory),
        runtime=RUNC,
        operations=operations,
        snapshots=cast(dict[str, Snapshot], moments),
    )


LIFE = ("create", "start", "kill", "delete")


def reproduce(
    tmp_path: Path,
    *edits: Edit,
    names: Sequence[str] = LIFE,
    case: Case | None = None,
    places: Mapping[str, str] | None = None,
    found: Outcome | None = None,
    changes: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Write a reproducer for a bundle with these edits, remove the bundle, run the script, and return what it printed."""
    directory = tmp_path / "bundle"
    config = bundle(directory, *edits)
    life = replace(record(directory, config, *names), **(changes or {}))
    found = found or outcome(Verdict.VIOLATED, expected="x", observed="y")
    path = reproducer.write(tmp_path / "reproducers", outcome=found, record=life, case=case, places=places)
    shutil.rmtree(directory)
    return run(Path(path), environment)


def run(path: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run the script in a directory of its own for temporary files, check that it leaves nothing there, and return its output."""
    scratch = path.parent / "scratch"
    scratch.mkdir()
    finished = subprocess.run(
        ["sh", str(path / "reproduce.sh")],
        env={**os.environ, "TMPDIR": str(scratch), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    left = list(scratch.iterdir())
    assert not left, (left, finished.stdout)
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


def exits(output: str) -> list[int]:
    """Return the exit statuses that the script saw, in order."""
    return [int(each.rsplit(" ", 1)[1]) for each in output.splitlines() if each.startswith("exit status ")]


def look(output: str, name: str) -> str:
    """Return what was seen of the container at one moment."""
    return output.split(f"== the container, {name}\n")[1].split("\n\n", maxsplit=1)[0]
