"""How fast a hunt is beside a bare loop: `python -m benchmarks.hunting [--runtime=PATH] [--lane=LANE] [--workers=N] ...`.

By turns, on the same runtime and the same generated configs, a shell loop that looks at nothing and the hunt (generating,
driving, looking, probing, judging) take containers through their lives with the same calls of the runtime: in N workers at
once, each in a jail of its own. A container that a refused config is compared with counts as well.
Left out are configs that the shell cannot run by itself (hooks, terminals, what a runtime's features declare), and those that
take a second container.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks import bare
from conformance.bundle.builder import Bundle, build
from conformance.bundle.config import base_config
from conformance.bundle.setup import HostSetup
from conformance.cases.case import Case, lifecycle
from conformance.drive.driver import discard
from conformance.drive.reaper import Reaper
from conformance.host.cgroup_views import LANES
from conformance.plan import Plan, open_certifier
from conformance.subject.identify import find
from conformance.verdict.certifier import Certifier
from fuzz.engine.ahead import Ahead
from fuzz.engine.oracle import examine_each
from fuzz.kinds import CONFIGS
from fuzz.strategies.feature import Feature
from specs.verdicts import Level

_Example = tuple[Feature, ...]
BATCH = 50
"""Containers a worker runs in one turn of each side."""
_LEFT_OUT = ("hooks", "features", "linux.resources.pids", "process.ioPriority", "process.terminal")
"""How the names of these properties begin."""


def main(arguments: list[str]) -> int:
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.hunting", description="how fast a hunt is beside a bare shell loop"
    )
    parser.add_argument("--runtime", default="runc", metavar="PATH")
    parser.add_argument("--lane", default="host", choices=LANES)
    parser.add_argument("--workers", default=1, type=int, metavar="N")
    parser.add_argument("--rounds", default=8, type=int, metavar="N")
    parser.add_argument("--serve", nargs=2, metavar=("PLAN", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        return _serve(options.serve[0], int(options.serve[1]))
    with tempfile.TemporaryDirectory(prefix="oci-conformance-") as directory:
        plan = _plan(find(options.runtime), options.lane, directory)
        rates = _compare(plan, options.workers, options.rounds)
    for side, values in rates.items():
        print(f"{side}: {statistics.median(values):.1f} containers/s (median of {len(values)} rounds)")  # noqa: T201
    ratios = [hunt / loop for hunt, loop in zip(rates["hunt"], rates["bare loop"], strict=True)]
    print(f"hunt / bare loop: {statistics.median(ratios):.2f}, best {max(ratios):.2f}")  # noqa: T201
    return 0


def _plan(runtime: str, lane: str, directory: str) -> str:
    plan = Plan(
        runtime=runtime,
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
    return f"{directory}/plan.json"


def _compare(plan: str, workers: int, rounds: int) -> dict[str, list[float]]:
    """Return containers per second of both sides, round by round; the first round is everybody's warm-up."""
    lane = Plan.read(plan).lane
    jail = [sys.executable, "-m", "conformance.host.jail", f"--lane={lane}", "--die-with-parent", "--"]
    command = [*jail, sys.executable, "-m", "benchmarks.hunting", "--serve", plan]
    running = [
        subprocess.Popen([*command, str(seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for seed in range(workers)
    ]
    rates: dict[str, list[float]] = {"bare loop": [], "hunt": []}
    for number in range(rounds + 1):
        for side, values in rates.items():
            seconds, done = _turn(running, side)
            if number:
                values.append(done / seconds)
    for worker in running:
        worker.communicate()
    return rates


def _turn(running: list[Any], side: str) -> tuple[float, int]:
    """Have all workers take one turn of one side at once; return how long the slowest took, and the containers of all."""
    for worker in running:
        worker.stdin.write(f"{side}\n")
        worker.stdin.flush()
    answers = [worker.stdout.readline().split() for worker in running]
    return max(float(seconds) for seconds, _ in answers), sum(int(done) for _, done in answers)


def _serve(plan: str, seed: int) -> int:
    """In the jail: take turns as told on stdin, `bare loop` and `hunt` with the same configs; tell seconds and containers."""
    certifier = open_certifier(Plan.read(plan))
    generate = CONFIGS.generator(certifier.driver.host)
    examples: list[_Example] = []
    number, containers = seed * 1000, 0
    for line in sys.stdin:
        if line == "bare loop\n":
            drawn = _ahead(generate, number).all()
            number += 1
            examples = [each for each in drawn if not any(feature.name.startswith(_LEFT_OUT) for feature in each)][-BATCH:]
            seconds, examples = _bare(certifier, examples)
            containers = len(examples)
        else:
            ahead = _ahead(generate, number)  # an example for a container, as in a hunt
            started = time.perf_counter()
            cases = (CONFIGS.case(example, "benchmark/hunt") for example in examples)
            containers = sum(1 if each.record.twin is None else 2 for each in examine_each(certifier, cases, spare=ahead.step))
            while len(ahead) < len(examples) and ahead.step():
                pass  # what there was no time for beside the runtime
            seconds = time.perf_counter() - started
            ahead.close()
        print(seconds, containers, flush=True)  # noqa: T201
    return 0


def _ahead(generate: Callable[[Callable[[_Example], None], int], None], number: int) -> Ahead[_Example]:
    return Ahead(lambda take: generate(take, number))


def _bare(certifier: Certifier, examples: list[_Example]) -> tuple[float, list[_Example]]:
    """Run the loop over those of the examples that the runtime accepts; return its seconds, and those."""
    accepted, seconds = [], 0.0
    for index, example in enumerate(examples):
        case = CONFIGS.case(example, "benchmark/bare")
        with ExitStack() as stack:
            bundle = _bundle(certifier, case, index, stack)
            try:
                seconds += bare.run(certifier.driver.runtime, [bundle], asks_state=case.script is lifecycle).wall
            except RuntimeError:
                continue
            finally:
                Reaper().collect()
        accepted.append(example)
    return seconds, accepted


def _bundle(certifier: Certifier, case: Case, index: int, stack: ExitStack) -> Bundle:
    driver = certifier.driver
    bundle = build(
        case,
        directory=f"{driver.work_directory}/bare-{index}",
        container_id=f"oci-conformance-bare-{index}",
        config=base_config(oci_version=driver.oci_version),
        machine=driver.host.machine,
    )
    stack.callback(discard, bundle)
    stack.enter_context(HostSetup(case, bundle))
    return bundle


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
