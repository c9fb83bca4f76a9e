"""Plans config.md, "Mounts": one effect for each entry, in the listed order."""

from reference_runtime.effects.mounts import Mount
from reference_runtime.plan.mount_options import parse_options
from reference_runtime.plan.namespaces import mapping_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from reference_runtime.effects.binds import Bind, Remount
    from reference_runtime.effects.cgroup_mount import CgroupMount

    Entry = Bind | CgroupMount | Mount | Remount

_LABELLED = frozenset({"tmpfs", "devpts", "ramfs", "overlay", "ext4", "xfs", "btrfs", "mqueue"})
"""File systems that take an SELinux context; proc, sysfs and cgroups have labels of the kernel's own."""


def plan_mounts(config: "dict[str, Any]", *, bundle: str) -> "list[Entry]":
    """Return the effects of `mounts`; relative sources of bind mounts count from the bundle, an absolute path."""
    label: str = (config.get("linux") or {}).get("mountLabel") or ""
    return [_plan(index, entry, bundle, label, config) for index, entry in enumerate(config.get("mounts") or ())]


def binds(entries: "Sequence[Entry]") -> "list[Bind]":
    """Return those that are bind mounts."""
    return [each for each in entries if each.options.bind and not each.options.remount]  # type: ignore[misc]  # others have no such options


def _plan(index: int, entry: "dict[str, Any]", bundle: str, label: str, config: "dict[str, Any]") -> "Entry":
    where = f"$.mounts[{index}]"
    destination = "/" + entry["destination"].lstrip("/")
    options = parse_options(entry.get("options") or ())
    kind, source = entry.get("type") or "", entry.get("source") or ""
    if options.remount:
        from reference_runtime.effects.binds import Remount

        return Remount(where=where, destination=destination, options=options)
    if options.bind:
        from reference_runtime.effects.binds import Bind

        if (entry.get("uidMappings") or entry.get("gidMappings")) and not options.id_map:
            options.id_map = "idmap"
        path = source if source.startswith("/") else f"{bundle}/{source}"
        bind = Bind(index=index, destination=destination, source=path, options=options)
        bind.uid_map = mapping_text(entry.get("uidMappings") or ())
        bind.gid_map = mapping_text(entry.get("gidMappings") or ())
        return bind
    if kind in {"cgroup", "cgroup2"}:
        from reference_runtime.effects.cgroup_mount import CgroupMount

        return CgroupMount(where=where, destination=destination, options=options, own_namespace=_has_cgroup_namespace(config))
    if label and kind in _LABELLED:
        options.data.append(f'context="{label}"')
    return Mount(where=where, destination=destination, kind=kind, source=source or kind, options=options)


def _has_cgroup_namespace(config: "dict[str, Any]") -> bool:
    return any(each["type"] == "cgroup" for each in (config.get("linux") or {}).get("namespaces") or ())
