"""What the specs demand, and whether a document keeps to it.

    python -m specs show ID                                    what the catalogue knows of a requirement
    python -m specs validate PATH... [--json] [--kind=KIND]    what is wrong with documents, bundles, image layouts

`validate` prints one line per finding (with --json: one object). Exit status: 0 nothing at MUST, 1 a MUST is broken,
3 something was too large or too deep to be judged, 4 a path cannot be read or shows no kind of document.
"""

import argparse
import difflib
import json
import sys
import textwrap
from collections.abc import Sequence
from typing import NoReturn

from specs.catalogue import Catalogue, Requirement, load
from specs.entry import DECIDED
from specs.validate import DIRECTORIES, IMAGE_KINDS, KINDS, UnknownKindError, exit_code, validate
from specs.validation.reading import UnreadableError
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
    judge = commands.add_parser("validate", help="judge documents, bundles and image layouts by themselves")
    judge.add_argument("paths", metavar="PATH", nargs="+")
    judge.add_argument("--json", action="store_true", help="print each finding as a JSON object")
    judge.add_argument(
        "--kind", choices=sorted({*KINDS, *IMAGE_KINDS, *DIRECTORIES}), default="", help="what the paths are, if unclear"
    )
    options = parser.parse_args(arguments)
    if options.command == "show":
        return _show(options.id)
    return max(_validate(path, kind=options.kind, as_json=options.json) for path in options.paths)


def _show(asked: str) -> int:
    catalogue = load()
    if asked not in catalogue:
        print(_unknown(asked, catalogue), file=sys.stderr)
        return ExitCode.USAGE.value
    print(describe(catalogue[asked], catalogue))
    return ExitCode.CONFORMANT.value


def _validate(path: str, *, kind: str, as_json: bool) -> int:
    """Print the findings of one path and return its exit status."""
    try:
        findings = validate(path, kind=kind)
    except (UnknownKindError, UnreadableError) as error:
        print(ascii(str(error))[1:-1], file=sys.stderr)
        return ExitCode.USAGE.value
    for each in findings:
        print(json.dumps(each.as_json()) if as_json else str(each))
    return exit_code(findings).value


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
