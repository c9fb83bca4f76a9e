"""The root filesystem: which one the program is in, and that it cannot write to a read-only one."""

import errno

from conformance.expectations.calls import AT_FDCWD, c_string, results
from conformance.expectations.contract import Evidence, Expectation, Inconclusive, running, violated
from conformance.expectations.mounted import (
    by_id,
    entries,
    look_at_mounts,
    masked_paths,
    own_namespace,
    places,
    read_only,
)
from conformance.expectations.writing import opened, write_attempt
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Out, Result
from conformance.record.record import Record
from conformance.record.snapshot import Mount

MARKER = "/root-of-the-bundle"
MARKER_CONTENT = b"this file is in the bundle's root filesystem\n"
"""What the cases about root.path put into the root filesystem that the config has to lead to."""

READ_MARKER = Action(
    "read the root's marker",
    (
        Call("openat", (AT_FDCWD, c_string(MARKER), 0, 0)),
        Call("pread64", (Result(0), Out(len(MARKER_CONTENT) + 1), len(MARKER_CONTENT) + 1, 0)),
        Call("close", (Result(0),)),
    ),
)


def _judge_path(config: Config, _host: Host, record: Record) -> Evidence:
    found = results(config, record, READ_MARKER)
    attempt = found[0]
    if attempt.errno in {errno.ENOENT, errno.ENOTDIR}:
        violated(expected=f"{MARKER} of the bundle", observed="another root filesystem, without it", evidence=found)
    if not opened(attempt.value) or len(found) < 2 or found[1].errno:
        raise Inconclusive(f"the program cannot read {MARKER}")
    content = found[1].data[: found[1].value]
    if content != MARKER_CONTENT:
        violated(expected=MARKER_CONTENT, observed=content, evidence=found)
    return Evidence(MARKER_CONTENT, content)


def _applies_readonly(config: Config, _host: Host) -> bool:
    covered = any(entry.destination == "/" for entry in entries(config)) or "/" in masked_paths(config)
    return lookup(config, "/root/readonly") is True and not covered and own_namespace(config, "mount")


def _judge_readonly(config: Config, host: Host, record: Record) -> Evidence:
    action = write_attempt(host, "/")
    attempt = results(config, record, action)[0]
    if opened(attempt.value):
        _only_root(record)
        violated(expected="EROFS for a new file in /", observed="a file was made", evidence=record.answers[action])
    if attempt.errno == errno.EROFS:
        return Evidence("EROFS for a new file in /", "EROFS")
    mount = _root_mount(record)
    if not read_only(mount):
        violated(expected="/ is mounted read-only", observed=",".join(mount.options), evidence=mount)
    return Evidence("/ is mounted read-only", ",".join(mount.options))


def _only_root(record: Record) -> None:
    """Raise Inconclusive where another path of the config has mounted something that is the root now."""
    found = places(record)
    root = found.get("/")
    for path, place in found.items():
        if root is not None and place is not None and path != "/" and place.mount == root.mount and place.mount_root:
            raise Inconclusive(f"{path} leads to the root as well")


def _root_mount(record: Record) -> Mount:
    """Return the mount that / is on; raises Inconclusive where the host's view does not show the container."""
    if record.runtime.kernel == "own":
        raise Inconclusive("the host does not see the container's mounts")
    root = places(record).get("/")
    if root is None:
        raise Inconclusive("the program may not look at /")
    _only_root(record)
    return by_id(running(record), root.mount)


EXPECTATIONS: tuple[Expectation, ...] = (
    *(
        Expectation(requirement=requirement, probes=lambda _config, _host: (READ_MARKER,), judge=_judge_path, sees="probe")
        for requirement in ("config.root.path.posix-relative", "bundle.rootfs.referenced")
    ),
    Expectation(
        requirement="config.root.readonly.effect",
        applies=_applies_readonly,
        probes=lambda config, host: (write_attempt(host, "/"), *look_at_mounts(config)),
        judge=_judge_readonly,
        sees="probe",
    ),
)
