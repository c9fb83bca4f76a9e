"""Bare loop and driver by turns on one runtime: `python -m benchmarks.jailed PLAN ROUNDS`, in the session jail.

Prints one JSON object: the name of each quantity to its values in seconds, one per round and per container.
"""

import json
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable

from benchmarks import bare
from conformance.bundle.builder import Bundle, build
from conformance.bundle.config import base_config
from conformance.cases.case import Case, Container
from conformance.drive.driver import Driver, discard
from conformance.drive.reaper import remove
from conformance.observe.leaks import Watch, differences, watch
from conformance.plan import Plan, open_certifier

CONTAINERS = 4
"""How many containers each side takes through their lives in a round."""

Values = dict[str, list[float]]


def main(arguments: list[str]) -> int:
    """Measure and print."""
    plan, rounds = Plan.read(arguments[0]), int(arguments[1])
    certifier = open_certifier(plan)
    values: Values = defaultdict(list)
    started = time.perf_counter()
    number = sum(1 for _ in certifier.questions())
    values["questions"].append(time.perf_counter() - started)
    values["items"].append(number)
    _round(certifier.driver, defaultdict(list))  # imports, caches and the runtime's pages are everybody's first time
    for _ in range(rounds):
        _round(certifier.driver, values)
    json.dump(values, sys.stdout)
    return 0


def _round(driver: Driver, values: Values) -> None:
    _measure_bare(driver, values)
    _measure_driver(driver, values)


def _measure_bare(driver: Driver, values: Values) -> None:
    bundles = [_bundle(driver, index) for index in range(CONTAINERS)]
    clean = _watch(driver)
    before = _children_cpu()
    done = bare.run(driver.runtime, bundles)
    _reap()
    values["bare runtime"].append((_children_cpu() - before - done.own_cpu) / CONTAINERS)
    values["bare wall"].append(done.wall / CONTAINERS)
    for bundle in bundles:
        os.unlink(f"{bundle.directory}.pid")
        discard(bundle)
    # A parent cgroup that the runtime left would spare the driver's containers the making and removing of it.
    remove(differences(clean, _watch(driver)))


def _measure_driver(driver: Driver, values: Values) -> None:
    looks: list[float] = []
    case = Case(name="benchmark/plain", title="Create, look, start, look, kill and delete", script=_script(looks.append))
    before, own, started = _children_cpu(), _own_cpu(), time.perf_counter()
    records = [driver.drive(case) for _ in range(CONTAINERS)]
    wall, own_cpu = time.perf_counter() - started, _own_cpu() - own
    _reap()
    for record in records:
        failed = [each.describe() for each in record.operations if not each.succeeded]
        if record.problem or failed:
            raise RuntimeError(f"a driven container failed: {record.problem or failed}")
    values["driven runtime"].append((_children_cpu() - before) / CONTAINERS)
    values["harness"].append(own_cpu / CONTAINERS)
    values["driven wall"].append(wall / CONTAINERS)
    values["snapshot"] += looks


def _script(note: Callable[[float], None]) -> Callable[[Container], None]:
    """Return the plain life with a look at both phases; `note` gets the CPU seconds of each look."""

    def look(container: Container, name: str) -> None:
        before = time.process_time()
        if container.snapshot(name) is None:
            raise RuntimeError(f"there was no process to look at when {name}")
        note(time.process_time() - before)

    def script(container: Container) -> None:
        container.create()
        look(container, "created")
        container.start()
        look(container, "running")
        container.kill()
        container.delete()

    return script


def _bundle(driver: Driver, index: int) -> Bundle:
    """Build what the driver builds for its own containers."""
    return build(
        Case(name="benchmark/bare", title="The same without a look"),
        directory=f"{driver.work_directory}/bare-{index}",
        container_id=f"oci-conformance-bare-{index}",
        config=base_config(oci_version=driver.oci_version),
        machine=driver.host.machine,
    )


def _watch(driver: Driver) -> Watch:
    return watch(cgroup_mounts=driver.host.cgroup_mounts, state_directory=driver.runtime.state_directory)


def _own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _reap() -> None:
    """Reap the zombies there are: only then does their CPU time count as our children's."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
