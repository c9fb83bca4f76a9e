"""Start the jailed runs and turn what they leave into figures."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import conformance
from benchmarks.figures import Figure, milliseconds
from conformance.plan import Plan
from specs.verdicts import Level

PACKAGE = Path(conformance.__file__).parent
RATIO = "harness CPU / runtime CPU"
_COLLECTIONS = 3


class CannotMeasureError(Exception):
    """A jailed run failed; the message holds what it printed."""


def measure(*, runtime: str, lane: str, rounds: int) -> list[Figure]:
    """Measure everything about one runtime (an absolute path) in one lane. Raises CannotMeasureError."""
    with tempfile.TemporaryDirectory(prefix="oci-conformance-") as directory:
        plan_file = f"{directory}/plan.json"
        _plan(runtime, lane, directory).write(plan_file)
        values = json.loads(_jailed(lane, "-m", "benchmarks.jailed", plan_file, str(rounds)))
        return [*_driving(values), *_certification(values, lane, plan_file)]


def _driving(values: dict[str, list[float]]) -> list[Figure]:
    """Return the figures per container. The ratio is to the bare loop of the same round: nothing there disturbs the runtime."""
    ratios = tuple(own / runtime for own, runtime in zip(values["harness"], values["bare runtime"], strict=True))
    return [
        milliseconds("runtime CPU, bare loop", values["bare runtime"]),
        milliseconds("runtime CPU, driven", values["driven runtime"]),
        milliseconds("harness CPU", values["harness"]),
        milliseconds("wall, bare loop", values["bare wall"]),
        milliseconds("wall, driven", values["driven wall"]),
        Figure(name=RATIO, unit="", values=ratios, target=0.10),
        milliseconds("snapshot, CPU", values["snapshot"], target=1.5),
    ]


def _certification(values: dict[str, list[float]], lane: str, plan_file: str) -> list[Figure]:
    """Return the figures of a whole certification: collection, and what each item costs apart from its container."""
    collect = [_seconds(lane, plan_file, "--collect-only", "-qq") for _ in range(_COLLECTIONS)]
    loop = _loop(lane, plan_file)
    return [
        Figure(name="items of a certification", unit="", values=tuple(values["items"])),
        milliseconds("questions", values["questions"]),
        Figure(name="pytest --collect-only, wall", unit="s", values=tuple(collect), target=3),
        milliseconds("pytest per item, CPU", [loop["cpu"] / loop["items"]]),
        milliseconds("pytest per item, wall", [loop["wall"] / loop["items"]]),
    ]


def _plan(runtime: str, lane: str, directory: str) -> Plan:
    return Plan(
        runtime=runtime,
        adapter=None,
        lane=lane,
        spec_version=None,
        requirements=("*",),
        levels=tuple(level.value for level in Level),
        waivers=(),
        directory=directory,
        reproducers=f"{directory}/reproducers",
    )


def _seconds(lane: str, plan_file: str, *arguments: str) -> float:
    started = time.perf_counter()
    _inner(lane, plan_file, *arguments)
    return time.perf_counter() - started


def _loop(lane: str, plan_file: str) -> dict[str, Any]:
    """Run every item without its container; return what `benchmarks.undriven` wrote."""
    file = Path(plan_file).with_name("loop.json")
    _inner(lane, plan_file, "-p", "benchmarks.undriven", f"--loop-figures={file}", "-q")
    figures: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return figures


def _inner(lane: str, plan_file: str, *arguments: str) -> None:
    """Run the certification tests as the supervisor does."""
    tests = PACKAGE / "runtime"
    options = [
        "-c",
        str(tests / "pytest.ini"),
        f"--rootdir={PACKAGE.parent}",
        "-p",
        "conformance.plugin",
        "-p",
        "no:cacheprovider",
    ]
    _jailed(lane, "-m", "pytest", *options, f"--conformance-plan={plan_file}", *arguments, str(tests))


def _jailed(lane: str, *arguments: str) -> str:
    """Run this interpreter in a session jail; return what it printed."""
    command = [sys.executable, "-m", "conformance.host.jail", f"--lane={lane}", "--", sys.executable, *arguments]
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotMeasureError(f"{done.stdout[-2000:]}{done.stderr[-2000:]}".strip() or f"exit status {done.returncode}")
    return done.stdout
