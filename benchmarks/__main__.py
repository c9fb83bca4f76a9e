"""Tell what the harness costs: `python -m benchmarks [--runtime=PATH] [--lane=host|v1|v2] [--rounds=N]`.

By turns on the same runtime and the same bundles, a bare shell loop and the driver with its looks and leak checks take
containers through their lives. CPU is user and system time. The runtime's is that of the programs called and of the
containers' processes, the harness's that of its own process. Exit status 4: something could not be run.
"""

import argparse
import sys

from benchmarks.figures import table
from benchmarks.jailed import CONTAINERS
from benchmarks.measure import CannotMeasureError, measure
from conformance.host.cgroup_views import LANES
from conformance.subject.identify import NotARuntime, find


def main(arguments: list[str]) -> int:
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="what the harness costs beside the runtime")
    parser.add_argument("--runtime", default="runc", metavar="PATH", help="path or name on PATH (default: runc)")
    parser.add_argument("--lane", default="host", choices=LANES, help="cgroup layout to run in (default: the host's own)")
    parser.add_argument("--rounds", default=10, type=_positive, metavar="N", help="rounds of both sides (default: 10)")
    options = parser.parse_args(arguments)
    try:
        runtime = find(options.runtime)
        figures = measure(runtime=runtime, lane=options.lane, rounds=options.rounds)
    except (NotARuntime, CannotMeasureError) as error:
        print(error, file=sys.stderr)
        return 4
    print(f"{runtime}, lane {options.lane}: {options.rounds} rounds of {CONTAINERS} containers each way, figures per container")
    print(table(figures), end="")
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("at least one round")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
