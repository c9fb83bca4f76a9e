"""Every hand-written case there is."""

from conformance.cases import (
    credentials,
    devices,
    extensibility,
    hooks,
    lifecycle,
    mounts,
    namespaces,
    paths,
    process,
    root,
    unappliable,
)
from conformance.cases.case import Case

CASES: tuple[Case, ...] = (
    *credentials.CASES,
    *devices.CASES,
    *extensibility.CASES,
    *hooks.CASES,
    *lifecycle.CASES,
    *mounts.CASES,
    *namespaces.CASES,
    *paths.CASES,
    *process.CASES,
    *root.CASES,
    *unappliable.CASES,
)
