"""HOME, which engines leave to the runtime where neither they nor the image set it."""

import os
from pathlib import Path

import pytest

from reference_runtime.effects.process import HOME_ROOM, Home, home_directory
from reference_runtime.effects.stage import Stage
from reference_runtime.plan.last_calls import LastCalls
from reference_runtime.plan.process import plan_home, with_home

PASSWD = b"root:x:0:0:root:/root:/bin/sh\n\nbroken:x\nuser:x:10:10::/home/user:\nnone:x:11:11:::\nuser:x:10:10::/second:\n"


@pytest.mark.parametrize(("uid", "directory"), [(0, b"/root"), (10, b"/home/user"), (11, b"/"), (1, b"/"), (4294967294, b"/")])
def test_the_first_entry_of_the_user_decides(uid: int, directory: bytes) -> None:
    assert home_directory(PASSWD, uid) == directory


def test_what_the_config_sets_stays() -> None:
    process = {"env": ["A=b", "HOME="], "user": {"uid": 0}}
    assert with_home(process) is process
    assert plan_home(process, LastCalls()) == []
    without = {"env": ["HOMES=x"], "user": {"uid": 7}}
    assert with_home(without)["env"] == ["HOMES=x", HOME_ROOM]
    assert without["env"] == ["HOMES=x"]
    assert [effect.describe() for effect in plan_home(without, LastCalls())] == [
        "set HOME to the directory of user 7 in the container"
    ]


def found(root: Path, uid: int = 0) -> bytes:
    """Return the HOME that a process in `root` gets."""
    calls = LastCalls()
    calls.image = b"before\0" + HOME_ROOM.encode() + b"\0after"
    stage = Stage(own_mounts=True, user_namespace=False)
    stage.root = os.open(root, os.O_PATH)
    Home(calls, uid).execute(stage)
    os.close(stage.root)
    assert len(calls.image) == len(b"before\0" + HOME_ROOM.encode() + b"\0after")
    before, home, *padding, after = calls.image.split(b"\0")
    assert (before, any(padding), after) == (b"before", False, b"after")
    return home


def test_it_is_read_in_the_container(tmp_path: Path) -> None:
    assert found(tmp_path) == b"HOME=/"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_bytes(PASSWD)
    assert found(tmp_path, 10) == b"HOME=/home/user"
    (tmp_path / "etc/passwd").rename(tmp_path / "real")
    (tmp_path / "etc/passwd").symlink_to("/real")
    assert found(tmp_path, 10) == b"HOME=/home/user"


@pytest.mark.parametrize("hostile", ["outside", "pipe", "folder", "endless"])
def test_a_hostile_passwd_leads_nowhere(tmp_path: Path, hostile: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "etc").mkdir(parents=True)
    outside.write_bytes(PASSWD)
    passwd = root / "etc/passwd"
    if hostile == "outside":
        passwd.symlink_to(outside)
    elif hostile == "pipe":
        os.mkfifo(passwd)
    elif hostile == "folder":
        passwd.mkdir()
    else:
        passwd.write_bytes(b"root:x:0:0::/" + b"x" * 1024 + b":\n")
    assert found(root) == b"HOME=/"
