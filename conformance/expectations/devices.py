"""Device nodes: those of linux.devices, the default ones, and the symlinks in /dev. All seen by the program's own stat.

How a runtime supplies a device is its own affair (mknod, bind mount, symlink), so symlinks are followed.
"""

import errno
import posixpath
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from conformance.expectations.calls import AT_FDCWD, c_string, results
from conformance.expectations.contract import Evidence, Expectation, Inconclusive, Unexercised, must_be_refused, violated
from conformance.expectations.mounted import (
    absolute,
    covered,
    entries,
    judge_each,
    masked_paths,
    own_namespace,
    user_namespace,
    within,
)
from conformance.expectations.places import NOWHERE, Place, look, place
from conformance.record.config import Config, lookup, remembered
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Out
from conformance.record.record import Record

KINDS: Mapping[str, int] = {"c": stat.S_IFCHR, "u": stat.S_IFCHR, "b": stat.S_IFBLK, "p": stat.S_IFIFO}
"""mknod(1): u is an unbuffered character device."""

DEFAULT_DEVICES: Mapping[str, tuple[int, int]] = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}
"""null(4), full(4), random(4), tty(4)."""

SYMLINKS: Mapping[str, str] = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
"""runtime-linux.md, Dev symbolic links: name in /dev to target."""

_DEFAULT_PATHS = (*(f"/dev/{name}" for name in DEFAULT_DEVICES), "/dev/ptmx", "/dev/pts/ptmx")
_TARGETS = tuple(SYMLINKS.values())
_PATH_MAX = 4096


@dataclass(frozen=True, slots=True)
class Device:
    """One entry of linux.devices."""

    path: str
    type: str
    major: int
    minor: int
    mode: int | None
    uid: int | None
    gid: int | None


@remembered
def listed(config: Config) -> tuple[Device, ...]:
    """Return the entries of linux.devices."""
    return tuple(
        Device(
            absolute(entry["path"]),
            entry["type"],
            entry.get("major", 0),
            entry.get("minor", 0),
            entry.get("fileMode"),
            entry.get("uid"),
            entry.get("gid"),
        )
        for entry in lookup(config, "/linux/devices", ()) or ()
    )


@remembered
def visible_devices(config: Config) -> tuple[Device, ...]:
    """Return the listed devices that nothing else of the config puts something in place of.

    A bind mount brings its own content, another device or a mask may take the same path, and without a mount
    namespace of its own the container's /dev may be anybody's.
    """
    if not own_namespace(config, "mount"):
        return ()
    devices = listed(config)
    mounts = entries(config)
    return tuple(
        device
        for device in devices
        if device.type in KINDS
        and sum(other.path == device.path for other in devices) == 1
        and not covered(device.path, masked_paths(config))
        and not covered(device.path, (m.destination for m in mounts if m.bind or m.type != "tmpfs" or m.remount))
        and not any(entry.destination == device.path for entry in mounts)
    )


def _paths(config: Config) -> tuple[str, ...]:
    return tuple(device.path for device in visible_devices(config))


def _judge_available(config: Config, _host: Host, record: Record) -> Evidence:
    return judge_each(visible_devices(config), lambda device: _available(record, device))


def _judge_anywhere(config: Config, _host: Host, record: Record) -> Evidence:
    return judge_each(_outside_dev(config), lambda device: _available(record, device))


def _of_unusual_type(config: Config) -> tuple[Device, ...]:
    return tuple(device for device in visible_devices(config) if device.type in {"u", "p"})


def _judge_unusual(config: Config, _host: Host, record: Record) -> Evidence:
    return judge_each(_of_unusual_type(config), lambda device: _available(record, device))


def _outside_dev(config: Config) -> tuple[Device, ...]:
    return tuple(device for device in visible_devices(config) if not within(device.path, "/dev"))


def _available(record: Record, device: Device) -> Evidence:
    if record.twin is not None and device not in listed(record.twin.config):
        raise Inconclusive(f"{device.path} is what is wrong with this config")
    expected = _describe(KINDS[device.type], (device.major, device.minor))
    found = place(record, _paths(record.config), device.path)
    observed = "nothing" if found is None else _describe(stat.S_IFMT(found.mode), found.rdev)
    if observed != expected:
        violated(expected=f"{expected} at {device.path}", observed=observed, evidence=found)
    return Evidence(f"{expected} at {device.path}", observed)


def _describe(kind: int, numbers: tuple[int, int]) -> str:
    """`char 1:3`; a FIFO has no numbers."""
    if kind == stat.S_IFIFO:
        return "fifo"
    names = {stat.S_IFCHR: "char", stat.S_IFBLK: "block", stat.S_IFREG: "file", stat.S_IFDIR: "directory"}
    return f"{names.get(kind, oct(kind))} {numbers[0]}:{numbers[1]}"


def _owned(config: Config, host: Host, attribute: str) -> tuple[Device, ...]:
    """Return the devices whose mode or owner can be judged: elsewhere a runtime may have to show the host's own node."""
    if host.euid != 0 or user_namespace(config):
        return ()
    found = [device for device in visible_devices(config) if getattr(device, attribute) is not None]
    return tuple(device for device in found if attribute != "mode" or (device.mode or 0) <= 0o777)


def _attribute(requirement: str, attribute: str, read: Callable[[Place], int]) -> Expectation:
    def judge(config: Config, host: Host, record: Record) -> Evidence:
        def one(device: Device) -> Evidence:
            found = place(record, _paths(config), device.path)
            if found is None:
                raise Inconclusive(f"there is nothing at {device.path}")
            expected, observed = getattr(device, attribute), read(found)
            if expected != observed:
                violated(expected=f"{attribute} {expected} at {device.path}", observed=observed, evidence=found)
            return Evidence(f"{attribute} {expected} at {device.path}", observed)

        return judge_each(_owned(config, host, attribute), one)

    return Expectation(
        requirement=requirement,
        applies=lambda config, host: bool(_owned(config, host, attribute)),
        probes=lambda config, _host: (look(_paths(config)),),
        judge=judge,
        sees="probe",
    )


def _judge_mismatch(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect="a plain file is already where the device has to be")


def fresh_dev(config: Config, path: str) -> bool:
    """Whether the runtime alone decides what is at `path` in /dev: a fresh tmpfs on /dev, or none, and nothing else there."""
    return _fresh_dev(config) and not covered(path, _taken(config))


@remembered
def _fresh_dev(config: Config) -> bool:
    over_dev = [entry for entry in entries(config) if within("/dev", entry.destination)]
    fresh = all(not entry.bind and entry.type == "tmpfs" and entry.destination == "/dev" for entry in over_dev)
    return own_namespace(config, "mount") and len(over_dev) <= 1 and fresh


@remembered
def _taken(config: Config) -> frozenset[str]:
    """Return the paths where something else is put than the runtime's own devices."""
    mounted_on = (entry.destination for entry in entries(config) if entry.destination != "/dev")
    return frozenset((*mounted_on, *(device.path for device in listed(config)), *masked_paths(config)))


def _default(name: str, numbers: tuple[int, int]) -> Expectation:
    path = f"/dev/{name}"

    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        found = place(record, _DEFAULT_PATHS, path)
        expected = _describe(stat.S_IFCHR, numbers)
        observed = "nothing" if found is None else _describe(stat.S_IFMT(found.mode), found.rdev)
        if observed != expected:
            violated(expected=f"{expected} at {path}", observed=observed, evidence=found)
        return Evidence(f"{expected} at {path}", observed)

    return Expectation(
        requirement=f"linux.default-devices.{name}",
        applies=lambda config, _host: fresh_dev(config, path),
        probes=lambda _config, _host: (look(_DEFAULT_PATHS),),
        judge=judge,
        sees="probe",
    )


def _judge_ptmx(_config: Config, _host: Host, record: Record) -> Evidence:
    """Judge that /dev/ptmx is a second name of the container's /dev/pts/ptmx. Without a devpts there it may dangle."""
    instance = place(record, _DEFAULT_PATHS, "/dev/pts/ptmx")
    if instance is None:
        raise Unexercised
    found = place(record, _DEFAULT_PATHS, "/dev/ptmx")
    if found is None or (found.device, found.inode) != (instance.device, instance.inode):
        violated(expected="/dev/ptmx is /dev/pts/ptmx", observed=found, evidence=instance)
    return Evidence("/dev/ptmx is /dev/pts/ptmx", f"inode {found.inode} of both")


def _applies_symlink(config: Config, path: str) -> bool:
    """Whether the link has to be made: /proc is there after the mounts, and /dev is a fresh filesystem without such a name."""
    return _proc_and_dev(config) and fresh_dev(config, path)


@remembered
def _proc_and_dev(config: Config) -> bool:
    mounts = entries(config)
    proc = [entry for entry in mounts if within("/proc", entry.destination)]
    dev = any(entry.destination == "/dev" for entry in mounts)
    return len(proc) == 1 and proc[0].type == "proc" and not proc[0].bind and dev


@lru_cache(maxsize=16)
def _read_link(path: str) -> Action:
    """Read a symlink, and one that is not there: where that does not give ENOENT, the kernel is not what answers."""
    return Action(
        f"readlink {path}",
        tuple(Call("readlinkat", (AT_FDCWD, c_string(each), Out(_PATH_MAX), _PATH_MAX)) for each in (NOWHERE, path)),
    )


def _symlink(name: str, target: str) -> Expectation:
    path = f"/dev/{name}"

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        if place(record, _TARGETS, target) is None:
            raise Unexercised
        nowhere, result = results(config, record, _read_link(path))
        if (
            nowhere.errno != errno.ENOENT
            or result.errno not in {0, errno.ENOENT, errno.EINVAL}
            or not (result.errno or result.data)
        ):
            raise Inconclusive(f"the program may not read {path}")
        link = (
            result.data[: result.value].decode(errors="replace")
            if result.value > 0
            else errno.errorcode.get(result.errno, "empty")
        )
        if result.value <= 0 or posixpath.normpath(posixpath.join("/dev", link)) != target:
            violated(expected=f"{path} -> {target}", observed=link)
        return Evidence(f"{path} -> {target}", link)

    return Expectation(
        requirement=f"runtime-linux.dev-symlinks.{name}",
        applies=lambda config, _host: _applies_symlink(config, path),
        probes=lambda _config, _host: (_read_link(path), look(_TARGETS)),
        judge=judge,
        sees="probe",
    )


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        requirement="linux.devices.available",
        applies=lambda config, _host: bool(visible_devices(config)),
        probes=lambda config, _host: (look(_paths(config)),),
        judge=_judge_available,
        sees="probe",
    ),
    Expectation(
        requirement="linux.devices.path.anywhere",
        applies=lambda config, _host: bool(_outside_dev(config)),
        probes=lambda config, _host: (look(_paths(config)),),
        judge=_judge_anywhere,
        sees="probe",
    ),
    Expectation(
        requirement="linux.devices.type.u-like-c",
        applies=lambda config, _host: bool(_of_unusual_type(config)),
        probes=lambda config, _host: (look(_paths(config)),),
        judge=_judge_unusual,
        sees="probe",
    ),
    _attribute("linux.devices.filemode.effect", "mode", lambda found: stat.S_IMODE(found.mode)),
    _attribute("linux.devices.uid.effect", "uid", lambda found: found.uid),
    _attribute("linux.devices.gid.effect", "gid", lambda found: found.gid),
    Expectation(requirement="linux.devices.path.mismatch-error", judge=_judge_mismatch, judges_refusal=True),
    *(_default(name, numbers) for name, numbers in DEFAULT_DEVICES.items()),
    Expectation(
        requirement="linux.default-devices.ptmx",
        applies=lambda config, _host: fresh_dev(config, "/dev/ptmx"),
        probes=lambda _config, _host: (look(_DEFAULT_PATHS),),
        judge=_judge_ptmx,
        sees="probe",
    ),
    *(_symlink(name, target) for name, target in SYMLINKS.items()),
)
