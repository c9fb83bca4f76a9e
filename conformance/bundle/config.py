"""The plain valid config that every case starts from.

It uses what every runtime and host has: all the namespaces but user and time, the filesystems that the spec wants on
Linux, the capabilities that container engines usually grant, and no limits.
"""

from typing import Any

_CAPABILITIES = (
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
)
_NAMESPACES = ("pid", "network", "ipc", "uts", "mount", "cgroup")


def base_config(*, oci_version: str) -> dict[str, Any]:
    """Return a new config that runs the probe as root; the placeholder {id} in it is for the builder to replace."""
    return {
        "ociVersion": oci_version,
        "root": {"path": "rootfs"},
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": ["/probe"],
            "env": ["PATH=/bin:/sbin"],
            "cwd": "/",
            "capabilities": {name: list(_CAPABILITIES) for name in ("bounding", "effective", "permitted")},
        },
        "mounts": _mounts(),
        "linux": {
            "namespaces": [{"type": kind} for kind in _NAMESPACES],
            "cgroupsPath": "/{id}",
        },
    }


def _mounts() -> list[dict[str, Any]]:
    """Return the mounts that "Default Filesystems" in config-linux.md lists, and /dev for the default devices."""
    return [
        _mount("/proc", "proc"),
        _mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        _mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
        _mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
        _mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
    ]


def _mount(destination: str, kind: str, *options: str) -> dict[str, Any]:
    mount: dict[str, Any] = {"destination": destination, "type": kind, "source": kind}
    return mount | {"options": list(options)} if options else mount
