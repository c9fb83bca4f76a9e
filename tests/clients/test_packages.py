"""The folders of packages: those of another time go, those in use stay."""

import fcntl
import os
from pathlib import Path

import pytest

from tests.clients.packages import hold, sweep, unpacked


def folder(cache: Path, name: str) -> Path:
    path = cache / name
    (path / "usr/bin").mkdir(parents=True)
    (path / "usr/bin/podman").write_text("")
    return path


def names(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()}


def test_only_what_nobody_uses_is_removed(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    present, used, _unused = (folder(tmp_path, name) for name in ("present", "used", "unused"))
    descriptors = hold(used), hold(used)
    sweep(tmp_path, but=present)
    assert names(tmp_path) == {"lock", "present", "used"}
    assert (used / "usr/bin/podman").exists()
    os.close(descriptors[0])
    sweep(tmp_path, but=present)
    assert names(tmp_path) == {"lock", "present", "used"}, "one of its two users is there still"
    os.close(descriptors[1])
    sweep(tmp_path, but=present)
    assert names(tmp_path) == {"lock", "present"}


def test_what_a_killed_session_left_half_made_or_half_removed_goes_too(tmp_path: Path) -> None:
    present = folder(tmp_path, "present")
    for name in ("0123", "going", "new"):
        folder(tmp_path, name)
    sweep(tmp_path, but=present)
    assert names(tmp_path) == {"present"}


@pytest.mark.usefixtures("world")  # or a skip where there can be none
def test_the_folder_in_use_is_held() -> None:
    descriptor = os.open(unpacked(), os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)
