"""Faults in control groups for devices, packets, huge pages, and in files and owners of cgroup v2."""

from collections.abc import Callable
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]


def _dropped(holder: str, name: str) -> Callable[[Config], None]:
    """Leave a property out of an object of `linux.resources`."""

    def change(config: Config) -> None:
        config["linux"].get("resources", {}).get(holder, {}).pop(name, None)

    return change


def _unified_dropped(prefix: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        resources = config["linux"].get("resources", {})
        if "unified" in resources:
            resources["unified"] = {file: value for file, value in resources["unified"].items() if not file.startswith(prefix)}

    return change


def _writable_cgroup_mount_unknown(config: Config) -> None:
    """Have the real runtime refuse it."""
    for mount in config["mounts"]:
        if mount["destination"] == "/sys/fs/cgroup" and "ro" not in mount["options"]:
            mount["type"] = "no-such-fs"


FAULTS: tuple[Fault, ...] = (
    *(
        Fault(
            name=f"block-io-{name.lower()}-ignored",
            reddens=(f"linux.blockio.{name.lower()}.effect",),
            config=_dropped("blockIO", f"{name}Device"),
        )
        for name in ("throttleReadBps", "throttleWriteBps", "throttleReadIOPS", "throttleWriteIOPS")
    ),
    Fault(name="block-io-weight-ignored", reddens=("linux.blockio.weight.effect",), config=_dropped("blockIO", "weight")),
    Fault(
        name="block-io-weight-of-device-ignored",
        reddens=("linux.blockio.weightdevice.weight.effect",),
        config=_dropped("blockIO", "weightDevice"),
    ),
    Fault(name="network-class-ignored", reddens=("linux.network.classid.effect",), config=_dropped("network", "classID")),
    Fault(
        name="network-priorities-ignored",
        reddens=("linux.network.priorities.effect",),
        config=_dropped("network", "priorities"),
    ),
    Fault(
        name="huge-pages-ignored",
        reddens=("linux.hugepage.limit.effect", "linux.hugepage.reservation-first"),
        config=lambda config: config["linux"].get("resources", {}).pop("hugepageLimits", None),
        lane="v2",
    ),
    Fault(
        name="unified-core-ignored",
        reddens=("linux.unified.unknown-written",),
        config=_unified_dropped("cgroup."),
        lane="v2",
    ),
    Fault(
        name="unified-file-ignored",
        reddens=("linux.unified.key-is-file",),
        config=_unified_dropped("hugetlb."),
        lane="v2",
    ),
    Fault(
        name="unified-without-controller-ignored",
        reddens=("linux.unified.controller-missing-error",),
        config=_unified_dropped("conformance."),
        lane="v2",
    ),
    Fault(
        name="cgroup-given-away-whole",
        reddens=("linux.cgroups.owner.only-delegate-files", "linux.cgroups.owner.no-other-files"),
        behaviour="create_gives_whole_cgroup",
        lane="v2",
    ),
    Fault(
        name="cgroup-directory-given-away",
        reddens=("linux.cgroups.owner.existing-files",),
        behaviour="create_gives_cgroup_directory",
        lane="v2",
    ),
    Fault(
        name="cgroup-given-to-anybody",
        reddens=(
            "linux.cgroups.owner.not-without-mount",
            "linux.cgroups.owner.only-new-cgroupns",
            "linux.cgroups.owner.rw-mount-definition",
        ),
        behaviour="create_gives_cgroup_unasked",
        lane="v2",
    ),
    Fault(name="cgroup-given-away-on-v1", reddens=("linux.cgroups.owner.not-v1",), behaviour="create_gives_whole_cgroup"),
    Fault(
        name="cgroup-mount-refused",
        reddens=("linux.cgroups.owner.missing-files-no-fail",),
        config=_writable_cgroup_mount_unknown,
        lane="v2",
    ),
)
