"""The benchmark measures what it says it does; how long anything takes is nothing that a test may depend on."""

import os
import shutil
from pathlib import Path

import pytest

from benchmarks import bare
from benchmarks.__main__ import main
from benchmarks.figures import Figure, milliseconds, table
from benchmarks.measure import RATIO, CannotMeasureError, measure
from conformance.bundle.builder import build
from conformance.bundle.config import base_config
from conformance.cases.case import Case
from conformance.subject.adapter import adapter_for
from conformance.subject.runtime import Runtime

RUNC = shutil.which("runc", path="/usr/sbin:/usr/bin:/sbin:/bin") or ""
needs_runc = pytest.mark.skipif(os.geteuid() != 0 or not RUNC, reason="needs root and runc")


@needs_runc
def test_one_round_gives_every_figure() -> None:
    figures = {figure.name: figure for figure in measure(runtime=RUNC, lane="host", rounds=1)}
    assert all(value > 0 for figure in figures.values() for value in figure.values), figures
    assert {
        "runtime CPU, bare loop",
        "runtime CPU, driven",
        "harness CPU",
        RATIO,
        "snapshot, CPU",
        "questions",
        "pytest --collect-only, wall",
        "pytest per item, CPU",
    } <= figures.keys()
    (ratio,), (own,), (runtime,) = (figures[name].values for name in (RATIO, "harness CPU", "runtime CPU, bare loop"))
    assert ratio == pytest.approx(own / runtime)
    # Two looks at each of four containers, each a part of what the harness spent.
    looks = figures["snapshot, CPU"].values
    assert len(looks) == 8
    assert sum(looks) / 4 < own


@pytest.mark.skipif(os.geteuid() != 0, reason="a session jail needs root")
def test_a_runtime_that_runs_nothing_is_no_figure() -> None:
    with pytest.raises(CannotMeasureError):
        measure(runtime="/bin/false", lane="host", rounds=1)


def test_a_program_that_is_not_there_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--runtime=/nowhere/runc"]) == 4
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("rounds", ["0", "-1", "x"])
def test_there_is_at_least_one_round(rounds: str) -> None:
    with pytest.raises(SystemExit):
        main([f"--rounds={rounds}"])


def test_a_call_that_fails_ends_the_bare_loop(tmp_path: Path) -> None:
    runtime = Runtime("/bin/false", adapter_for("/bin/false", file=None), state_directory=str(tmp_path / "state"))
    case = Case(name="plain", title="Plain")
    bundle = build(
        case, directory=str(tmp_path / "c"), container_id="c", config=base_config(oci_version="1.0.0"), machine="x86_64"
    )
    with pytest.raises(RuntimeError, match="bare loop failed"):
        bare.run(runtime, [bundle])


def test_the_table_shows_minimum_median_and_target() -> None:
    figures = [
        milliseconds("first", [0.003, 0.001, 0.002], target=1.5),
        Figure(name="a longer name", unit="s", values=(4.0,)),
    ]
    assert [line.split() for line in table(figures).splitlines()] == [
        ["minimum", "median"],
        ["first", "1.000", "2.000", "ms", "target", "1.5"],
        ["a", "longer", "name", "4.000", "4.000", "s"],
    ]
