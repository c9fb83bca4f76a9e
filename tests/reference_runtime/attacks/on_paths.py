"""Attacks that lead what the runtime binds or writes to another file: the null device, the terminal, parameters, labels."""

import os
import signal
import socket
import subprocess
from pathlib import Path

from tests.reference_runtime.attacks.ground import SECRET, Attack, Bundle, Ground
from tests.reference_runtime.attacks.weakening import Change

_TERMINALS = 300
"""As many names of terminals as an image needs so that the next one is surely among them."""


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


def replaced_terminal(ground: Ground) -> bool:
    """CVE-2025-52565: names of terminals lead to a file that is to be masked, and /dev/console shows it."""
    bundle = ground.bundle()
    bundle.without_mounts("/dev", "/dev/pts", "/dev/shm")
    (bundle.rootfs / "masked").write_text(SECRET)
    bundle.config["linux"]["maskedPaths"] = ["/masked"]
    (bundle.rootfs / "dev/pts").mkdir()
    for number in range(_TERMINALS):
        (bundle.rootfs / f"dev/pts/{number}").symlink_to("/masked")
    bundle.config["process"]["terminal"] = True
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(ground.place / "console"))
        server.listen()
        if not ground.create(bundle, "c", f"--console-socket={ground.place / 'console'}"):
            return False
        console = Path(f"/proc/{ground.pid()}/root/dev/console")
        shown = "" if console.is_char_device() else console.read_text()
        ground.delete()
    return shown == SECRET


def volume_on_proc(ground: Ground) -> bool:
    """CVE-2019-16884: a volume on /proc has the file that the label is written to, and the program runs without one."""
    bundle = ground.bundle()
    bundle.without_mounts("/proc")
    volume = _fake_proc(ground.place / "volume")
    bundle.mount("/proc", source=str(volume), options=["bind"])
    return _runs_without_label(ground, bundle)


def link_to_proc(ground: Ground) -> bool:
    """CVE-2023-28642: /proc of the image is a link to a directory with that file."""
    bundle = ground.bundle()
    bundle.without_mounts("/proc")
    (bundle.rootfs / "proc").rmdir()
    (bundle.rootfs / "proc").symlink_to("/fake")
    _fake_proc(bundle.rootfs / "fake")
    return _runs_without_label(ground, bundle)


def joined_proc(ground: Ground) -> bool:
    """Join the mount namespace of a container whose /proc is a fake: what is taken for the host's /proc then is that."""
    hostile = ground.bundle("hostile")
    hostile.without_mounts("/proc")
    hostile.mount("/proc", source=str(_fake_proc(ground.place / "volume")), options=["bind"])
    fallen = _runs_without_label(ground, _joining(ground, hostile))
    ground.delete("hostile")
    return fallen


def modules_of_the_container(ground: Ground) -> bool:
    """Let the runtime import its modules while it is in the mount namespace of a container that has others of these names."""
    hostile = ground.bundle("hostile")
    package = hostile.rootfs / str(ground.runtime.parent).lstrip("/")
    for name in ("cgroups", "container", "effects", "kernel"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").write_text(f"open('{ground.place}/imported', 'w')\nimport posix\nposix._exit(0)")
    if ground.create(_joining(ground, hostile)):
        pid = ground.pid()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        ground.call("delete", "c")
    ground.delete("hostile")
    return (ground.place / "imported").exists()


def _joining(ground: Ground, hostile: Bundle) -> Bundle:
    """Create a container that has this bundle, and return one that joins its mount namespace."""
    hostile.mount(str(ground.place), source=str(ground.place), options=["bind"])
    assert ground.create(hostile, "hostile")
    bundle = ground.bundle()
    bundle.config["mounts"] = []
    joined = {"type": "mount", "path": f"/proc/{ground.pid('hostile')}/ns/mnt"}
    others = [each for each in bundle.config["linux"]["namespaces"] if each["type"] != "mount"]
    bundle.config["linux"]["namespaces"] = [*others, joined]
    return bundle


def _fake_proc(directory: Path) -> Path:
    for task in ("self", "thread-self", "1"):
        for attributes in ("attr", "attr/apparmor"):
            (directory / task / attributes).mkdir(parents=True)
            (directory / task / attributes / "exec").touch(mode=0o666)
    return directory


def _runs_without_label(ground: Ground, bundle: Bundle) -> bool:
    """Run a program that is to have a profile. This kernel knows none, so who has asked the kernel must have been refused."""
    modules = ground.place / "modules"
    (modules / "apparmor/parameters").mkdir(parents=True)
    (modules / "apparmor/parameters/enabled").write_text("Y\n")
    subprocess.run(["mount", "--bind", str(modules), "/sys/module"], check=True)  # in the session's own mount namespace
    bundle.config["process"]["apparmorProfile"] = "confined"
    try:
        if not ground.create(bundle):
            return False
        runs = ground.call("start", "c").returncode == 0
        ground.delete()
    finally:
        subprocess.run(["umount", "/sys/module"], check=True)
    return runs


_LABEL_BY_PATH = Change(
    "plan/program.py",
    'self.add("openat", numbers.proc, self._program.text(path), O_WRONLY, 0, what=what)',
    'self.add("openat", AT_FDCWD, self._program.text(f"/proc/{path}"), O_WRONLY, 0, what=what)',
)

ATTACKS = {
    "replaced_terminal": Attack(
        replaced_terminal,
        (
            Change(
                "effects/terminal.py",
                'tree = k.open_tree(peer, "", k.OPEN_TREE_CLONE)',
                'tree = k.open_tree(k.open_in_root(stage.root, f"dev/pts/{terminal_number(master)}"), "", k.OPEN_TREE_CLONE)',
            ),
        ),
    ),
    "volume_on_proc": Attack(volume_on_proc, (_LABEL_BY_PATH,)),
    "link_to_proc": Attack(link_to_proc, (_LABEL_BY_PATH,)),
    "joined_proc": Attack(
        joined_proc,
        (Change("kernel/mounts.py", "!= PROC_SUPER_MAGIC or posix.fstat(descriptor).st_ino != _PROC_ROOT_INODE:", "== 0:"),),
    ),
    "modules_of_the_container": Attack(
        modules_of_the_container,
        (
            Change("container/unmount.py", "    child = clone3(0)\n", "    child = 0\n"),
            Change("container/unmount.py", "            forbid_imports()\n", ""),
            Change("container/unmount.py", "            posix._exit(0)\n    posix.waitpid(child, 0)\n", "            pass\n"),
        ),
    ),
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
