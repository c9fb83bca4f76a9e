"""Leaks: the pure difference, and each kind of thing really left behind and really removed."""

import contextlib
import os
import subprocess
import time
import uuid
from pathlib import Path

from conformance.observe.leaks import Watch, differences, watch
from conformance.record.leak import Leak
from tests.observe.containers import IDLE, child, needs_root
from tests.observe.hosts import cgroup_mounts

EMPTY = Watch(mountinfo=b"", processes={}, cgroups={}, state={}, descriptors={})


def test_only_what_is_new() -> None:
    before = Watch(
        mountinfo=b"1 0 0:1 / /a rw\n",
        processes={"7 1": "7 (x)"},
        cgroups={"/c": ()},
        state={},
        descriptors={"0 tty": "0 -> tty"},
    )
    after = Watch(
        mountinfo=b"2 0 0:1 / /a rw\n",
        processes={"7 2": "7 (y)"},
        cgroups={"/c": ["/c/d"], "/c/d": ()},
        state={"id": "/s/id"},
        descriptors={"0 tty": "0 -> tty", "5 file": "5 -> file", "6 pipe": "6 -> pipe"},
    )
    assert differences(before, before) == ()
    assert differences(before, EMPTY) == ()
    assert differences(before, after, expected_descriptors=[6]) == (
        Leak("mount", "/a"),
        Leak("process", "7 (y)"),
        Leak("cgroup", "/c/d"),
        Leak("state", "/s/id"),
        Leak("descriptor", "5 -> file"),
    )


def test_state_and_descriptor(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    before = watch(cgroup_mounts={}, state_directory=str(directory))
    (directory / "left").mkdir(parents=True)
    kept = os.open(directory, os.O_RDONLY)
    try:
        found = differences(before, watch(cgroup_mounts={}, state_directory=str(directory)))
        assert Leak("state", str(directory / "left")) in found
        assert Leak("descriptor", f"{kept} -> {directory}") in found
        found = differences(before, watch(cgroup_mounts={}, state_directory=str(directory)), expected_descriptors=[kept])
        assert not any(leak.kind == "descriptor" for leak in found)
    finally:
        os.close(kept)


def test_process_and_zombie() -> None:
    before = watch(cgroup_mounts={}, state_directory="")
    with child(IDLE) as running:
        assert any(
            leak.what.startswith(f"{running.pid} (") for leak in differences(before, watch(cgroup_mounts={}, state_directory=""))
        )
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    time.sleep(0.01)
    found = differences(before, watch(cgroup_mounts={}, state_directory=""))
    process.wait()
    assert not any(leak.what.startswith(f"{process.pid} (") for leak in found)


@needs_root
def test_nested_cgroup() -> None:
    mounts = {"": cgroup_mounts().get("") or next(iter(cgroup_mounts().values()))}
    before = watch(cgroup_mounts=mounts, state_directory="")
    outer = Path(mounts[""]) / f"observe-{uuid.uuid4().hex[:12]}"
    (outer / "inner").mkdir(parents=True)
    try:
        found = [
            leak.what for leak in differences(before, watch(cgroup_mounts=mounts, state_directory="")) if leak.kind == "cgroup"
        ]
        assert {str(outer), str(outer / "inner")} <= set(found)
        with_them = watch(cgroup_mounts=mounts, state_directory="", like=before)
        assert with_them.cgroups[str(outer)] == [str(outer / "inner")]
        (outer / "inner").rmdir()
        (outer / "other").mkdir()
        exchanged = watch(cgroup_mounts=mounts, state_directory="", like=with_them)
        assert exchanged.cgroups[str(outer)] == [str(outer / "other")]
    finally:
        for inner in ("inner", "other"):
            with contextlib.suppress(FileNotFoundError):
                (outer / inner).rmdir()
        outer.rmdir()


@needs_root
def test_mount() -> None:
    """In a private mount namespace, where the watching happens as well."""
    code = """
import ctypes, sys
sys.path[:0] = sys.argv[1:]
from conformance.observe.leaks import watch, differences
libc = ctypes.CDLL(None)
look = lambda: watch(cgroup_mounts={}, state_directory="")
before = look()
libc.mount(b"none", b"/mnt", b"tmpfs", 0, None)
print([leak.what for leak in differences(before, look()) if leak.kind == "mount"])
libc.umount(b"/mnt")
print([leak.what for leak in differences(before, look()) if leak.kind == "mount"])
"""
    root = str(Path(__file__).parents[2])
    command = ["unshare", "--mount", "--propagation", "private", "python3", "-c", code, root]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "['/mnt']\n[]\n"
