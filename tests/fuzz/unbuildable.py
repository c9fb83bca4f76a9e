"""Examine cases of which some cannot be built; run in a session jail with the path of a runtime and a directory.

Prints for each whether its program started, and the reasons of what is bad about it.
"""

import json
import sys

from conformance.cases.case import Case, Directory
from conformance.plan import Plan, open_certifier
from conformance.record.config import put
from fuzz.engine.oracle import examine_each
from fuzz.strategies.feature import quiet_lifecycle
from specs.verdicts import Level

CASES = (
    Case(name="fuzz/plain", title="Plain", script=quiet_lifecycle),
    Case(name="fuzz/edit", title="An edit that leads nowhere", edits=(put("/process/-", 1),)),
    Case(name="fuzz/entry", title="An entry that lies outside", rootfs=(Directory("../x"),)),
    Case(name="fuzz/placeholder", title="A namespace that nobody makes", edits=(put("/process/args", ["{ns:nothing}"]),)),
    Case(name="fuzz/after", title="Plain again", script=quiet_lifecycle),
)


def main(runtime: str, directory: str) -> None:
    """Examine them, and print a JSON array."""
    plan = Plan(
        runtime=runtime,
        adapter=None,
        lane="v1",
        spec_version=None,
        requirements=("*",),
        levels=tuple(Level),
        waivers=(),
        directory=directory,
        reproducers=directory,
    )
    examined = examine_each(open_certifier(plan), CASES)
    json.dump([[each.started, [found.outcome.reason for found in each.bad.values()]] for each in examined], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
