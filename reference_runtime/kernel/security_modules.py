"""Which security modules this kernel has in force, and where they want the label of the next program written."""

from reference_runtime.kernel.files import exists, read_text


def has_apparmor() -> bool:
    """Whether AppArmor is enabled."""
    try:
        return read_text("/sys/module/apparmor/parameters/enabled").startswith("Y")
    except OSError:
        return False


def has_selinux() -> bool:
    """Whether SELinux is in force: its file system is mounted then."""
    return exists("/sys/fs/selinux/enforce")


def apparmor_file() -> str:
    """Return the file below /proc, which kernels with several modules have in a directory of AppArmor's own."""
    stacked = "thread-self/attr/apparmor/exec"
    return stacked if exists(f"/proc/{stacked}") else "thread-self/attr/exec"
