"""`python -m reports certificate RESULTS.jsonl [--output DIR]`: writes certificate.json and certificate.md.

Exit status: that of the certificates written (0 conformant, 1 not conformant, 3 incomplete; the worst of several), or 4 if the
results cannot be used, with one line that says where and why; nothing is written then.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from reports.certificate import CONFORMANT, NOT_CONFORMANT, Entry, Source, certificates
from reports.markdown import markdown
from reports.reading import BadResults, read
from specs.catalogue import Catalogue, load
from specs.verdicts import ExitCode, Level


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE.value, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = _Parser(prog="python -m reports", description="Make reports of results files.")
    commands = parser.add_subparsers(dest="command", required=True)
    certificate = commands.add_parser("certificate", help="certify each runtime and lane in the results")
    certificate.add_argument("results", type=Path, metavar="RESULTS.jsonl")
    certificate.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="where to write (default: here)")
    options = parser.parse_args(arguments)
    try:
        document = certify(options.results)
        _write(options.output, document)
    except BadResults as error:
        print(error, file=sys.stderr)
        return ExitCode.USAGE.value
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return ExitCode.USAGE.value
    for each in document["certificates"]:
        print(f"{each['runtime']['name']} {each['runtime']['version']}, lane {each['lane']}: {each['decision']}")
    return _exit_code({each["decision"] for each in document["certificates"]}).value


def certify(path: Path) -> dict[str, Any]:
    """Return the certificates of a results file as one document. Raises BadResults if it cannot be used."""
    lines = read(path)
    catalogue = load()
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    source = Source(file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), date=written.date().isoformat())
    return certificates(lines, source=source, entries=_entries(catalogue), due=_due(catalogue))


def _entries(catalogue: Catalogue) -> Mapping[str, Entry]:
    return {each.id: Entry(each.url, each.text) for each in catalogue.values()}


def _due(catalogue: Catalogue) -> Callable[[str], Iterable[str]]:
    """Which MUSTs a run has to judge: those in force that bind a runtime on Linux, decided on the host and by themselves."""
    binding = [
        each
        for each in catalogue.matching("*")
        if each.level is Level.MUST and each.decided == "host" and each.subject == "runtime" and each.spec == "runtime-spec"
        if not each.umbrella and not each.ambiguous and {"all", "linux"} & set(each.platforms)
    ]
    return lambda version: [each.id for each in binding if each.in_force(version)]


def _write(directory: Path, document: Mapping[str, Any]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "certificate.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    (directory / "certificate.md").write_text(markdown(document), encoding="utf-8")


def _exit_code(decisions: set[str]) -> ExitCode:
    if NOT_CONFORMANT in decisions:
        return ExitCode.VIOLATED
    return ExitCode.CONFORMANT if decisions == {CONFORMANT} else ExitCode.INCOMPLETE


if __name__ == "__main__":
    sys.exit(main())
