"""Attacks that lead what the runtime binds or writes to another file: the null device, the terminal, kernel parameters."""

from pathlib import Path

from tests.reference_runtime.attacks.ground import SECRET, Attack, Ground
from tests.reference_runtime.attacks.weakening import Change


def replaced_null(ground: Ground) -> bool:
    """CVE-2025-31133: /dev/null of the container becomes a link to a file of the host's, and masks show that file."""
    outside = ground.outside()
    bundle = ground.bundle()
    bundle.without_mounts("/dev", "/dev/pts", "/dev/shm")
    (bundle.rootfs / "masked").write_text("masked")
    bundle.config["linux"]["maskedPaths"] = ["/masked"]
    null = bundle.rootfs / "dev/null"
    bundle.when_mounted(f"os.unlink({str(null)!r}); os.symlink({str(outside / 'file')!r}, {str(null)!r})")
    if not ground.create(bundle):
        return False
    shown = Path(f"/proc/{ground.pid()}/root/masked").read_text()
    ground.delete()
    return shown == SECRET


def redirected_parameter(ground: Ground) -> bool:
    """CVE-2025-52881: the image's /proc is a fake, and what is written to a kernel parameter goes where its links lead."""
    outside = ground.outside()
    bundle = ground.bundle()
    bundle.without_mounts("/proc")
    fake = bundle.rootfs / "proc/sys/kernel"
    fake.mkdir(parents=True)
    (fake / "msgmax").symlink_to(outside / "file")
    bundle.config["linux"]["sysctl"] = {"kernel.msgmax": "8000"}
    if ground.create(bundle):
        ground.delete()
    return (outside / "file").read_text() != SECRET


ATTACKS = {
    "replaced_null": Attack(
        replaced_null,
        (
            Change(
                "effects/paths.py",
                "covers.directory() if is_directory else covers.null()",
                'covers.directory() if is_directory else k.open_tree(stage.root, "dev/null", k.OPEN_TREE_CLONE)',
            ),
        ),
    ),
    "redirected_parameter": Attack(
        redirected_parameter,
        (
            Change(
                "effects/kernel_parameters.py",
                'k.openat2(stage.proc, f"sys/{parameter_path(self.name)}", posix.O_WRONLY, resolve=resolve)',
                'k.openat2(stage.root, f"proc/sys/{parameter_path(self.name)}", posix.O_WRONLY, resolve=0)',
            ),
        ),
    ),
}
