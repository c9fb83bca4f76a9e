"""Device nodes: what a config lists, and a plain file in the way of one."""

from conformance.cases.case import Case, Directory
from conformance.cases.defects import defective
from conformance.record.config import put

CASES: tuple[Case, ...] = (
    Case(
        name="devices/defaults",
        title="The default devices and the standard links are in /dev",
        aims=(
            *(f"linux.default-devices.{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx")),
            *(f"runtime-linux.dev-symlinks.{name}" for name in ("fd", "stdin", "stdout", "stderr")),
        ),
    ),
    Case(
        name="devices/listed",
        title="Devices of each type, in /dev and elsewhere, with mode and owner, under a strict umask",
        rootfs=(Directory("opt/nodes"),),
        edits=(
            put(
                "/linux/devices",
                [
                    {"path": "/dev/conformance", "type": "c", "major": 1, "minor": 3, "fileMode": 0o642, "uid": 7, "gid": 8},
                    {"path": "/dev/conformance-block", "type": "b", "major": 7, "minor": 0, "fileMode": 0o600},
                    {"path": "/dev/conformance-fifo", "type": "p", "fileMode": 0o622, "uid": 9},
                    {"path": "/opt/nodes/full", "type": "c", "major": 1, "minor": 7},
                ],
            ),
        ),
        umask=0o077,
    ),
    Case(
        name="devices/unbuffered",
        title="A character device by its other name",
        edits=(put("/linux/devices", [{"path": "/dev/conformance-unbuffered", "type": "u", "major": 1, "minor": 3}]),),
    ),
    defective("device-path-taken", name="devices/path-taken"),
)
