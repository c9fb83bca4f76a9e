"""spec: write a config.json to start from."""

import posix

from reference_runtime import SPEC_VERSION
from reference_runtime.command_line import SWITCH, VALUE
from reference_runtime.config.writer import dumps
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.invocation import Invocation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FLAGS = {"bundle": VALUE, "rootless": SWITCH}

_CAPABILITIES = ("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE")
_MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
    "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
)  # fmt: skip
_READONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def run(call: Invocation) -> int:
    """Write it into the bundle, unless there is one; returns the exit status."""
    path = f"{call.absolute(call.line.value('bundle', '.'))}/config.json"
    config = example(rootless=call.line.switch("rootless"), uid=posix.geteuid(), gid=posix.getegid())
    try:
        descriptor = posix.open(path, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, 0o644)
    except OSError as error:
        raise RuntimeFault("cannot write a config", why=reason(error)) from error
    posix.write(descriptor, f"{dumps(config, indent='    ')}\n".encode())
    posix.close(descriptor)
    return 0


def example(*, rootless: bool, uid: int, gid: int) -> "dict[str, Any]":
    """Return a config that runs a shell with few rights; `rootless` one for the given user."""
    namespaces = ["pid", "ipc", "uts", "mount", "cgroup", *(["user"] if rootless else ["network"])]
    linux: dict[str, Any] = {
        "namespaces": [{"type": kind} for kind in namespaces],
        "maskedPaths": list(_MASKED),
        "readonlyPaths": list(_READONLY),
    }
    if rootless:
        linux["uidMappings"] = [{"containerID": 0, "hostID": uid, "size": 1}]
        linux["gidMappings"] = [{"containerID": 0, "hostID": gid, "size": 1}]
    else:
        linux["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
    return {
        "ociVersion": SPEC_VERSION,
        "root": {"path": "rootfs", "readonly": True},
        "process": {
            "terminal": True,
            "user": {"uid": 0, "gid": 0},
            "args": ["sh"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {name: list(_CAPABILITIES) for name in ("bounding", "effective", "permitted")},
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 1024}],
            "noNewPrivileges": True,
        },
        "hostname": "container",
        "mounts": _mounts(rootless=rootless),
        "linux": linux,
    }


def _mounts(*, rootless: bool) -> "list[dict[str, Any]]":
    hardened = ["nosuid", "noexec", "nodev"]
    terminals = [*hardened[:2], "newinstance", "ptmxmode=0666", "mode=0620", *([] if rootless else ["gid=5"])]
    sys = (
        _mount("/sys", "none", "/sys", ["rbind", *hardened, "ro"])
        if rootless
        else _mount("/sys", "sysfs", "sysfs", [*hardened, "ro"])
    )
    return [
        _mount("/proc", "proc", "proc", []),
        _mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _mount("/dev/pts", "devpts", "devpts", terminals),
        _mount("/dev/shm", "tmpfs", "shm", [*hardened, "mode=1777", "size=65536k"]),
        _mount("/dev/mqueue", "mqueue", "mqueue", hardened),
        sys,
        _mount("/sys/fs/cgroup", "cgroup", "cgroup", [*hardened, "relatime", "ro"]),
    ]


def _mount(destination: str, kind: str, source: str, options: "list[str]") -> "dict[str, Any]":
    return {"destination": destination, "type": kind, "source": source, "options": options}
