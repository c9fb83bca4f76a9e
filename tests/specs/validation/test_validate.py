"""`python -m specs validate` on files, bundles and what is neither, run for real; and which kind a document is taken for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from specs.validate import KINDS, UnknownKindError, breaches, exit_code, recognised, validate
from specs.validation.finding import Breach, judged
from specs.validation.reading import UnreadableError
from specs.verdicts import ExitCode
from tests.specs.validation.documents import documents, edited

ROOT = Path(__file__).parents[3]
DOCUMENTS = documents()
LINUX = DOCUMENTS["linux"][1]


def _written(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "specs", "validate", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _bundle(tmp_path: Path, config: Any) -> str:
    (tmp_path / "rootfs").mkdir()
    _written(tmp_path / "config.json", config)
    return str(tmp_path)


def _ids(path: str, **more: str) -> list[str]:
    return [each.requirement for each in validate(path, **more)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_recognised_by_its_content(name: str) -> None:
    kind, document = DOCUMENTS[name]
    assert recognised(document, "any.json") == kind
    assert recognised([], "x/config.json") == "config"


def test_what_shows_no_kind_is_unknown(tmp_path: Path) -> None:
    values: list[Any] = [[], {}, {"a": 1}]
    for value in values:
        with pytest.raises(UnknownKindError, match="nothing shows what it is"):
            validate(_written(tmp_path / "any.json", value))
    with pytest.raises(UnknownKindError, match="no bundle"):
        validate(str(tmp_path))
    with pytest.raises(UnknownKindError, match="a single document is one of"):
        breaches({}, kind="bundle")


def test_a_kind_that_is_named_is_believed(tmp_path: Path) -> None:
    path = _written(tmp_path / "any.json", {})
    assert {each: len(_ids(path, kind=each)) > 0 for each in KINDS} == dict.fromkeys(KINDS, True)


def test_a_right_document_and_a_wrong_one(tmp_path: Path) -> None:
    right = _written(tmp_path / "config.json", LINUX)
    run = _run(right)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    wrong = _written(tmp_path / "wrong.json", edited(LINUX, "process.cwd", "t\u00e4mp"))
    run = _run(right, wrong)
    expected = f"{wrong}: $.process.cwd: MUST config.process.cwd.absolute: expected an absolute path, found 't\\xe4mp'\n"
    assert (run.returncode, run.stdout, run.stderr) == (1, expected, "")


def test_findings_as_json(tmp_path: Path) -> None:
    wrong = _written(tmp_path / "config.json", edited(LINUX, "process.cwd", "tmp"))
    run = _run(wrong, "--json")
    assert run.returncode == 1
    assert [json.loads(line) for line in run.stdout.splitlines()] == [
        {
            "document": wrong,
            "path": "$.process.cwd",
            "requirement": "config.process.cwd.absolute",
            "level": "MUST",
            "message": "expected an absolute path, found 'tmp'",
            "ambiguous": False,
            "unjudged": False,
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["none.json"], 4, "none.json: No such file or directory"),
        (["/dev/null", "--kind=config"], 4, "/dev/null: not a regular file"),
        (["--kind=banana", "x"], 4, "invalid choice"),
        ([], 4, "required: PATH"),
        (["specs"], 4, "specs: no bundle (config.json)"),
    ],
)
def test_what_cannot_be_judged_is_a_matter_of_usage(arguments: list[str], status: int, words: str) -> None:
    run = _run(*arguments)
    assert (run.returncode, run.stdout) == (status, "")
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_warnings_leave_the_status_at_zero_and_unjudged_documents_do_not(tmp_path: Path) -> None:
    assert exit_code(judged("c", [Breach((), "linux.memory.kernel.discouraged", "")])) is ExitCode.CONFORMANT
    deep = tmp_path / "config.json"
    deep.write_text('{"a":' * 200 + "1" + "}" * 200, encoding="utf-8")
    run = _run(str(deep))
    assert (run.returncode, run.stderr) == (3, "")
    assert run.stdout == f"{deep}: $: none: not judged: nested deeper than 128 levels\n"
    wrong = Breach((), "config.root.required-elsewhere", "")
    assert exit_code(judged("c", [wrong, Breach((), "", "", unjudged=True)])) is ExitCode.VIOLATED


def test_a_hostile_document_gets_findings(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b'\xef\xbb\xbf{"ociVersion":"1.3.0","hostname":"\\ud800","hostname":1e999,"\\u001b[31m":0}')
    run = _run(str(path))
    assert (run.returncode, run.stderr) == (1, "")
    assert "glossary.json.no-duplicate-names" in run.stdout
    assert "config.hostname.optional: expected a string, found 1000" in run.stdout
    assert run.stdout.isascii()
    assert "\x1b" not in run.stdout


def test_many_errors_are_listed_to_a_bound(tmp_path: Path) -> None:
    wrong = edited(LINUX, "process.env", [0] * 100_000)
    assert len(_ids(_written(tmp_path / "config.json", wrong))) == 1000


def test_a_bundle_is_its_config_and_its_directory(tmp_path: Path) -> None:
    bundle = _bundle(tmp_path, LINUX)
    assert _ids(bundle) == []
    (tmp_path / "rootfs").rmdir()
    assert [(each.path, each.requirement) for each in validate(bundle)] == [("$.root.path", "config.root.path.must-exist")]
    (tmp_path / "rootfs").write_text("")
    assert _ids(bundle) == ["config.root.path.must-exist"]


def test_a_rootfs_elsewhere_is_recorded(tmp_path: Path) -> None:
    inner = tmp_path / "bundle"
    inner.mkdir()
    bundle = _bundle(inner, edited(LINUX, "root.path", str(tmp_path)))
    found = {each.requirement: each.level.value for each in validate(bundle)}
    assert found == {"bundle.single-local-directory": "MAY", "config.root.path.conventional-name": "SHOULD"}


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", 5, None], ids=ascii)
def test_an_odd_rootfs_is_no_directory(tmp_path: Path, odd: Any) -> None:
    found = _ids(_bundle(tmp_path, edited(LINUX, "root.path", odd)))
    assert found
    assert ("config.root.path.must-exist" in found) == isinstance(odd, str)


def test_a_bundle_on_windows_has_volumes(tmp_path: Path) -> None:
    assert _ids(_bundle(tmp_path, DOCUMENTS["windows"][1])) == []


def test_a_directory_without_config_is_no_bundle(tmp_path: Path) -> None:
    assert _ids(str(tmp_path), kind="bundle") == ["bundle.config.required"]
    os.mkdir(tmp_path / "inner")
    _written(tmp_path / "Config.json", LINUX)
    _written(tmp_path / "inner/config.json", LINUX)
    assert sorted(_ids(str(tmp_path), kind="bundle")) == ["bundle.config.at-root", "bundle.config.name", "bundle.config.required"]


def test_an_unusable_config_in_a_bundle(tmp_path: Path) -> None:
    bundle = _bundle(tmp_path, LINUX)
    (tmp_path / "config.json").write_text("{")
    assert [each.message[:8] for each in validate(bundle)] == ["not JSON"]
    (tmp_path / "config.json").unlink()
    (tmp_path / "config.json").mkdir()
    with pytest.raises(UnreadableError):
        validate(bundle)
