"""Every hand-written case there is."""

from conformance.cases import (
    cgroup_devices,
    cgroups,
    credentials,
    default_filesystems,
    device_list,
    devices,
    extensibility,
    hooks,
    intel_rdt,
    lifecycle,
    mounts,
    namespaces,
    paths,
    process,
    root,
    seccomp,
    unappliable,
    unified,
)
from conformance.cases.case import Case

CASES: tuple[Case, ...] = (
    *cgroup_devices.CASES,
    *cgroups.CASES,
    *credentials.CASES,
    *default_filesystems.CASES,
    *device_list.CASES,
    *devices.CASES,
    *extensibility.CASES,
    *hooks.CASES,
    *intel_rdt.CASES,
    *lifecycle.CASES,
    *mounts.CASES,
    *namespaces.CASES,
    *paths.CASES,
    *process.CASES,
    *root.CASES,
    *seccomp.CASES,
    *unappliable.CASES,
    *unified.CASES,
)
