"""`python -m fuzz replay FILE|corpus` and `python -m fuzz minimize FILE`: what was found before, run again or made smaller.

Both take --runtime=PATH, by default the runtime that the case was found on, and --lane; replay passes other options on to
pytest.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import fuzz
from conformance.plan import Plan
from conformance.subject.identify import NotARuntime, find
from fuzz.engine.corpus import DIRECTORY, CorpusError, read
from specs.verdicts import ExitCode, Level

PACKAGE = Path(fuzz.__file__).parent


def main(arguments: list[str]) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("command", choices=("replay", "minimize"))
    parser.add_argument("file", help="a found case; `corpus` for all there are")
    parser.add_argument("--runtime", help="path or name; by default the one it was found on")
    parser.add_argument("--lane", default=None, help="host, v1 or v2; by default the one it was found in")
    given, others = parser.parse_known_args(arguments)
    try:
        if given.command == "replay":
            return _replay(given, others)
        return _minimize(given)
    except (CorpusError, NotARuntime) as error:
        print(error, file=sys.stderr)
        return ExitCode.USAGE


def _replay(given: argparse.Namespace, others: list[str]) -> int:
    place = DIRECTORY if given.file == "corpus" else Path(given.file)
    found = None if place.is_dir() else read(place)
    runtime, lane = given.runtime or (found and found.runtime), given.lane or (found and found.lane)
    options = [
        f"--fuzz-corpus={place.absolute()}",
        *([f"--runtime={runtime}"] if runtime else []),
        *([f"--lane={lane}"] if lane else []),
    ]
    command = [sys.executable, "-m", "pytest", str(PACKAGE / "campaigns" / "test_corpus.py"), *options, *others]
    return subprocess.run(command, cwd=PACKAGE.parent, check=False).returncode


def _minimize(given: argparse.Namespace) -> int:
    path = Path(given.file).absolute()
    found = read(path)
    lane = given.lane or found.lane
    with tempfile.TemporaryDirectory() as directory:
        plan = Plan(
            runtime=find(given.runtime or found.runtime),
            adapter=None,
            lane=lane,
            spec_version=None,
            requirements=("*",),
            levels=tuple(level.value for level in Level),
            waivers=(),
            directory=directory,
            reproducers=directory,
        )
        plan.write(f"{directory}/plan.json")
        jail = [sys.executable, "-m", "conformance.host.jail", f"--lane={lane}", "--die-with-parent", "--"]
        command = [*jail, sys.executable, "-m", "fuzz.engine.minimize", f"{directory}/plan.json", str(path)]
        search = os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        return subprocess.run(command, env=os.environ | {"PYTHONPATH": search}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
