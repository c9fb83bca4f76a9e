"""Directories of a session: held while it lives, swept when it does not."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.host.claims import PREFIX, claim, remove_cgroup, session_name, sweep
from tests.host.jails import PROJECT, jailed, needs_root

_HAND_ON = """
import os, sys
sys.path.insert(0, sys.argv[1])
from conformance.host.claims import hand_on, take_back
from conformance.host.facts import gather
top = gather(lane="v2").cgroup_mounts[""]
offered = frozenset(open(f"{top}/cgroup.controllers").read().split())
parent = f"{top}/parent"
os.mkdir(parent)
def enabled(): return frozenset(open(f"{parent}/cgroup.subtree_control").read().split())
states = [enabled()]
hand_on(parent, offered)
states.append(enabled())
os.mkdir(f"{parent}/oci-conformance.1.2")
take_back(parent)
states.append(enabled())
os.rmdir(f"{parent}/oci-conformance.1.2")
take_back(parent)
states.append(enabled())
print(states == [frozenset(), offered, offered, frozenset()], os.listxattr(parent), bool(offered))
"""


def test_a_held_directory_is_not_swept_and_an_abandoned_one_is(tmp_path: Path) -> None:
    path, holder = claim(str(tmp_path), session_name())
    (tmp_path / f"{PREFIX}1.2").mkdir()
    (tmp_path / "of-somebody-else").mkdir()
    sweep(str(tmp_path), os.rmdir)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([os.path.basename(path), "of-somebody-else"])
    os.close(holder)
    sweep(str(tmp_path), os.rmdir)
    assert [entry.name for entry in tmp_path.iterdir()] == ["of-somebody-else"]


_SWEEP = """
import os, sys
sys.path.insert(0, sys.argv[1])
from conformance.host.claims import sweep
print(flush=True)
while True: sweep(sys.argv[2], os.rmdir)
"""


def test_a_claim_holds_though_others_sweep_while_it_is_made(tmp_path: Path) -> None:
    """They take what nobody holds yet for abandoned, and may remove it at any moment of a claim."""
    command = [sys.executable, "-c", _SWEEP, str(PROJECT), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as sweeper:
        assert sweeper.stdout is not None
        sweeper.stdout.readline()
        try:
            claimed = [claim(str(tmp_path), f"{PREFIX}1.{number}") for number in range(300)]
            assert all(os.path.samestat(os.stat(path), os.fstat(holder)) for path, holder in claimed)
        finally:
            sweeper.kill()
    for _, holder in claimed:
        os.close(holder)


def test_what_cannot_be_swept_is_told_and_does_not_stop_a_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / f"{PREFIX}1.2" / "in-the-way").mkdir(parents=True)
    sweep(str(tmp_path), os.rmdir)
    assert "cannot remove what an earlier session left" in capsys.readouterr().err


def test_a_nest_deeper_than_python_calls_itself_is_removed(tmp_path: Path) -> None:
    top = tmp_path / f"{PREFIX}1.2"
    os.makedirs(top)
    for depth in range(sys.getrecursionlimit() + 100):
        os.mkdir(f"{top}{'/a' * (depth + 1)}")
    sweep(str(tmp_path), remove_cgroup)
    assert list(tmp_path.iterdir()) == []


def test_a_symlink_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / f"{PREFIX}1.2").symlink_to("target")
    sweep(str(tmp_path), os.rmdir)
    assert (tmp_path / "target").is_dir()


def test_a_claim_is_a_lock_that_others_feel(tmp_path: Path) -> None:
    path, holder = claim(str(tmp_path), session_name())
    other = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = False
    except BlockingIOError:
        held = True
    finally:
        os.close(other)
        os.close(holder)
    assert held


_OTHER_SCOPE = """
import os, sys
sys.path.insert(0, sys.argv[1])
from conformance.host.claims import sweep_cgroups
from conformance.host.facts import gather
top = gather(lane="v2").cgroup_mounts[""]
for path in ("ours", "other", "other/oci-conformance.1.2", "other/oci-conformance.1.2/below", "other/stays"):
    os.mkdir(f"{top}/{path}")
sweep_cgroups(f"{top}/ours", top)
print(sorted(entry.name for entry in os.scandir(f"{top}/other") if entry.is_dir()))
"""


@needs_root
def test_what_was_left_in_the_scope_beside_ours_is_swept(tmp_path: Path) -> None:
    done = jailed(sys.executable, "-c", _OTHER_SCOPE, str(PROJECT), lane="v2", workdir=tmp_path)
    assert (done.stdout, done.stderr) == ("['stays']\n", "")


@needs_root
def test_controllers_enabled_for_sessions_are_disabled_after_the_last_one(tmp_path: Path) -> None:
    """In a v2 cgroup of its own, since the host's is shared with other sessions."""
    done = jailed(sys.executable, "-c", _HAND_ON, str(PROJECT), lane="v2", workdir=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:2] == ["True", "[]"]
