"""`python -m conformance coverage`: what is done about each statement of the specs.

With --missing, the ids that nothing is done about yet; with --reasons, those that nothing can show, and why.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from conformance.coverage import Covered, Means, coverage, table
from specs.catalogue import SPECS, load
from specs.verdicts import ExitCode


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE.value, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = _Parser(prog="python -m conformance", description="Certifying is pytest's business; this tells about the suite.")
    commands = parser.add_subparsers(dest="command", required=True)
    shown = commands.add_parser("coverage", help="what is done about each statement of the specs")
    shown.add_argument("--spec", choices=tuple(SPECS), action="append", default=[], help="this spec alone; repeatable")
    which = shown.add_mutually_exclusive_group()
    which.add_argument("--missing", action="store_true", help="list what nothing is done about yet")
    which.add_argument("--reasons", action="store_true", help="list what nothing can show, and why")
    options = parser.parse_args(arguments)
    covered = coverage(load(*options.spec))
    if options.missing:
        text = _listed(covered, Means.NOTHING)
    elif options.reasons:
        text = _listed(covered, Means.IMPOSSIBLE)
    else:
        text = table(covered)
    print(text, end="")
    return 0


def _listed(covered: Sequence[Covered], means: Means) -> str:
    found = [each.requirement for each in covered if each.means is means]
    return "".join(f"{each.id}  {each.level.value}  {each.reason or each.text}\n" for each in found)


if __name__ == "__main__":
    sys.exit(main())
