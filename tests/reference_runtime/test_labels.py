"""Labels are planned for the security module that there is, and refused where there is none."""

from typing import Any

import pytest

from reference_runtime.fault import RuntimeFault
from reference_runtime.plan.labels import check_mount_label, plan_labels

FILE = "thread-self/attr/apparmor/exec"


@pytest.mark.parametrize(
    ("process", "labels"),
    [
        ({}, []),
        ({"apparmorProfile": "", "selinuxLabel": ""}, []),
        ({"apparmorProfile": "unconfined"}, []),
        ({"apparmorProfile": "container"}, [(FILE, "exec container")]),
        ({"selinuxLabel": "u:r:t:s0:c1,c2"}, [("thread-self/attr/exec", "u:r:t:s0:c1,c2")]),
        (
            {"apparmorProfile": "container", "selinuxLabel": "u:r:t:s0"},
            [(FILE, "exec container"), ("thread-self/attr/exec", "u:r:t:s0")],
        ),
    ],
)
def test_labels_of_a_process(process: dict[str, Any], labels: list[tuple[str, str]]) -> None:
    assert plan_labels(process, apparmor=FILE, selinux=True) == labels


@pytest.mark.parametrize(("name", "label"), [("apparmorProfile", "container"), ("selinuxLabel", "u:r:t:s0")])
def test_labels_that_nobody_would_read(name: str, label: str) -> None:
    with pytest.raises(RuntimeFault, match=rf"\$\.process\.{name}: "):
        plan_labels({name: label}, apparmor=None, selinux=False)
    assert plan_labels({"apparmorProfile": "unconfined"}, apparmor=None, selinux=False) == []


def test_the_label_of_mounts() -> None:
    labelled = {"linux": {"mountLabel": "u:r:t:s0"}}
    check_mount_label(labelled, selinux=True)
    none: tuple[dict[str, Any], ...] = ({}, {"linux": {}}, {"linux": {"mountLabel": ""}})
    for config in none:
        check_mount_label(config, selinux=False)
    with pytest.raises(RuntimeFault, match=r"\$\.linux\.mountLabel: SELinux is not in force here"):
        check_mount_label(labelled, selinux=False)
