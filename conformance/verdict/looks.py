"""What to look at from the host, by plain commands, to see what a requirement speaks of; `$PID` is the container's process."""

import shlex
from collections.abc import Mapping
from typing import Any

from conformance.record.config import Config, lookup

_STATUS = "grep -E '^(State|NSpid|Umask|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/$PID/status"
_MOUNTS = "cat /proc/$PID/mountinfo"
_NAMESPACES = "ls -l /proc/$PID/ns; echo outside:; ls -l /proc/self/ns"
_CGROUPS = "show_cgroups"
_PROCESS = (
    _STATUS,
    "cat /proc/$PID/limits /proc/$PID/oom_score_adj",
    "tr '\\0' '\\n' </proc/$PID/cmdline",
    "tr '\\0' '\\n' </proc/$PID/environ",
    "readlink /proc/$PID/cwd /proc/$PID/root",
)

_LOOKS: Mapping[str, tuple[str, ...]] = {
    "config.mounts": (_MOUNTS,),
    "config.root": (_MOUNTS, "readlink /proc/$PID/root"),
    "config.process": _PROCESS,
    "config.hostname": ("nsenter --target $PID --uts uname -n",),
    "config.domainname": ("nsenter --target $PID --uts cat /proc/sys/kernel/domainname",),
    "linux.maskedpaths": (_MOUNTS,),
    "linux.readonlypaths": (_MOUNTS,),
    "linux.rootfspropagation": (_MOUNTS,),
    "linux.default-fs": (_MOUNTS,),
    "linux.mountlabel": (_MOUNTS,),
    "linux.default-devices": ("ls -lL /proc/$PID/root/dev",),
    "linux.device-list": ("ls -lL /proc/$PID/root/dev",),
    "linux.namespaces": (_NAMESPACES,),
    "linux.userns": (_NAMESPACES, "cat /proc/$PID/uid_map /proc/$PID/gid_map"),
    "linux.timeoffsets": (_NAMESPACES, "cat /proc/$PID/timens_offsets"),
    "linux.netdevices": ("nsenter --target $PID --net ip address",),
    "linux.personality": ("cat /proc/$PID/personality",),
    "linux.seccomp": (_STATUS,),
    "linux.sysctl": (),
    "runtime-linux.fds": ("ls -l /proc/$PID/fd",),
    "runtime-linux.dev-symlinks": ("ls -l /proc/$PID/root/dev",),
} | {
    f"linux.{chapter}": (_CGROUPS,)
    for chapter in ("cgroups", "memory", "cpu", "pids", "devices", "hugepage", "network", "rdma", "blockio", "unified")
}


def looks(requirement: str, config: Config) -> tuple[str, ...]:
    """Return the shell commands for a requirement's chapter, and those about the paths and sysctls that its config names."""
    chapter = ".".join(requirement.split(".")[:2])
    return (*_LOOKS.get(chapter, (_STATUS, _MOUNTS)), *_named(chapter, config))


def _named(chapter: str, config: Config) -> list[str]:
    if chapter == "linux.sysctl":
        names = [str(name).replace(".", "/") for name in _table(config, "/linux/sysctl")]
        return [f"nsenter --target $PID --net --ipc --uts cat {shlex.quote(f'/proc/sys/{name}')}" for name in names]
    if chapter in {"linux.maskedpaths", "linux.readonlypaths"}:
        member = "maskedPaths" if chapter == "linux.maskedpaths" else "readonlyPaths"
        return [_listed(path) for path in lookup(config, f"/linux/{member}") or ()]
    if chapter == "config.mounts":
        return [_listed(mount["destination"]) for mount in config.get("mounts") or () if "destination" in mount]
    return []


def _listed(path: str) -> str:
    return f'ls -ld "/proc/$PID/root"{shlex.quote(path)}'


def _table(config: Config, pointer: str) -> Mapping[str, Any]:
    found = lookup(config, pointer)
    return found if isinstance(found, Mapping) else {}
