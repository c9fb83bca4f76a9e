"""Writes the id mappings of a new user namespace: only a process outside may, and how depends on who it is."""

import posix

from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.files import write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.plan.namespaces import Namespaces

_HELPER_DIRECTORIES = ("/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin")


def write_mappings(pid: int, namespaces: "Namespaces") -> None:
    """Map users and groups of the namespace that `pid` is in. Raises RuntimeFault."""
    try:
        if posix.geteuid() != 0 and _is_own(namespaces.gid_map, posix.getegid()):
            write_file(f"/proc/{pid}/setgroups", "deny")  # the kernel's price for mapping groups without privilege
        for file, text, own in (
            ("uid_map", namespaces.uid_map, posix.geteuid()),
            ("gid_map", namespaces.gid_map, posix.getegid()),
        ):
            if posix.geteuid() == 0 or _is_own(text, own):
                write_file(f"/proc/{pid}/{file}", text)
            else:
                _call_helper(f"new{file.replace('_', '')}", pid, text)
    except OSError as error:
        raise RuntimeFault("cannot be applied", where="$.linux.uidMappings", why=reason(error)) from error


def denies_groups(namespaces: "Namespaces") -> bool:
    """Whether setgroups(2) is forbidden in the namespace that we make."""
    return namespaces.has_new("user") and posix.geteuid() != 0 and _is_own(namespaces.gid_map, posix.getegid())


def _is_own(text: str, own: int) -> bool:
    """Whether only the caller's own id is mapped."""
    fields = text.split()
    return len(fields) == 3 and fields[1:] == [str(own), "1"]


def _call_helper(name: str, pid: int, text: str) -> None:
    """Let a set-id program map ids that /etc/subuid or /etc/subgid allow us."""
    for directory in _HELPER_DIRECTORIES:
        path = f"{directory}/{name}"
        try:
            posix.stat(path)
        except OSError:
            continue
        child = posix.posix_spawn(path, [name, str(pid), *text.split()], posix.environ)
        if posix.waitpid(child, 0)[1]:
            raise RuntimeFault(f"{name} refuses the mappings", where="$.linux.uidMappings")
        return
    raise RuntimeFault(f"needs the program {name}", where="$.linux.uidMappings")
