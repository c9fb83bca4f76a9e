"""Linters, types and the layer contract are tests."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("lint-imports",)],
    ids=" ".join,
)
def test_tool_finds_nothing(command: tuple[str, ...]) -> None:
    result = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_layer_contract_notices_a_forbidden_import(tmp_path: Path) -> None:
    for package in ("specs", "conformance", "reports"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "specs" / "facts.py").write_text("import conformance\n")
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_packages =\n    specs\n    conformance\n    reports\n"
        "[importlinter:contract:1]\nname = one way\ntype = forbidden\nsource_modules = specs\nforbidden_modules = conformance\n"
    )
    result = subprocess.run([str(BIN / "lint-imports")], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "BROKEN" in result.stdout
