"""Which extended parts of a snapshot a config asks for. Pure: what is not asked for is not read, and costs nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.observe import control_files
from conformance.record.config import Config, lookup
from conformance.record.host import Host

_CAP_SYS_ADMIN = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """What a snapshot has to hold beside the standard parts; by default nothing."""

    cgroup_mounts: Mapping[str, str] = field(default_factory=dict)
    """As `Host.cgroup_mounts`."""
    control_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Hierarchy (v1 controller, or "" for v2) to names of control files there."""
    cgroup_owners: bool = False
    device_programs: bool = False
    seccomp: bool = False
    sysctls: tuple[str, ...] | None = None
    links: bool = False
    uts: bool = False
    files: tuple[str, ...] = ()
    """Paths of the container whose owner the host has to see; where paths lead the probe says, as the program itself sees it."""


def wants_of(config: Config, host: Host) -> Wants:
    """Return what `config` asks for, as far as `host` can show it."""
    resources = _objects(lookup(config, "/linux/resources"))
    administrator = host.can(_CAP_SYS_ADMIN)
    devices = "devices" in resources or bool(lookup(config, "/linux/devices"))
    sysctls = lookup(config, "/linux/sysctl")
    return Wants(
        cgroup_mounts=host.cgroup_mounts,
        control_files=_control_files({**resources, "devices": True} if devices else resources, host),
        cgroup_owners=_owned_by_another(config, v2_alone="" in host.cgroup_mounts and len(host.cgroup_mounts) == 1),
        device_programs=devices and administrator and "" in host.cgroup_mounts and "devices" not in host.cgroup_mounts,
        seccomp=lookup(config, "/linux/seccomp") is not None and host.seccomp and administrator,
        sysctls=tuple(map(str, sysctls)) if isinstance(sysctls, Mapping) else None,
        links=lookup(config, "/linux/netDevices") is not None,
        uts="hostname" in config or "domainname" in config,
        files=_owned_files(config),
    )


def _control_files(resources: Mapping[str, Any], host: Host) -> Mapping[str, tuple[str, ...]]:
    """Choose, for each property, the files of the v1 controllers that are mounted, else those of v2."""
    found: dict[str, tuple[str, ...]] = {}
    sizes = _page_sizes(resources, host)
    for name in resources:
        controllers = control_files.CONTROLLERS.get(name, ())
        mounted = [controller for controller in controllers if controller in host.cgroup_mounts]
        for controller in mounted:
            found[controller] = _v1_files(name, controller, sizes)
        if not mounted and controllers:
            found[""] = found.get("", ()) + _v2_files(name, sizes)
    unified = tuple(name for name in _objects(resources.get("unified")) if "/" not in name)
    if unified:
        found[""] = (*found.get("", ()), *unified, "cgroup.controllers")
    return found


def _v1_files(name: str, controller: str, sizes: Iterable[str]) -> tuple[str, ...]:
    return control_files.hugetlb(sizes, v2=False) if controller == "hugetlb" else control_files.V1[name][controller]


def _v2_files(name: str, sizes: Iterable[str]) -> tuple[str, ...]:
    return control_files.hugetlb(sizes, v2=True) if name == "hugepageLimits" else control_files.V2.get(name, ())


def _page_sizes(resources: Mapping[str, Any], host: Host) -> list[str]:
    """Return the page sizes of the host, and those that the config names: they are part of a file's name."""
    named = (limit.get("pageSize") for limit in _lists(resources.get("hugepageLimits")) if isinstance(limit, Mapping))
    texts = (size for size in named if isinstance(size, str) and "/" not in size)
    return list(dict.fromkeys([*host.hugepage_sizes, *texts]))


def _owned_by_another(config: Config, *, v2_alone: bool) -> bool:
    """Whether the cgroup might be given to the program's user: that is somebody else, and there is a cgroup mount or v2."""
    user = bool(lookup(config, "/process/user/uid")) or _has_user_namespace(config)
    return user and (v2_alone or any(_has_type(mount, "cgroup") for mount in _lists(config.get("mounts"))))


def _owned_files(config: Config) -> tuple[str, ...]:
    """Return paths whose owner, as the host sees it, mappings of ids may change: of the root, and of id-mapped mounts."""
    paths = ["/", *_lists(lookup(config, "/process/args"))[:1]] if _has_user_namespace(config) else []
    paths += (mount.get("destination") for mount in _lists(config.get("mounts")) if _is_id_mapped(mount))
    return tuple(dict.fromkeys(path for path in paths if isinstance(path, str) and path))


def _is_id_mapped(mount: Any) -> bool:
    if not isinstance(mount, dict):
        return False
    return "uidMappings" in mount or any(option in {"idmap", "ridmap"} for option in _lists(mount.get("options")))


def _has_user_namespace(config: Config) -> bool:
    return any(_has_type(entry, "user") for entry in _lists(lookup(config, "/linux/namespaces")))


def _has_type(entry: Any, kind: str) -> bool:
    return isinstance(entry, dict) and entry.get("type") == kind


def _lists(value: Any) -> list[Any]:
    """Return a list as it is, and anything else (a broken config may hold it) as an empty one."""
    return value if isinstance(value, list) else []


def _objects(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
