"""What a runtime leaves behind is shown by hand too, in the same view of the cgroups, and from the very bytes that it got."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.record.config import put
from conformance.verdict import reproducer
from specs.verdicts import Verdict
from tests.verdict.containers import bundle, exits, needs_root, record, reproduce, run
from tests.verdict.outcomes import outcome

pytestmark = needs_root

BROKEN = """#!/bin/sh
# Tells what it got, and leaves a mount and a process behind.
[ "$1" = --root ] && shift 2
[ "$1" = create ] || exit 1
cat "$3/config.json"
mount -t tmpfs left "$3/rootfs/dev"
sleep 60 >/dev/null 2>&1 &
exit 1
"""


def broken(tmp_path: Path) -> str:
    path = tmp_path / "broken"
    path.write_text(BROKEN, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def left(output: str) -> list[str]:
    return output.partition("== left behind\n")[2].partition("\nthe requirement: ")[0].splitlines()


def test_what_is_left_is_shown_and_nothing_else(tmp_path: Path) -> None:
    output = reproduce(tmp_path, names=("create",), environment={"RUNTIME": broken(tmp_path)})
    mount, process = left(output)
    assert re.fullmatch(r"mount \d+ \S+/bundle/rootfs/dev rw,relatime - tmpfs left rw", mount)
    assert process.endswith("/sleep")
    assert left(reproduce(tmp_path / "right")) == []


@pytest.mark.parametrize(
    "altered",
    [b'{"linux": {}, "linux": {"namespaces": []}}\n', b'{"truncat', b"\xff\xfe\0\n", b"17\n", b"[" * 100_000],
    ids=["doubled", "truncated", "not-utf-8", "number", "deep"],
)
def test_bytes_that_are_no_config_reach_the_runtime_as_they_are(tmp_path: Path, altered: bytes) -> None:
    directory = tmp_path / "bundle"
    life = record(directory, bundle(directory), "create")
    life.altered = altered
    (directory / "config.json").write_bytes(altered)
    path = Path(reproducer.write(tmp_path / "out", outcome=outcome(Verdict.VIOLATED), record=life))
    shutil.rmtree(directory)
    assert (path / "config.original.json").read_bytes() == altered
    assert not (path / "config.rewritten.json").exists()
    assert altered.decode("utf-8", "replace") in run(path, {"RUNTIME": broken(tmp_path)})


def test_paths_and_hooks_in_altered_bytes_are_followed(tmp_path: Path) -> None:
    hooks = {"createRuntime": [{"path": "/run/host/hook", "args": ["hook", "/run/hooks.sock", "createRuntime", "0"]}]}
    directory = tmp_path / "bundle"
    config = bundle(directory, put("/hooks", hooks))
    altered = b'{"mounts": [], ' + json.dumps(config).encode()[1:]
    output = reproduce(
        tmp_path / "again",
        put("/hooks", hooks),
        changes={"altered": altered},
        places={"host": "/run/host", "hooks": "/run/hooks.sock"},
    )
    assert exits(output) == [0, 0, 0, 0]
    assert re.search(r'^== createRuntime 0\n\{.*"status":"creat', output, re.MULTILINE), output


@pytest.mark.skipif(not shutil.which("crun"), reason="needs crun")
@pytest.mark.skipif(not os.path.ismount("/sys/fs/cgroup/unified"), reason="needs a hybrid cgroup layout")
def test_the_corpus_find_of_crun_is_seen_by_hand(tmp_path: Path) -> None:
    """Found in the v1 view, since crun refuses the hybrid layout; without the first, empty `linux` there is nothing to see."""
    crun = shutil.which("crun") or ""
    if "crun version 1.8.1\n" not in subprocess.run([crun, "--version"], capture_output=True, text=True, check=False).stdout:
        pytest.skip("a later crun may have mended it")
    directory = tmp_path / "bundle"
    config = bundle(directory, put("/hostname", "0"))
    altered = b'{"linux": {}, ' + json.dumps(config).encode()[1:]
    found = replace(outcome(Verdict.VIOLATED), lane="v1")
    for name, content, status in (("altered", altered, 1), ("plain", None, 0)):
        changes = {"altered": content}
        output = reproduce(
            tmp_path / name, put("/hostname", "0"), names=("create",), changes=changes, found=found, environment={"RUNTIME": crun}
        )
        assert exits(output) == [status], output
        assert any(re.match(r"mount \d+ \S+/bundle/rootfs/proc ", line) for line in left(output)) == bool(status), output


@pytest.mark.skipif(not os.path.ismount("/sys/fs/cgroup/unified"), reason="needs a hybrid cgroup layout")
def test_where_there_is_no_v1_view_the_script_says_so(tmp_path: Path) -> None:
    directory = tmp_path / "bundle"
    life = record(directory, bundle(directory), "create")
    path = reproducer.write(tmp_path / "out", outcome=replace(outcome(Verdict.VIOLATED), lane="v1"), record=life)
    pure = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        f"mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup && exec sh {path}/reproduce.sh",
    ]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    finished = subprocess.run(pure, env={**os.environ, "TMPDIR": str(scratch)}, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout) == (2, ""), finished
    assert "seen with cgroup v1" in finished.stderr
    assert not list(scratch.iterdir())
