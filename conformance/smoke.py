"""The smoke gate: create, state, start, kill and delete once, so that one clear line tells what 600 red ones would.

`python -m conformance.smoke PLAN`, run in the session jail; prints the line and exits with 3 where the gate stays shut.
"""

import sys

from conformance.cases.case import Case
from conformance.plan import Plan, open_certifier
from conformance.record.operation import Status
from conformance.record.record import Record
from specs.verdicts import ExitCode

CASE = Case(name="smoke/plain", title="Create, state, start, kill and delete once")


def objection(record: Record) -> str:
    """Return what keeps this runtime from being certified here, "" if nothing does."""
    if record.problem:
        return f"the harness could not run a container: {record.problem}"
    for name in ("create", "start", "kill", "delete"):
        operation = record.operation(name)
        if operation is None or not operation.succeeded:
            return f"{operation.describe() if operation else f'{name} was never reached'}"
    if not any(reading.document and reading.actual is Status.CREATED for reading in record.states):
        return "state shows no document for a created container"
    if not record.program_started:
        return "start reports success, but the program was never seen to run"
    if record.exit_code is None and record.runtime.kernel == "host":
        return "kill reports success, but the container's process did not end"
    return ""


def main(arguments: list[str]) -> int:
    """Run the gate for the plan file that is named."""
    plan = Plan.read(arguments[0])
    certifier = open_certifier(plan)
    problem = objection(certifier.driver.drive(CASE))
    if not problem:
        return ExitCode.CONFORMANT
    host = certifier.driver.host
    print(f"{plan.runtime} cannot run a plain container in lane {plan.lane} of this host: {problem}", file=sys.stderr)  # noqa: T201
    if host.cgroup_layout == "hybrid":
        print("This host has a hybrid cgroup layout, which some runtimes refuse: try --lane=v1 or --lane=v2.", file=sys.stderr)  # noqa: T201
    return ExitCode.INCOMPLETE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
