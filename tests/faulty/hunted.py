"""How many generated examples each fault of the config takes to be found: `python -m tests.faulty.hunted DIR OUTPUT [NAME...]`.

Run it in a session jail: `python -m conformance.host.jail --lane=v1 -- python -m tests.faulty.hunted ...`. The examples of a
campaign serve all faults: a fault is tried on those that it changes, as on all others it does what the real runtime does.
It counts as found when a requirement that it has to redden is violated, and is not by the real runtime with the same example.
Writes {fault: number of the example in its campaign, null where it was not found, or 0 where the real runtime commits it by
itself in all examples that show it}.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from conformance.cases.case import Case
from conformance.verdict.certifier import Certifier
from fuzz.engine.oracle import examine
from fuzz.engine.seeds import ROUND, seed_of
from fuzz.kinds import CONFIGS, DEFECTS, Kind
from tests.faulty.fault import Fault
from tests.faulty.faults import all_faults
from tests.faulty.install import install
from tests.faulty.matrix import certifier_of

EXAMPLES = 500
_LANE = "v1"
_CAMPAIGNS: tuple[Kind[Any], ...] = (CONFIGS, DEFECTS)


def main(directory: Path, output: Path, names: list[str], *, seed: int) -> None:
    """Hunt the faults of the config, all or those that are named."""
    real = {name: path for name in ("runc", "crun") if (path := shutil.which(name, path="/usr/sbin:/usr/bin"))}
    plain = {name: certifier_of(path, directory, _LANE) for name, path in real.items()}
    faults = [
        f for f in all_faults() if f.config is not None and f.lane == _LANE and f.real in real and (not names or f.name in names)
    ]
    hunted = [_Hunted(f, certifier_of(install(f, real=real[f.real], directory=directory), directory, _LANE)) for f in faults]
    found: dict[str, int | None] = {fault.name: None for fault in faults}
    for number, case in _cases(next(iter(plain.values())), seed):
        for each in hunted:
            if found[each.fault.name]:
                continue
            shown, alone = each.shown_by(case, plain[each.fault.real])
            if shown:
                found[each.fault.name] = number if alone else 0
                output.write_text(json.dumps(found))
        if all(found.values()):
            break
    output.write_text(json.dumps(found))
    print(table(found))  # noqa: T201


def table(found: Mapping[str, int | None]) -> str:
    """Return a line for each fault, the quickest found first, and what they come to."""
    numbers = [number for number in found.values() if number]
    showable = [name for name, number in found.items() if number != 0]
    rows = sorted(found.items(), key=lambda row: (row[1] is None, row[1] == 0, row[1] or 0, row[0]))
    words = {None: "not found", 0: "committed by the real runtime itself"}
    lines = [f"{words.get(number, number)!s:>5}  {name}" for name, number in rows]
    return "\n".join([*lines, f"{len(numbers)} of {len(showable)} found within {EXAMPLES} examples of a campaign"])


@dataclass(frozen=True, slots=True)
class _Hunted:
    """One fault and the runtime that commits it."""

    fault: Fault
    certifier: Certifier

    def shown_by(self, case: Case, real: Certifier) -> tuple[bool, bool]:
        """Return whether the fault shows, and whether the real runtime is without it."""
        if not self._changes(case):
            return False, False
        red = self._red(case, self.certifier)
        return bool(red), bool(red) and bool(red - self._red(case, real))

    def _changes(self, case: Case) -> bool:
        config = dict(self.certifier.config_of(case))
        return self.fault.changed(config) != config

    def _red(self, case: Case, certifier: Certifier) -> set[str]:
        bad = {key.requirement for key in examine(certifier, case).bad}
        return bad.intersection(self.fault.reddens)


def _cases(certifier: Certifier, seed: int) -> Iterator[tuple[int, Case]]:
    """Yield the cases of one campaign after the other, each with its number there."""
    for kind in _CAMPAIGNS:
        yield from enumerate(islice(_stream(kind, certifier, seed), EXAMPLES), 1)


def _stream(kind: Kind[Any], certifier: Certifier, seed: int) -> Iterator[Case]:
    number, generate = 0, kind.generator(certifier.driver.host)
    while True:
        drawn: list[Any] = []
        generate(drawn.append, seed_of(seed, kind.name, number))
        yield from (kind.case(example, f"fuzz/{kind.name}") for example in drawn[:ROUND])
        number += 1


if __name__ == "__main__":
    os.umask(0o022)
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:], seed=int(os.environ.get("SEED", "1")))
