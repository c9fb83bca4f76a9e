"""Default filesystems: listed in the config, and left to the runtime."""

from conformance.cases.case import Case
from conformance.expectations.default_filesystems import FILESYSTEMS
from conformance.record.config import put

_AIMS = tuple(f"linux.default-fs.{name}" for name in FILESYSTEMS)

CASES: tuple[Case, ...] = (
    Case(name="default-filesystems/listed", title="The config lists all of them", aims=_AIMS),
    Case(
        name="default-filesystems/left-out",
        title="The config lists /proc alone",
        edits=(put("/mounts", [{"destination": "/proc", "type": "proc", "source": "proc"}]),),
        aims=_AIMS,
    ),
)
