"""What the manager does on a real host: `python -m tests.reference_runtime.cgroup_scenarios`, as pid 1 of a session jail.

Each scenario is a function that raises AssertionError; what it leaves behind is an error, too.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from reference_runtime.cgroups.device_rules import rules
from reference_runtime.cgroups.layout import of_controller, read, unified
from reference_runtime.cgroups.manager import Manager
from reference_runtime.cgroups.paths import chosen
from reference_runtime.cgroups.plan import plan
from reference_runtime.fault import RuntimeFault
from tests.bpf.device_child import attempts
from tests.reference_runtime.children import in_child

NOTHING = {"allow": False, "access": "rwm"}


def manager(path: str = "/parent/c1") -> Manager:
    return Manager(read(), chosen(path, "c1"))


def directories() -> set[str]:
    """Return all cgroups there are."""
    return {path for hierarchy in read() for path, _, _ in os.walk(hierarchy.point)}


@contextmanager
def process(*members: Manager) -> Iterator[int]:
    """Start a child that wakes all the time, in the cgroups given."""
    pid = os.fork()
    if pid == 0:
        while True:
            time.sleep(0.001)
    for each in members:
        each.add(pid)
    yield pid
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    os.waitpid(pid, 0)


def creates_and_deletes() -> None:
    """See the cgroup in every hierarchy, with the process in it, and see it gone with its parent after deletion."""
    before = directories()
    made = manager().missing()
    assert len(made) == 2 * len(read())
    one = manager()
    one.create([])
    assert directories() == before | set(made)
    assert one.missing() == []
    one.check_fitness()
    with process(one) as pid:
        assert one.processes() == [pid]
        for hierarchy in one.hierarchies:
            with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
                assert (
                    f":{','.join(hierarchy.controllers)}:/parent/c1" in file.read() or hierarchy.v2 or not hierarchy.controllers
                )
        refused(one.check_fitness, "has processes already")
    os.mkdir(f"{one.directory(one.hierarchies[0])}/inner")
    Manager.recorded(one.record()).delete(made)
    assert directories() == before


def leaves_what_was_there() -> None:
    """Keep a cgroup that existed before, and a parent that others use."""
    other = manager("/parent/other")
    other_made = other.missing()
    other.create([])
    here = directories()
    one = manager()
    made = one.missing()
    one.create([])
    one.delete(made)
    assert directories() == here
    again = manager("/parent/other")
    again.create([])
    again.delete(again.missing())
    assert directories() == here
    other.delete(other_made)


def applies_limits() -> None:
    """Find in the files what was asked for, of whatever controllers this view has."""
    layout = read()
    wanted: dict[str, dict[str, object]] = {}
    expected = {}
    if of_controller(layout, "pids"):
        wanted["pids"], expected["pids.max"] = {"limit": 40}, "40"
    if of_controller(layout, "memory"):
        wanted["memory"] = {"limit": 96 << 20, "reservation": 48 << 20}
        expected |= {"memory.limit_in_bytes": str(96 << 20), "memory.max": str(96 << 20)}
    if of_controller(layout, "cpu"):
        wanted["cpu"] = {"quota": 70000, "period": 200000, "burst": 10000}
        expected |= {
            "cpu.cfs_quota_us": "70000",
            "cpu.max": "70000 200000",
            "cpu.cfs_burst_us": "10000",
            "cpu.max.burst": "10000",
        }
    if of_controller(layout, "cpuset"):
        wanted.setdefault("cpu", {})["mems"] = "0"
        expected["cpuset.mems"] = "0"
    one = manager()
    made = one.missing()
    one.create(plan({**wanted, **huge_pages()}, layout))
    shown = {file: one.current(file) for file in expected if one.current(file)}
    assert shown == {file: expected[file] for file in shown}
    assert len(shown) >= len(wanted)
    one.delete(made)


def huge_pages() -> dict[str, object]:
    """Return a limit for a size of huge pages that this host has, where hugetlb is usable."""
    hugetlb = of_controller(read(), "hugetlb")
    if hugetlb is None or not os.path.exists("/sys/kernel/mm/hugepages/hugepages-2048kB"):
        return {}
    return {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 << 20}]}


def writes_huge_page_limits() -> None:
    """Limit reservations: hugetlb is the one controller that many hybrid hosts have on v2."""
    limits = huge_pages()
    if not limits:
        return
    one = manager()
    made = one.missing()
    one.create(plan(limits, read()))
    values = [one.current(f"hugetlb.2MB.rsvd.{file}") for file in ("max", "limit_in_bytes")]
    assert str(4 << 20) in values
    one.delete(made)


def writes_unified_files() -> None:
    """Write core files of v2, known to nobody here; the lines of a value one by one."""
    if unified(read()) is None:
        return
    one = manager()
    made = one.missing()
    one.create(plan({"unified": {"cgroup.max.depth": "3", "cgroup.max.descendants": "7\n5"}}, read()))
    assert (one.current("cgroup.max.depth"), one.current("cgroup.max.descendants")) == ("3", "5")
    one.delete(made)


def takes_back_a_creation_that_fails() -> None:
    """Leave nothing behind after a value that only the kernel finds wrong, and a page size that it does not have."""
    before = directories()
    layout = read()
    if of_controller(layout, "cpuset"):
        settings = plan({"cpu": {"cpus": "4000"}}, layout)
        assert "$.linux.resources.cpu.cpus" in refused(lambda: manager().create(settings), "cannot write")
        assert directories() == before
    if of_controller(layout, "hugetlb"):
        settings = plan({"hugepageLimits": [{"pageSize": "3MB", "limit": 1}]}, layout)
        refused(lambda: manager().create(settings), "this kernel has no hugetlb.3MB.rsvd")
    if unified(layout) is not None:
        settings = plan({"unified": {"cgroup.max.depth": "many"}}, layout)
        refused(lambda: manager().create(settings), "cgroup.max.depth")
    assert directories() == before


def updates_values_that_hang_together() -> None:
    """Go up and down: the kernel refuses the one that comes first, until the other is written."""
    layout = read()
    one = manager()
    made = one.missing()
    steps: list[dict[str, object]] = []
    if of_controller(layout, "memory"):
        sizes = ((64, 128), (256, 512), (64, 64), (512, -1), (-1, -1))
        steps += [
            {"memory": {"limit": size << 20 if size > 0 else -1, "swap": swap << 20 if swap > 0 else -1}} for size, swap in sizes
        ]
    if of_controller(layout, "cpu"):
        steps += [{"cpu": {"quota": quota, "burst": burst}} for quota, burst in ((50000, 40000), (9000, 5000), (60000, 50000))]
    one.create([])
    for step in steps:
        one.apply(plan(step, layout, one.current))
    if of_controller(layout, "cpu"):
        assert "50000" in (one.current("cpu.cfs_burst_us"), one.current("cpu.max.burst"))
    one.delete(made)


def freezes_and_thaws() -> None:
    """See no progress of a frozen process; to freeze twice is no error."""
    one = manager()
    made = one.missing()
    one.create([])
    with process(one) as pid:
        assert not one.frozen()
        one.freeze()
        one.freeze()
        assert one.frozen()
        before = switches(pid)
        time.sleep(0.05)
        assert switches(pid) == before
        one.thaw()
        assert not one.frozen()
        deadline = time.monotonic() + 10
        while switches(pid) == before:
            assert time.monotonic() < deadline
    one.delete(made)


def switches(pid: int) -> int:
    """Return how often a process went to sleep."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return sum(int(line.split()[1]) for line in file if "voluntary_ctxt_switches" in line)


def kills_everything() -> None:
    """End processes that ignore signals, that fork, that are frozen, and that sit in a cgroup of their own below."""
    one = manager()
    made = one.missing()
    one.create([])
    pids = [immortal(one), immortal(one), immortal(one)]
    inner = f"{one.directory(one.hierarchies[0])}/inner"
    os.mkdir(inner)
    with open(f"{inner}/cgroup.procs", "w", encoding="utf-8") as file:
        file.write(str(pids[2]))
    one.freeze()
    one.kill()
    assert one.processes() == []
    for pid in pids:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    one.delete(made)


def immortal(member: Manager) -> int:
    """Return the pid of a process that ignores what can be ignored, and forks all the time."""
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            if os.fork() == 0:
                time.sleep(0.01)
                os._exit(0)
            time.sleep(0.01)
    member.add(pid)
    return pid


def restricts_devices() -> None:
    """Try what the rules allow and deny; a later list replaces the first."""
    one = manager()
    made = one.missing()
    one.create([])
    asked = [
        ("c", 121, 1, "r"),
        ("c", 121, 1, "w"),
        ("c", 121, 2, "rw"),
        ("c", 122, 0, "rw"),
        ("c", 1, 3, "rw"),
        ("b", 121, 1, "m"),
    ]
    read_one = {"allow": True, "type": "c", "major": 121, "minor": 1, "access": "r"}
    both_two = {"allow": True, "type": "c", "major": 121, "minor": 2, "access": "rw"}
    in_ours = f"{one.directories().get('devices') or one.directories()['']}/cgroup.procs"
    assert attempts(in_ours, asked) == [True] * 6
    one.restrict_devices(rules([NOTHING, read_one, both_two]))
    assert attempts(in_ours, asked) == [True, False, True, False, True, True]
    one.restrict_devices(
        rules([NOTHING, {**read_one, "access": "w"}, {"allow": False, "type": "b", "major": 121, "access": "m"}])
    )
    assert attempts(in_ours, asked) == [False, True, False, False, True, False]
    one.restrict_devices(rules([{"allow": True}]))
    assert attempts(in_ours, asked) == [True] * 6
    one.delete(made)


def many_rules_pass_the_verifier() -> None:
    """Load a thousand entries, of every form."""
    one = manager()
    made = one.missing()
    one.create([])
    listed = [
        {"allow": number % 3 != 0, "type": "bc"[number % 2], "major": number, "access": ("r", "rw", "rwm")[number % 3]}
        for number in range(1000)
    ]
    one.restrict_devices(rules([NOTHING, *listed]))
    one.delete(made)


def counts() -> None:
    """Find what is counted, under the names that engines know."""
    one = manager()
    made = one.missing()
    one.create([])
    with process(one):
        found = one.stats()
        layout = read()
        assert ("memory" in found) == (of_controller(layout, "memory") is not None)
        assert ("cpu" in found) == (of_controller(layout, "cpuacct") is not None or unified(layout) is not None)
        if of_controller(layout, "pids"):
            assert found["pids"]["current"] == 1
    one.delete(made)


def without_rights() -> None:
    """Have no cgroup at all as an ordinary user, unless limits need one."""

    def as_nobody() -> object:
        os.setresuid(65534, 65534, 65534)
        one = manager()
        one.create([], optional=True)
        assert one.hierarchies == ()
        assert one.directories() == {}
        one.add(os.getpid())
        refused(lambda: manager().create([]), "cannot make the cgroup")
        limits = {"unified": {"cgroup.max.depth": "3"}} if unified(read()) else {"pids": {"limit": 5}}
        where = refused(lambda: manager().create(plan(limits, read()), optional=True), "cannot make the cgroup")
        assert where.startswith("$.linux.resources")
        refused(one.freeze, "no cgroup with a freezer")
        refused(lambda: one.restrict_devices(rules([])), "no hierarchy here can restrict devices")
        return "nothing"

    assert in_child(as_nobody) == "nothing"


def refused(action: Callable[[], object], words: str) -> str:
    """Return the text of the fault that `action` raises; it has the words."""
    with pytest.raises(RuntimeFault, match=words) as refusal:
        action()
    return str(refusal.value)


SCENARIOS = (
    creates_and_deletes,
    leaves_what_was_there,
    applies_limits,
    writes_huge_page_limits,
    writes_unified_files,
    takes_back_a_creation_that_fails,
    updates_values_that_hang_together,
    freezes_and_thaws,
    kills_everything,
    restricts_devices,
    many_rules_pass_the_verifier,
    counts,
    without_rights,
)


def main() -> None:
    """Run all scenarios; the first that fails ends the program with its traceback."""
    for scenario in SCENARIOS:
        before = directories()
        scenario()
        assert directories() == before, (scenario.__name__, directories() ^ before)
        sys.stdout.write(f"{scenario.__name__}\n")


if __name__ == "__main__":
    main()
