"""Plans config.md "Root", and of config-linux.md "Rootfs Mount Propagation", "Masked Paths" and "Readonly Paths"."""

from reference_runtime.effects.root import AttachRoot, ChangeRoot, KeepFromHost, SealRoot
from reference_runtime.kernel.mounts import MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.effects.stage import Effect

_PROPAGATION = {"shared": MS_SHARED, "slave": MS_SLAVE, "private": MS_PRIVATE, "unbindable": MS_UNBINDABLE}


def plan_root(config: "dict[str, Any]", *, bundle: str) -> "tuple[KeepFromHost, AttachRoot]":
    """Return what comes before the mounts."""
    value = _propagation(config)[0]
    private = value in {MS_PRIVATE, MS_UNBINDABLE}
    apart = all(each["type"] != "mount" for each in (config.get("linux") or {}).get("namespaces") or ())
    return KeepFromHost(MS_PRIVATE if private else MS_SLAVE), AttachRoot(root_path(config, bundle=bundle), apart=apart)


def root_path(config: "dict[str, Any]", *, bundle: str) -> str:
    """Return the absolute path of the root file system on the host."""
    path: str = config["root"]["path"]
    return path if path.startswith("/") else f"{bundle}/{path}"


def plan_paths(config: "dict[str, Any]") -> "list[Effect]":
    """Return what covers paths when all mounts are in place."""
    linux = config.get("linux") or {}
    effects: list[Effect] = []
    if linux.get("readonlyPaths"):
        from reference_runtime.effects.paths import ReadonlyPaths

        effects.append(ReadonlyPaths(linux["readonlyPaths"]))
    if linux.get("maskedPaths"):
        from reference_runtime.effects.paths import MaskPaths

        effects.append(MaskPaths(linux["maskedPaths"], linux.get("mountLabel") or ""))
    return effects


def plan_root_change(config: "dict[str, Any]", *, pivot: bool) -> "tuple[ChangeRoot, SealRoot]":
    """Return the step after which the host's files are out of reach, and the last one: a shared root cannot be pivoted to."""
    propagation, recursive = _propagation(config)
    readonly = bool(config["root"].get("readonly"))
    return ChangeRoot(pivot=pivot), SealRoot(readonly=readonly, propagation=propagation, recursive=recursive)


def _propagation(config: "dict[str, Any]") -> "tuple[int, bool]":
    """Return the flag of mount_setattr(2), and whether it is for the mounts below as well; 0 leaves the root a slave."""
    word = (config.get("linux") or {}).get("rootfsPropagation") or ""
    recursive = word[:1] == "r"
    return _PROPAGATION.get(word[1:] if recursive else word, 0), recursive
