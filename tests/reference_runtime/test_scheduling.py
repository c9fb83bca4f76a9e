"""process.scheduler, ioPriority and linux.memoryPolicy: planned, refused, and in force."""

import ctypes
import os
from typing import Any

import pytest

from reference_runtime.config.number_list import mask
from reference_runtime.effects.stage import Stage
from reference_runtime.fault import RuntimeFault
from reference_runtime.plan import memory_policy
from reference_runtime.plan.memory_policy import plan_memory_policy
from reference_runtime.plan.process import plan_scheduling
from reference_runtime.plan.scheduling import FLAGS, IO_CLASSES, POLICIES, plan_scheduler
from specs.linux import scheduler as facts
from tests.reference_runtime.children import in_child

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="these need privileges")
STAGE = Stage(own_mounts=True, user_namespace=False)


def test_the_names_agree_with_the_facts_of_the_suite() -> None:
    assert dict(facts.POLICIES) == POLICIES
    assert dict(facts.FLAGS) == FLAGS
    assert dict(facts.IOPRIO_CLASSES) == IO_CLASSES


def attributes(**scheduler: Any) -> dict[str, int]:
    packed = plan_scheduler(scheduler, "$.process.scheduler").attributes()
    sizes = {
        "size": 4,
        "policy": 4,
        "flags": 8,
        "nice": 4,
        "priority": 4,
        "runtime": 8,
        "deadline": 8,
        "period": 8,
        "min": 4,
        "max": 4,
    }
    found, at = {}, 0
    for name, size in sizes.items():
        found[name] = int.from_bytes(packed[at : at + size], "little", signed=name == "nice")
        at += size
    assert at == len(packed) == found["size"]
    return found


@pytest.mark.parametrize(
    ("scheduler", "expected"),
    [
        ({"policy": "SCHED_OTHER"}, {"policy": 0, "nice": 0, "priority": 0, "flags": 0, "runtime": 0, "min": 0, "max": 1024}),
        ({"policy": "SCHED_BATCH", "nice": -20}, {"policy": 3, "nice": -20}),
        ({"policy": "SCHED_RR", "priority": 99, "nice": None}, {"policy": 2, "priority": 99}),
        (
            {"policy": "SCHED_IDLE", "flags": ["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_UTIL_CLAMP_MAX"]},
            {"policy": 5, "flags": 0x41},
        ),
        (
            {
                "policy": "SCHED_DEADLINE",
                "runtime": 1 << 40,
                "deadline": 1 << 41,
                "period": 1 << 42,
                "flags": ["SCHED_FLAG_RECLAIM"],
            },
            {"policy": 6, "runtime": 1 << 40, "deadline": 1 << 41, "period": 1 << 42, "flags": 2},
        ),
    ],
)
def test_scheduler_planned(scheduler: dict[str, Any], expected: dict[str, int]) -> None:
    found = attributes(**scheduler)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("process", "where"),
    [
        ({"scheduler": {}}, "scheduler.policy"),
        ({"scheduler": {"policy": "SCHED_EXT"}}, "scheduler.policy"),
        ({"scheduler": {"policy": "SCHED_ISO"}}, "scheduler.policy"),
        ({"scheduler": {"policy": "SCHED_OTHER", "nice": 20}}, "scheduler.nice"),
        ({"scheduler": {"policy": "SCHED_OTHER", "priority": 1}}, "scheduler.priority"),
        ({"scheduler": {"policy": "SCHED_FIFO"}}, "scheduler.priority"),
        ({"scheduler": {"policy": "SCHED_FIFO", "priority": 100}}, "scheduler.priority"),
        ({"scheduler": {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_ALL"]}}, "scheduler.flags[0]"),
        ({"scheduler": {"policy": "SCHED_DEADLINE"}}, "scheduler.runtime"),
        ({"scheduler": {"policy": "SCHED_DEADLINE", "runtime": 5000, "deadline": 4000}}, "scheduler.deadline"),
        ({"scheduler": {"policy": "SCHED_DEADLINE", "runtime": 5000, "deadline": 6000, "period": 5500}}, "scheduler.period"),
        ({"ioPriority": {"class": "IOPRIO_CLASS_NONE", "priority": 0}}, "ioPriority.class"),
        ({"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 8}}, "ioPriority.priority"),
        ({"ioPriority": {"class": "IOPRIO_CLASS_BE"}}, "ioPriority.priority"),
    ],
)
def test_what_can_never_work_is_refused(process: dict[str, Any], where: str) -> None:
    with pytest.raises(RuntimeFault) as refusal:
        plan_scheduling(process, "$.process")
    assert refusal.value.where == f"$.process.{where}"


def policy_in_force(**scheduler: Any) -> str:
    def action() -> object:
        for effect in plan_scheduling({"scheduler": scheduler}, "$.process"):
            effect.execute(os.getpid())
        return os.sched_getscheduler(0), os.sched_getparam(0).sched_priority, os.getpriority(os.PRIO_PROCESS, 0)

    return in_child(action)


@needs_root
def test_the_policy_is_in_force() -> None:
    assert policy_in_force(policy="SCHED_BATCH", nice=7) == f"({os.SCHED_BATCH}, 0, 7)"
    assert policy_in_force(policy="SCHED_IDLE") == f"({os.SCHED_IDLE}, 0, 0)"
    assert (
        policy_in_force(policy="SCHED_OTHER", nice=3, flags=["SCHED_FLAG_RESET_ON_FORK"]) == f"({os.SCHED_RESET_ON_FORK}, 0, 3)"
    )


@needs_root
def test_what_this_machine_refuses_is_told_with_its_path() -> None:
    def action() -> object:
        os.setresuid(65534, 65534, 65534)
        for effect in plan_scheduling({"scheduler": {"policy": "SCHED_FIFO", "priority": 5}}, "$.process"):
            with pytest.raises(RuntimeFault, match="not permitted") as refusal:
                effect.execute(0)
            assert refusal.value.where == "$.process.scheduler"
        return "refused"

    assert in_child(action) == "refused"


@needs_root
def test_the_io_priority_is_in_force() -> None:
    def action() -> object:
        effects = plan_scheduling({"ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 5}}, "$")
        assert [effect.describe() for effect in effects] == ["set the I/O priority to class 3, level 5"]
        for effect in effects:
            effect.execute(os.getpid())
        getter = {"x86_64": 252, "aarch64": 31, "riscv64": 31}[os.uname().machine]
        return hex(ctypes.CDLL(None).syscall(getter, 1, 0))

    assert in_child(action) == "0x6005"


@pytest.mark.parametrize(("text", "bits"), [("", 0), ("0-3,7", 0b10001111), ("64", 1 << 64)])
def test_lists_become_masks(text: str, bits: int) -> None:
    assert int.from_bytes(mask(text, "$"), "little") == bits
    assert len(mask(text, "$")) % 8 == 0


@pytest.mark.parametrize("text", ["a", "3-1", "1,,2", "-1", "1-", "99999", "0x1", "٣"])
def test_lists_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(RuntimeFault) as refusal:
        mask(text, "$.nodes")
    assert refusal.value.where == "$.nodes"


def policy(**members: Any) -> Any:
    return plan_memory_policy(members)


@pytest.mark.parametrize(
    ("members", "mode", "nodes"),
    [
        ({"mode": "MPOL_DEFAULT"}, 0, 0),
        ({"mode": "MPOL_PREFERRED", "nodes": ""}, 1, 0),
        ({"mode": "MPOL_PREFERRED", "nodes": "1"}, 1, 2),
        ({"mode": "MPOL_BIND", "nodes": "0-1", "flags": ["MPOL_F_NUMA_BALANCING"]}, 2 | 1 << 13, 3),
        ({"mode": "MPOL_INTERLEAVE", "nodes": "2-3", "flags": ["MPOL_F_STATIC_NODES"]}, 3 | 1 << 15, 12),
        ({"mode": "MPOL_LOCAL"}, 4, 0),
        ({"mode": "MPOL_PREFERRED_MANY", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"]}, 5 | 1 << 14, 1),
        ({"mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "64"}, 6, 1 << 64),
    ],
)
def test_memory_policy_planned(members: dict[str, Any], mode: int, nodes: int) -> None:
    effect = policy(**members)
    assert (effect.mode, int.from_bytes(effect.nodes, "little")) == (mode, nodes)
    assert members["mode"] in effect.describe()


def test_every_mode_of_the_spec_is_known() -> None:
    names = ("DEFAULT", "BIND", "INTERLEAVE", "WEIGHTED_INTERLEAVE", "PREFERRED", "PREFERRED_MANY", "LOCAL")
    assert set(memory_policy.MODES) == {f"MPOL_{name}" for name in names}


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({}, "mode"),
        ({"mode": "MPOL_RANDOM"}, "mode"),
        ({"mode": "MPOL_DEFAULT", "nodes": "0"}, "nodes"),
        ({"mode": "MPOL_LOCAL", "nodes": "0"}, "nodes"),
        ({"mode": "MPOL_BIND"}, "nodes"),
        ({"mode": "MPOL_INTERLEAVE", "nodes": ""}, "nodes"),
        ({"mode": "MPOL_BIND", "nodes": "x"}, "nodes"),
        ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}, "flags"),
        ({"mode": "MPOL_DEFAULT", "flags": ["MPOL_F_STATIC_NODES"]}, "flags"),
        ({"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"]}, "flags"),
        ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_ANY"]}, "flags[0]"),
    ],
)
def test_memory_policies_that_cannot_be_are_refused(members: dict[str, Any], where: str) -> None:
    with pytest.raises(RuntimeFault) as refusal:
        policy(**members)
    assert refusal.value.where == f"$.linux.memoryPolicy.{where}"


@pytest.mark.skipif(not os.path.exists("/proc/self/numa_maps"), reason="this kernel has no support for memory nodes")
def test_the_memory_policy_is_in_force() -> None:
    def action() -> object:
        shown = []
        for members in ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}, {"mode": "MPOL_DEFAULT"}):
            policy(**members).execute(STAGE)
            with open("/proc/self/numa_maps", encoding="utf-8") as file:
                shown.append(file.readline().split()[1])
        with pytest.raises(RuntimeFault) as refusal:
            policy(mode="MPOL_BIND", nodes="1000").execute(STAGE)
        assert refusal.value.where == "$.linux.memoryPolicy"
        return shown

    assert in_child(action) == "['bind=static:0', 'default']"
