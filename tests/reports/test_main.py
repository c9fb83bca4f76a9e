"""The command line: certificates are written, or one line says why not."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.__main__ import certify, main
from specs.catalogue import load
from specs.verdicts import Level
from tests.reports.results import GOOD, result, written


def complete() -> list[dict[str, Any]]:
    """Return passes for whatever in the catalogue could be due, and more."""
    return [result(each.id) for each in load().values() if each.level is Level.MUST]


def test_a_complete_run_is_certified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "results.jsonl", *complete())
    os.utime(path, (0, 86_400 * 365))
    assert main(["certificate", str(path), f"--output={tmp_path}/out"]) == 0
    assert capsys.readouterr().out == "runc 1.1.5, lane host: conformant\n"
    document = json.loads((tmp_path / "out/certificate.json").read_text(encoding="utf-8"))
    assert document == certify(path)
    assert document["results"] == {
        "file": "results.jsonl",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "date": "1971-01-01",
    }
    assert (tmp_path / "out/certificate.md").read_text(encoding="utf-8").startswith("# runc 1.1.5, lane host: conformant\n")


def test_exit_statuses_are_those_of_the_worst_certificate(tmp_path: Path) -> None:
    host = complete()
    lane = [{**each, "lane": "v1"} for each in host]
    unstable, violated = ([{**lane[0], "verdict": verdict}, *lane[1:]] for verdict in ("unstable", "violated"))
    for code, results in ((0, host + lane), (3, host + unstable), (3, [*host, lane[0]]), (1, [host[0], *violated])):
        path = written(tmp_path / "results.jsonl", *results)
        assert main(["certificate", str(path), f"--output={tmp_path}"]) == code


def test_due_are_the_musts_in_force(tmp_path: Path) -> None:
    (found,) = certify(written(tmp_path / "r.jsonl", result("x.y")))["certificates"]
    missing = {load()[each] for each in found["missing"]}
    assert len(missing) > 20
    assert all(each.level is Level.MUST and each.subject == "runtime" and not each.umbrella for each in missing)
    assert all(each.in_force("1.0.2") for each in missing)
    (later,) = certify(written(tmp_path / "r.jsonl", result("x.y", spec_version="1.3.0")))["certificates"]
    assert set(found["missing"]) < set(later["missing"])


def _broken(**changes: Any) -> str:
    return json.dumps(result(**changes))


LINE = json.dumps(GOOD)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there are no results in it"),
        ("\n", "there are no results in it"),
        (LINE, ":1: $: the line has no end"),
        (f"{LINE}\n{{\n", ":2: $: not JSON: "),
        (f"{LINE}\n\n{_broken()}\n", ":2: $: not JSON: "),
        (f"{LINE}\n[]\n", ":2: $: [] is not of type 'object'"),
        (f"{LINE}\n{_broken(verdict='fine')}\n", ":2: $.verdict: 'fine' is not one of "),
        (f"{_broken(runtime={'name': 'x'})}\n", ":1: $.runtime: 'path' is a required property"),
        (f"{_broken(waived=True)}\n", ":1: $.verdict: 'passed' is not one of ['violated', 'unstable']"),
        (f"{LINE}\n{LINE}\n", ":2: $.requirement: linux.maskedpaths.effect in case linux/masked was answered on line 1 already"),
        (
            f"{LINE}\n{_broken(spec_version='1.3.0')}\n",
            ":2: $.spec_version: '1.3.0', but '1.0.2' before: these are results of two runs",
        ),
        (f"{LINE}\n{_broken(runtime={**GOOD['runtime'], 'version': '2'})}\n", ":2: $.runtime.version: '2', but '1.1.5' before"),
    ],
)
def test_bad_results_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(content, encoding="utf-8")
    assert main(["certificate", str(path), f"--output={tmp_path}/out"]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(str(path))
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_bytes_that_are_no_text_are_bad_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"\xff\xfe\n")
    assert main(["certificate", str(path)]) == 4
    assert ":1: $: not JSON: " in capsys.readouterr().err


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certificate", f"{tmp_path}/none.jsonl"]) == 4
    assert capsys.readouterr().err == f"{tmp_path}/none.jsonl: No such file or directory\n"
    path = written(tmp_path / "results.jsonl", GOOD)
    assert main(["certificate", str(path), f"--output={path}"]) == 4
    assert capsys.readouterr().err == f"{path}: File exists\n"


def test_a_wrong_command_line_is_usage() -> None:
    finished = subprocess.run([sys.executable, "-m", "reports", "certify"], capture_output=True, text=True, check=False)
    assert finished.returncode == 4
    assert finished.stderr.count("\n") == 1
