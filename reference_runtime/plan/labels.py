"""Plans process.apparmorProfile and process.selinuxLabel: a label that no module would read is refused, mountLabel too."""

from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def plan_labels(process: "dict[str, Any]", *, apparmor: "str | None", selinux: bool) -> "list[tuple[str, str]]":
    """Return (file below /proc, text) to be written by the process before it executes its program. Raises RuntimeFault.

    `apparmor` is AppArmor's file, None without AppArmor; `selinux` whether that is in force. "unconfined" wants nothing.
    """
    labels: list[tuple[str, str]] = []
    profile, label = process.get("apparmorProfile") or "", process.get("selinuxLabel") or ""
    if profile and profile != "unconfined":
        if apparmor is None:
            raise RuntimeFault("AppArmor is not enabled here", where="$.process.apparmorProfile")
        labels.append((apparmor, f"exec {profile}"))
    if label:
        if not selinux:
            raise RuntimeFault("SELinux is not in force here", where="$.process.selinuxLabel")
        labels.append(("thread-self/attr/exec", label))
    return labels


def labels_for(process: "dict[str, Any]") -> "list[tuple[str, str]]":
    """Return the labels of a process on this kernel; a process without any asks nothing. Raises RuntimeFault."""
    if not process.get("apparmorProfile") and not process.get("selinuxLabel"):
        return []
    from reference_runtime.kernel.security_modules import apparmor_file, has_apparmor, has_selinux

    return plan_labels(process, apparmor=apparmor_file() if has_apparmor() else None, selinux=has_selinux())


def check_mount_label(config: "dict[str, Any]", *, selinux: "bool | None" = None) -> None:
    """Raise RuntimeFault for linux.mountLabel where SELinux is not in force: `selinux`, or as this kernel says."""
    if not (config.get("linux") or {}).get("mountLabel"):
        return
    if selinux is None:
        from reference_runtime.kernel.security_modules import has_selinux

        selinux = has_selinux()
    if not selinux:
        raise RuntimeFault("SELinux is not in force here", where="$.linux.mountLabel")
