"""config-linux.md, Default Filesystems: what is mounted where programs expect it, whoever put it there.

The text leaves open who has to list these in `mounts`, so both outcomes are recorded and nobody is accused.
"""

from conformance.expectations.contract import Applicability, Evidence, Expectation, Unexercised, running, violated
from conformance.expectations.mounted import entries, masked_paths, own_namespace, within
from conformance.record.config import Config
from conformance.record.host import Host
from conformance.record.record import Record

FILESYSTEMS = {
    "proc": ("/proc", "proc"),
    "sys": ("/sys", "sysfs"),
    "dev-pts": ("/dev/pts", "devpts"),
    "dev-shm": ("/dev/shm", "tmpfs"),
}


def _expectation(name: str, point: str, fstype: str) -> Expectation:
    def applies(config: Config, _host: Host) -> Applicability:
        return own_namespace(config, "mount")

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        other = [entry for entry in entries(config) if entry.destination == point and (entry.bind or entry.type != fstype)]
        if other or any(within(point, path) for path in masked_paths(config)):
            raise Unexercised(f"the config puts something else on {point}")
        mount = running(record).mount_at(point)
        if mount is None or mount.fstype != fstype:
            violated(expected=f"{fstype} on {point}", observed=mount.fstype if mount else "nothing mounted")
        return Evidence(f"{fstype} on {point}", mount.source)

    return Expectation(requirement=f"linux.default-fs.{name}", applies=applies, judge=judge)


EXPECTATIONS: tuple[Expectation, ...] = tuple(_expectation(name, point, fstype) for name, (point, fstype) in FILESYSTEMS.items())
