"""`python -m specs show ID`: what the catalogue knows of a requirement."""

import argparse
import difflib
import sys
import textwrap
from collections.abc import Sequence
from typing import NoReturn

from specs.catalogue import Catalogue, Requirement, load
from specs.entry import DECIDED
from specs.verdicts import ExitCode


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE.value, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = _Parser(prog="python -m specs", description="Ask the catalogue of requirements.")
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="print one requirement")
    show.add_argument("id", metavar="ID")
    options = parser.parse_args(arguments)
    catalogue = load()
    if options.id not in catalogue:
        print(_unknown(options.id, catalogue), file=sys.stderr)
        return ExitCode.USAGE.value
    print(describe(catalogue[options.id], catalogue))
    return 0


def describe(requirement: Requirement, catalogue: Catalogue) -> str:
    """Return the requirement as lines for a terminal."""
    rows = [
        ("level", requirement.level.value),
        ("basis", requirement.basis),
        ("in force", f"{requirement.period} of {requirement.spec}"),
        ("platforms", ", ".join(requirement.platforms)),
        ("subject", requirement.subject),
        ("chapter", requirement.chapter),
        ("anchor", requirement.anchor),
        ("", requirement.url),
        ("decided", _decided(requirement, catalogue)),
        ("ambiguous", requirement.ambiguous),
        ("disputed", requirement.disputed),
        ("note", requirement.note),
    ]
    lines = (_row(label, value) for label, value in rows if value)
    return "\n".join([requirement.id, *textwrap.wrap(requirement.text, 100, initial_indent="  ", subsequent_indent="  "), *lines])


def _decided(requirement: Requirement, catalogue: Catalogue) -> str:
    if requirement.umbrella:
        return f"through the {len(catalogue.children(requirement.id))} requirements that it binds"
    return DECIDED[requirement.decided] + (f": {requirement.reason}" if requirement.reason else "")


def _row(label: str, value: str) -> str:
    return textwrap.fill(
        value,
        112,
        initial_indent=f"  {label:<11}",
        subsequent_indent=" " * 13,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _unknown(asked: str, catalogue: Catalogue) -> str:
    close = difflib.get_close_matches(asked, catalogue, n=3, cutoff=0.6)
    return f"no requirement {asked!r}" + (f"; close ones: {', '.join(close)}" if close else "")


if __name__ == "__main__":
    sys.exit(main())
