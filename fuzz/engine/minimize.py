"""Make a found case smaller: leave out one thing after another as long as it stays the same find.

Hypothesis shrinks what it has just generated; this works on the case itself, so on a file as well.
`python -m fuzz.engine.minimize PLAN FILE` is run in the session jail by `python -m fuzz minimize`.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from conformance.plan import Plan, open_certifier
from fuzz.engine.corpus import read
from fuzz.engine.journal import write_json
from fuzz.engine.oracle import examine
from fuzz.kinds import KINDS, Example, Kind

ATTEMPTS = 200
"""Containers at most."""


def minimize(kind: Kind[Example], example: Example, same: Callable[[Example], bool], *, attempts: int = ATTEMPTS) -> Example:
    """Return the smallest example for which `same` still holds, leaving out one thing at a time, at most so many tries."""
    smallest, left, tried = example, attempts, {repr(example)}
    improved = True
    while improved:
        improved = False
        for candidate in kind.smaller(smallest):
            if repr(candidate) in tried:
                continue
            if not left:
                return smallest
            tried.add(repr(candidate))
            left -= 1
            if same(candidate):
                smallest, improved = candidate, True
                break
    return smallest


def main(arguments: list[str]) -> int:
    """Minimise the case of a file in place; 1 where it does not show on this runtime."""
    plan, path = Plan.read(arguments[0]), Path(arguments[1])
    found = read(path)
    kind = KINDS[found.campaign]
    certifier = open_certifier(plan)

    def same(example: object) -> bool:
        return found.key in examine(certifier, kind.case(example, f"minimize/{kind.name}"), kind.judged_by).bad

    example = kind.from_json(found.example)
    if not same(example):
        print(f"{path}: {found.key} does not show on {plan.runtime}", file=sys.stderr)  # noqa: T201
        return 1
    smallest = minimize(kind, example, same)
    write_json(path, asdict(replace(found, example=kind.as_json(smallest))))
    print(kind.case(smallest, "").title)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
