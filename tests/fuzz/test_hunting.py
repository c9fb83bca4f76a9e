"""Short hunts from the command line: a faulty runtime found out, a killed hunt gone on with, a found case run again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fuzz.engine.corpus import DIRECTORY, load
from fuzz.kinds import CONFIGS
from tests.faulty.faults import fault
from tests.faulty.install import install

ROOT = Path(__file__).parents[2]
RUNC = shutil.which("runc", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", ""))
_PATIENCE = 480
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or RUNC is None, reason="needs root and runc")


def command(runtime: str, directory: Path, *options: str, campaign: str = "configs") -> list[str]:
    return [
        *(sys.executable, "-m", "pytest", f"fuzz/campaigns/test_{campaign}.py", "-p", "no:cacheprovider"),
        *(f"--runtime={runtime}", "--lane=v1"),
        *(f"--fuzz-corpus={directory}/corpus", f"--fuzz-state={directory}/state", f"--reproducers={directory}/reproducers"),
        *(f"--results={directory}/results.jsonl", *options),
    ]  # fmt: skip


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE, check=False)


def lines(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "results.jsonl").read_text().splitlines()]


def faulty(directory: Path) -> str:
    assert RUNC is not None
    return install(fault("oom-score-always-set"), real=RUNC, directory=directory / "faulty")


def test_a_faulty_runtime_is_found_out_reproduced_and_replayed(tmp_path: Path) -> None:
    runtime = faulty(tmp_path)
    hunted = run(command(runtime, tmp_path, "--fuzz-examples=4", "--fuzz-seed=1"))
    assert hunted.returncode == 1, hunted.stdout + hunted.stderr
    ((path, found),) = load(tmp_path / "corpus")
    assert (found.requirement, found.campaign, found.seed) == ("config.process.oomscoreadj.unset", "configs", 1)
    assert CONFIGS.from_json(found.example) == (), "shrunk to the base config"
    (violated,) = [line for line in lines(tmp_path) if line["verdict"] == "violated"]
    assert violated["case"].startswith("fuzz/configs/")
    assert (Path(violated["reproducer"]) / "reproduce.sh").exists()
    passed = [line for line in lines(tmp_path) if line["requirement"] == "runtime.start.runs-program"]
    assert passed[0]["evidence"]["containers"] == 4

    module = [sys.executable, "-m", "fuzz"]
    replayed = run([*module, "replay", str(path), f"--runtime={runtime}", f"--reproducers={tmp_path}/again"])
    assert replayed.returncode == 1, replayed.stdout + replayed.stderr
    assert "config.process.oomscoreadj.unset" in replayed.stdout
    right = run([*module, "replay", str(path), f"--runtime={RUNC}", f"--reproducers={tmp_path}/again"])
    assert right.returncode == 0, right.stdout + right.stderr


CRASHING = """#!/bin/sh
# Crashes where config.json is no JSON.
bundle=
for word; do [ "$last" != --bundle ] || bundle=$word; last=$word; done
valid() {{ {python} -c "import json, sys; json.load(open(sys.argv[1], 'rb'))" "$1/config.json" 2>/dev/null; }}
if [ -n "$bundle" ] && ! valid "$bundle"; then
    kill -SEGV $$
fi
exec {runc} "$@"
"""


UNTIDY = """#!/bin/sh
# After an exec something stays in the state directory for ever.
{runc} "$@" || exit
case " $* " in *" exec "*) mkdir -p "$2/left-by-exec" ;; esac
"""


def script(text: str, directory: Path) -> str:
    path = directory / "faulty" / "runc"
    path.parent.mkdir()
    path.write_text(text.format(python=sys.executable, runc=RUNC))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("campaign", "fault_name", "requirement", "budget"),
    [
        ("contents", CRASHING, "runtime.create.creates", (12, 3)),
        ("lifecycles", UNTIDY, "runtime.delete.removes-resources", (25, 1)),
        ("defects", "invalid-values-dropped", "config.valid-values.error", (40, 3)),
        ("lifecycles", "create-again-in-silence", "runtime.create.error-dup-or-invalid-id", (14, 3)),
    ],
    ids=lambda value: "script" if str(value).startswith("#!") else None,
)
def test_each_campaign_finds_what_it_is_for(
    tmp_path: Path, campaign: str, fault_name: str, requirement: str, budget: tuple[int, int]
) -> None:
    assert RUNC is not None
    if fault_name.startswith("#!"):
        runtime = script(fault_name, tmp_path)
    else:
        runtime = install(fault(fault_name), real=RUNC, directory=tmp_path / "faulty")
    examples, seed = budget
    options = (f"--fuzz-examples={examples}", f"--fuzz-seed={seed}", f"--requirement={requirement}")
    hunted = run(command(runtime, tmp_path, *options, campaign=campaign))
    assert hunted.returncode == 1, hunted.stdout + hunted.stderr
    found = {(each.requirement, each.campaign) for _, each in load(tmp_path / "corpus")}
    assert found == {(requirement, campaign)}


def test_each_case_of_the_corpus_gets_a_verdict(tmp_path: Path) -> None:
    replayed = run([sys.executable, "-m", "fuzz", "replay", "corpus", f"--runtime={RUNC}", "--lane=v1", *_outputs(tmp_path)])
    assert replayed.returncode in {0, 1}, replayed.stdout + replayed.stderr
    decided = {(line["case"], line["requirement"]): line["verdict"] for line in lines(tmp_path)}
    for _, found in load(DIRECTORY):
        verdict = decided[f"fuzz/corpus/{found.name}", found.requirement]
        # What one runtime refuses another may accept, and then there is nothing to judge.
        foreign = {"not_testable"} if found.runtime != "runc" else set()
        assert verdict in {"passed", "violated", "recorded", "not_applicable"} | foreign, found.name


def _outputs(directory: Path) -> list[str]:
    return [f"--results={directory}/results.jsonl", f"--reproducers={directory}/reproducers"]


def test_a_found_case_is_minimised_in_place(tmp_path: Path) -> None:
    assert RUNC is not None
    runtime = faulty(tmp_path)
    examples: list[Any] = []
    from tests.fuzz.hosts import rich_host  # noqa: PLC0415  # only here

    CONFIGS.generator(rich_host())(examples.append, 1)
    harmless = {"hostname", "process.args", "process.user.umask", "annotations"}
    example = next(each for each in examples if each and {feature.name for feature in each} <= harmless)
    document = {
        "campaign": "configs",
        "example": CONFIGS.as_json(example),
        "requirement": "config.process.oomscoreadj.unset",
        "symptom": '["N", "N"]',
        "runtime": "runc",
        "version": "",
        "lane": "v1",
        "seed": 1,
    }
    path = tmp_path / "found.json"
    path.write_text(json.dumps(document))
    minimised = run([sys.executable, "-m", "fuzz", "minimize", str(path), f"--runtime={runtime}"])
    assert minimised.returncode == 0, minimised.stdout + minimised.stderr
    assert json.loads(path.read_text())["example"] == []
    nothing = run([sys.executable, "-m", "fuzz", "minimize", str(path), f"--runtime={RUNC}"])
    assert nothing.returncode == 1
    assert "does not show" in nothing.stderr


def test_a_killed_hunt_is_gone_on_with(tmp_path: Path) -> None:
    assert RUNC is not None
    hunting = subprocess.Popen(
        command(RUNC, tmp_path, "--fuzz-time=10m", "--fuzz-seed=auto"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        state = _state(tmp_path)
    finally:
        os.kill(hunting.pid, signal.SIGKILL)
        hunting.wait()
    resumed = run(command(RUNC, tmp_path, f"--fuzz-examples={state['containers'] + 2}"))
    assert f"--fuzz-seed={state['seed']} " in resumed.stdout + resumed.stderr
    assert "resumed after" in resumed.stdout + resumed.stderr
    done = _state(tmp_path)
    assert done["done"], resumed.stdout + resumed.stderr
    assert done["containers"] >= state["containers"] + 2
    assert done["round"] > state["round"]


def test_what_cannot_be_built_is_an_error_of_ours_and_the_next_is_examined(tmp_path: Path) -> None:
    assert RUNC is not None
    jail = [sys.executable, "-m", "conformance.host.jail", "--lane=v1", "--"]
    examined = run([*jail, sys.executable, "-m", "tests.fuzz.unbuildable", RUNC, str(tmp_path)])
    assert examined.returncode == 0, examined.stderr
    first, *broken, last = json.loads(examined.stdout)
    assert first == last == [True, []]
    reasons = [reason for _, (reason,) in broken]
    assert ["KeyError" in reasons[0], "OutsideError" in reasons[1], "ValueError" in reasons[2]] == [True] * 3
    assert all("the case cannot be driven" in reason for reason in reasons)


def _state(directory: Path) -> dict[str, Any]:
    """Wait until a hunt has written its state, and return it."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        for path in (directory / "state").glob("*.json"):
            found: dict[str, Any] = json.loads(path.read_text())
            return found
        time.sleep(0.2)
    raise AssertionError("the hunt has left no state")


def test_a_hunt_without_a_runtime_is_for_the_reference_runtime(tmp_path: Path) -> None:
    named = command("", tmp_path, "--fuzz-examples=1")
    hunted = run([argument for argument in named if argument != "--runtime="])
    assert hunted.returncode == 0, hunted.stdout + hunted.stderr
    assert {(line["runtime"]["name"], line["lane"]) for line in lines(tmp_path)} == {("reference-runtime", "v1")}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--fuzz-time=soon", "no duration"),
        ("--shard=3/2", "no shard"),
        ("--fuzz-seed=x", "no seed"),
        ("--fuzz-examples=0", "positive"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(tmp_path: Path, option: str, message: str) -> None:
    told = run(command(str(RUNC), tmp_path, option))
    assert told.returncode != 0
    assert message in told.stdout + told.stderr
