"""What the features document declares: tried out and accepted, refused, ignored, and not tried at all."""

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.cases.case import Case
from conformance.cases.features import CASES
from conformance.expectations.contract import Expectation, Inconclusive, Unexercised, Violation
from conformance.expectations.features import EXPECTATIONS, UNDER_LOAD
from conformance.record.config import edited
from conformance.record.operation import Operation
from conformance.record.probe import Answer, CallResult
from conformance.record.record import Record
from conformance.record.snapshot import Mount
from tests.expectations.containers import with_mounts
from tests.expectations.records import HOST_NAMESPACES, accepted, hook_call, host, named, operation, process, refused, snapshot

DOCUMENT: dict[str, Any] = {
    "ociVersionMin": "1.0.0",
    "ociVersionMax": "1.1.0",
    "hooks": ["poststop"],
    "mountOptions": ["noatime", "rnoexec", "remount", "defaults"],
    "linux": {
        "namespaces": ["ipc", "user", "future"],
        "capabilities": ["CAP_CHOWN", "CAP_FUTURE"],
        "cgroup": {"v1": True, "v2": True},
        "seccomp": {
            "enabled": True,
            "actions": ["SCMP_ACT_ALLOW", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRAP"],
            "operators": ["SCMP_CMP_EQ"],
            "archs": ["SCMP_ARCH_X86", "SCMP_ARCH_S390X"],
            "knownFlags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"],
            "supportedFlags": ["SECCOMP_FILTER_FLAG_LOG"],
        },
        "memoryPolicy": {"modes": ["MPOL_BIND"], "flags": ["MPOL_F_STATIC_NODES"]},
        "mountExtensions": {"idmap": {"enabled": True}},
        "netDevices": {"enabled": True},
    },
}
TRIED = [case for case in CASES if case.declared is not None and case.declared(DOCUMENT, host())]
BY_ACCEPTANCE = [case for case in TRIED if "idmap" not in case.name]


def about(case: Case) -> Expectation:
    return named(EXPECTATIONS, case.aims[0])


def config_of(case: Case) -> dict[str, Any]:
    return edited(with_mounts(), case.adapted(DOCUMENT, host()).edits)


def declaring(made: Record, document: Any = DOCUMENT) -> Record:
    made.runtime = replace(made.runtime, features=document)
    return made


def judge(expectation: Expectation, made: Record, **on: Any) -> Any:
    return expectation.judge(made.config, host(**on), made)


def right(case: Case) -> Record:
    """Return the record of a runtime that does what it declares."""
    made = declaring(accepted(config_of(case)))
    made.snapshots["running"] = snapshot(process=process(cap_bounding=1))
    made.operations.append(operation("delete"))
    made.hooks = [hook_call("poststop")]
    for action in about(case).probes(made.config, host()):
        flagged = 1 << 15 if "flag" in case.title else 0
        made.answers[action] = Answer((CallResult(0, (2 | flagged).to_bytes(8, "little")),))
    return made


@pytest.mark.parametrize("case", BY_ACCEPTANCE, ids=lambda case: case.name)
def test_what_is_declared_is_accepted(case: Case) -> None:
    judge(about(case), right(case))
    with pytest.raises(Violation):
        judge(about(case), declaring(refused(config_of(case))))
    with pytest.raises(Inconclusive):
        judge(about(case), declaring(refused(config_of(case), twin_runs=False)))


@pytest.mark.parametrize("case", BY_ACCEPTANCE, ids=lambda case: case.name)
def test_what_is_not_declared_is_not_judged(case: Case) -> None:
    made = right(case)
    for document in (None, {"ociVersionMin": "0.1.0", "ociVersionMax": "0.1.0"}):
        with pytest.raises(Unexercised):
            judge(about(case), declaring(made, document))
    assert case.declared is not None
    assert case.declared({}, host()) is None


def test_names_that_nobody_can_try_are_left_out() -> None:
    written = json.dumps([config_of(case) for case in TRIED])
    for name in ("future", "CAP_FUTURE", "remount", "SCMP_ACT_NOTIFY", "SCMP_ARCH_S390X", "SECCOMP_FILTER_FLAG_TSYNC"):
        assert f'"{name}"' not in written


def test_capabilities_and_namespaces_may_not_be_ignored() -> None:
    capabilities = next(case for case in TRIED if case.name == "features/capabilities")
    ignoring = right(capabilities)
    ignoring.snapshots["running"] = snapshot()
    with pytest.raises(Violation):
        judge(about(capabilities), ignoring)
    namespaces = next(case for case in TRIED if case.name == "features/namespaces")
    ignoring = right(namespaces)
    ignoring.snapshots["created"] = snapshot(namespaces=HOST_NAMESPACES)
    with pytest.raises(Violation):
        judge(about(namespaces), ignoring)


@pytest.mark.parametrize("name", ["memory-mpol_bind", "memory-mpol_f_static_nodes"])
def test_a_memory_policy_may_not_be_ignored(name: str) -> None:
    case = next(case for case in TRIED if case.name == f"features/{name}")
    ignoring = right(case)
    ignoring.answers = {action: Answer((CallResult(0, bytes(8)),)) for action in ignoring.answers}
    with pytest.raises(Violation):
        judge(about(case), ignoring)


def test_a_hook_that_is_declared_and_never_called_violates() -> None:
    case = next(case for case in TRIED if case.name == "features/hooks")
    silent = right(case)
    silent.hooks = []
    with pytest.raises(Violation):
        judge(about(case), silent)


def asked_again(document: Any) -> Operation:
    return operation("features", stdout=json.dumps(document).encode(), note=UNDER_LOAD)


def test_the_document_stays_the_same() -> None:
    expectation = named(EXPECTATIONS, "features.compile-time")
    later = {"linux": DOCUMENT["linux"] | {"seccomp": DOCUMENT["linux"]["seccomp"] | {"supportedFlags": []}}}
    for same in (DOCUMENT, DOCUMENT | later):
        made = declaring(accepted({}))
        made.operations.append(asked_again(same))
        judge(expectation, made)
    others: tuple[Any, ...] = (DOCUMENT | {"hooks": []}, [])
    for another in others:
        made = declaring(accepted({}))
        made.operations.append(asked_again(another))
        with pytest.raises(Violation):
            judge(expectation, made)
    with pytest.raises(Inconclusive):
        judge(expectation, declaring(accepted({})))


def test_a_document_is_offered() -> None:
    expectation = named(EXPECTATIONS, "features.provided")
    judge(expectation, declaring(accepted({})))
    with pytest.raises(Violation):
        judge(expectation, accepted({}))


MAPPED = Mount(
    id=1,
    parent=0,
    device=(0, 1),
    root="/",
    point="/run/mapped",
    options=("rw", "idmapped"),
    shared=None,
    master=None,
    unbindable=False,
    fstype="ext4",
    source="/dev/x",
    super_options=("rw",),
)


def mapped(said: str, *mounts: Mount) -> Record:
    enabled = {"yes": True, "no": False}.get(said)
    made = declaring(accepted({}), {"linux": {"mountExtensions": {"idmap": {"enabled": enabled}}}})
    made.snapshots["running"] = snapshot(mounts=mounts)
    return made


def test_who_maps_ids_at_all_says_so() -> None:
    expectation = named(EXPECTATIONS, "features-linux.mountextensions.idmap.partial")
    judge(expectation, mapped("yes", MAPPED))
    with pytest.raises(Violation):
        judge(expectation, mapped("no", MAPPED))
    for nothing in (mapped("unsaid", MAPPED), mapped("no")):
        with pytest.raises(Unexercised):
            judge(expectation, nothing)


def test_statements_are_held_against_what_is_seen() -> None:
    seccomp = named(EXPECTATIONS, "features-linux.seccomp.enabled.meaning")
    filtered = declaring(accepted({}))
    filtered.snapshots["running"] = snapshot(process=process(seccomp_mode=2))
    judge(seccomp, filtered)
    with pytest.raises(Violation):
        judge(seccomp, declaring(accepted({})))
    cgroup = named(EXPECTATIONS, "features-linux.cgroup.v2.meaning")
    with pytest.raises(Violation):
        judge(cgroup, declaring(accepted({})))
    with pytest.raises(Inconclusive):
        judge(cgroup, declaring(accepted({})), cgroup_layout="v1")
    devices = named(EXPECTATIONS, "features-linux.netdevices.meaning")
    judge(devices, declaring(refused({})))
    with pytest.raises(Unexercised):
        judge(devices, declaring(refused({}), {}))
    ids = named(EXPECTATIONS, "features-linux.mountextensions.idmap.meaning")
    judge(ids, mapped("yes", MAPPED))
    with pytest.raises(Violation):
        judge(ids, mapped("yes"))
