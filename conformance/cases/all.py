"""Every hand-written case there is."""

from conformance.cases import (
    cgroups,
    credentials,
    device_list,
    devices,
    extensibility,
    features,
    hooks,
    lifecycle,
    mounts,
    namespaces,
    paths,
    process,
    root,
    seccomp,
    unappliable,
    values,
)
from conformance.cases.case import Case

CASES: tuple[Case, ...] = (
    *cgroups.CASES,
    *credentials.CASES,
    *device_list.CASES,
    *devices.CASES,
    *extensibility.CASES,
    *features.CASES,
    *hooks.CASES,
    *lifecycle.CASES,
    *mounts.CASES,
    *namespaces.CASES,
    *paths.CASES,
    *process.CASES,
    *root.CASES,
    *seccomp.CASES,
    *unappliable.CASES,
    *values.CASES,
)
