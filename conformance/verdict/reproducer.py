"""Leaves a directory that reproduces a violation by hand, without this project.

bundle/config.json     what the runtime got, with the run's own paths replaced by @WORK@      bundle/rootfs/
reproduce.sh           plain calls of the runtime, and looks at the container from the host
config.original.json   with the run's own paths                   record.json   all that was recorded
hook-KIND-N.sh, host/, probe.txt                                  where the case has them
"""

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.bundle.removal import remove_tree
from conformance.cases.case import Case, Directory, Entry, RegularFile
from conformance.record.as_json import as_json
from conformance.record.record import Record
from conformance.verdict.outcome import Outcome
from conformance.verdict.relocation import Places, document, relocate, relocate_altered
from conformance.verdict.script import Plan, script


def write(
    directory: Path,
    *,
    outcome: Outcome,
    record: Record,
    case: Case | None = None,
    places: Mapping[str, str] | None = None,
    anchor: str = "",
    statement: str = "",
) -> str:
    """Write `directory`/ID and return its path; ID is made of requirement, case, runtime and lane, so a repetition replaces it.

    The bundle has to be there still. `case` gives the set-up of the host that is made again, `places` what its placeholders
    (`host`, `ns:NAME`, `hooks`) stood for. Raises OSError where something cannot be copied or written.
    """
    target = directory / reproducer_id(outcome)
    remove_tree(str(target))
    bundle = target / "bundle"
    bundle.mkdir(parents=True)
    moves = Places.of(record.bundle, places or {})
    if record.altered is None:
        relocated = relocate(record.config, moves, record.hooks)
    else:
        relocated = relocate_altered(record.altered, record.config, moves)
    _copy_rootfs(record, bundle)
    (bundle / "config.json").write_bytes(relocated.content)
    (target / "config.original.json").write_bytes(document(record.config) if record.altered is None else record.altered)
    (target / "record.json").write_bytes(document(as_json(record)))
    rewritten = _rewritten(record)
    if rewritten is not None:
        (target / "config.rewritten.json").write_bytes(relocate(rewritten, moves, record.hooks).content)
    for path in _documents(record):
        shutil.copy(path, target)
    (target / "host").mkdir()
    if case:
        _write_entries(target / "host", case.host, moves)
    for name, text in relocated.hooks.items():
        _write_program(target / name, text)
    if record.answers:
        (target / "probe.txt").write_text(_probe_text(record), encoding="utf-8")
    plan = Plan(
        outcome=outcome,
        record=record,
        config=relocated.config,
        places=moves,
        case=case,
        anchor=anchor,
        statement=statement,
        notes=relocated.notes,
        rewritten=rewritten is not None,
    )
    _write_program(target / "reproduce.sh", script(plan))
    return str(target)


def reproducer_id(outcome: Outcome) -> str:
    """Return a directory name: readable, and unique by what the outcome is about."""
    whole = "\0".join((outcome.requirement, outcome.case, outcome.runtime.path, outcome.runtime.version, outcome.lane))
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{outcome.requirement}--{outcome.case}--{outcome.runtime.name}-{outcome.lane}")
    return f"{readable[:140]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def _copy_rootfs(record: Record, bundle: Path) -> None:
    root = record.config.get("root") or {}
    source = Path(record.bundle, str(root.get("path", "rootfs")))
    if source.is_dir() and source.is_relative_to(record.bundle):
        shutil.copytree(source, bundle / source.relative_to(record.bundle), symlinks=True, ignore=_special_files)


def _special_files(directory: str, names: list[str]) -> list[str]:
    """Leave out devices, fifos and sockets: they are what the runtime made, and cannot be copied like files."""
    modes = {name: os.lstat(os.path.join(directory, name)).st_mode for name in names}
    return [name for name, mode in modes.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))]


def _rewritten(record: Record) -> dict[str, Any] | None:
    """Return what the case put in place of the config that create got, if it did."""
    try:
        content = Path(record.bundle, "config.json").read_bytes()
        if content == record.altered:
            return None
        found: dict[str, Any] = json.loads(content)
    except (OSError, ValueError):
        return None
    return found if found != json.loads(json.dumps(record.config)) else None


def _documents(record: Record) -> Iterable[str]:
    """Yield JSON files that operations were given (exec --process, update --resources) and that lie outside the bundle."""
    words = {word for operation in record.operations for word in operation.argv[1:]}
    return sorted(word for word in words if word.startswith("/") and word.endswith(".json") and Path(word).is_file())


def _write_entries(directory: Path, entries: tuple[Entry, ...], places: Places) -> None:
    for entry in entries:
        path = directory / places.replace(entry.path).lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(entry, Directory):
            path.mkdir(exist_ok=True)
            path.chmod(entry.mode)
        elif isinstance(entry, RegularFile):
            path.write_bytes(entry.content)
            path.chmod(entry.mode)
        else:
            path.symlink_to(entry.target)


def _probe_text(record: Record) -> str:
    lines = []
    for action, answer in record.answers.items():
        lines.append(f"{action.name}{f': {answer.problem}' if answer.problem else ''}")
        for call, result in zip(action.calls, answer.results, strict=False):
            arguments = ", ".join(repr(argument) for argument in call.arguments)
            lines.append(f"    {call.name}({arguments}) = {result.value} {result.data!r}")
    return "\n".join(lines) + "\n"


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
