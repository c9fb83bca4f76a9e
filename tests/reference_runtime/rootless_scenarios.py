"""Containers of an ordinary user, in a session jail: `python -m tests.reference_runtime.rootless_scenarios NAME`.

The user has the id 1000, no capability and no other group; /etc/subuid and /etc/subgid are the scenario's own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.host import kernel
from tests.reference_runtime import container_scenarios as base

USER, GROUP = 1000, 1001
FIRST, COUNT = 200_000, 65_536
WORK = base.WORK
CGROUP = Path("/sys/fs/cgroup")


def runtime(*words: str, check: bool = True, place: str | None = None) -> subprocess.CompletedProcess[str]:
    """Call the runtime as the user, without a --root; `place` is the user's directory, "" for none."""
    environment = {"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(WORK / "run") if place is None else place}
    user: Any = {"user": USER, "group": GROUP, "extra_groups": [], "env": environment}
    return base.call([str(base.RUNTIME), *words], check=check, **user)


def bundle(name: str = "box", **process: Any) -> tuple[Path, dict[str, Any]]:
    """Make a bundle of the user's, with its own id alone mapped, and the user's directory for the state."""
    WORK.chmod(0o755)
    directory, config = base.bundle(name, **process)
    _own_id_alone(config)
    del config["linux"]["cgroupsPath"]
    base.write(directory, config)
    (WORK / "run").mkdir(exist_ok=True)
    os.chown(WORK / "run", USER, GROUP)
    for path in (directory, *directory.rglob("*")):
        os.chown(path, USER, GROUP)
    return directory, config


def _own_id_alone(config: dict[str, Any]) -> None:
    linux = config["linux"]
    linux["namespaces"] = [*linux["namespaces"], {"type": "user"}]
    linux["uidMappings"] = [{"containerID": 0, "hostID": USER, "size": 1}]
    linux["gidMappings"] = [{"containerID": 0, "hostID": GROUP, "size": 1}]


def _ranges(config: dict[str, Any]) -> None:
    """Add what /etc/subuid allows the user here."""
    for name in ("uidMappings", "gidMappings"):
        config["linux"][name].append({"containerID": 1, "hostID": FIRST, "size": COUNT})


def _allow_ranges() -> None:
    """Let the user map ids, by files over /etc/subuid and /etc/subgid, and know the user by name."""
    files = {
        "subuid": f"{USER}:{FIRST}:{COUNT}\n",
        "subgid": f"{USER}:{FIRST}:{COUNT}\n",
        "passwd": f"root:x:0:0::/:/bin/sh\nsomebody:x:{USER}:{GROUP}::/:/bin/sh\n",
        "group": f"root:x:0:\nsomebody:x:{GROUP}:\n",
    }
    for name, text in files.items():
        path = WORK / name
        path.write_text(text)
        target = Path("/etc", name)
        target.touch()
        kernel.mount(str(path), str(target), None, kernel.MS_BIND)


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _state(name: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(runtime("state", name).stdout)
    return state


def _gone(name: str) -> None:
    assert "does not exist" in runtime("state", name, check=False).stderr
    assert [path.name for path in (WORK / "run").rglob(f"{name}*")] == []
    base.nothing_left()


def own_id_alone() -> None:
    """Go through the lifecycle with nobody's help: only the user's own id is mapped, and groups are fixed."""
    directory, _ = bundle()
    runtime("create", "--bundle", str(directory), "box")
    pid = _state("box")["pid"]
    assert Path(f"/proc/{pid}/uid_map").read_text().split() == ["0", str(USER), "1"]
    assert Path(f"/proc/{pid}/setgroups").read_text() == "deny\n"
    runtime("start", "box")
    assert _status(pid)["Uid"].split()[0] == str(USER)
    entered = runtime("exec", "box", "/bin/say", check=False)
    assert (entered.returncode, entered.stdout) == (7, "said\n"), entered.stderr
    runtime("kill", "box", "KILL")
    runtime("delete", "--force", "box")
    _gone("box")


def ranges_by_helpers() -> None:
    """Let newuidmap and newgidmap map what /etc/subuid and /etc/subgid allow."""
    _allow_ranges()
    directory, config = bundle(user={"uid": 33, "gid": 34, "additionalGids": [35]})
    _ranges(config)
    base.write(directory, config)
    runtime("create", "--bundle", str(directory), "box")
    runtime("start", "box")
    status = _status(_state("box")["pid"])
    assert status["Uid"].split() == [str(FIRST + 32)] * 4
    assert status["Gid"].split() == [str(FIRST + 33)] * 4
    assert status["Groups"].split() == [str(FIRST + 34)]
    runtime("delete", "--force", "box")
    _gone("box")


def ranges_that_are_not_allowed() -> None:
    """Refuse what /etc/subuid does not allow, with an error that names the place; nothing is left."""
    _allow_ranges()
    directory, config = bundle()
    _ranges(config)
    config["linux"]["uidMappings"][1]["size"] += 1
    base.write(directory, config)
    failed = runtime("create", "--bundle", str(directory), "box", check=False)
    assert failed.returncode == 1
    assert "$.linux.uidMappings" in failed.stderr, failed.stderr
    assert "newuidmap" in failed.stderr
    _gone("box")


def without_a_user_namespace() -> None:
    """Tell an ordinary user who lists none that there are no other namespaces without one."""
    directory, config = bundle()
    config["linux"]["namespaces"].remove({"type": "user"})
    del config["linux"]["uidMappings"], config["linux"]["gidMappings"]
    base.write(directory, config)
    failed = runtime("create", "--bundle", str(directory), "box", check=False)
    assert failed.returncode == 1
    assert "$.linux.namespaces" in failed.stderr, failed.stderr
    assert "user namespace" in failed.stderr, failed.stderr.splitlines()[-1]
    _gone("box")


def without_cgroups() -> None:
    """Where no cgroup is the user's, a container goes without; a limit is refused with the place and the reason."""
    directory, config = bundle()
    ours = Path("/proc/self/cgroup").read_text()
    runtime("create", "--bundle", str(directory), "box")
    pid = _state("box")["pid"]
    assert Path(f"/proc/{pid}/cgroup").read_text() == ours
    for words, why in (
        (("pause", "box"), "no cgroup with a freezer"),
        (("update", "--pids-limit=9", "box"), "$.linux.resources.pids"),
    ):
        failed = runtime(*words, check=False)
        assert (failed.returncode, why in failed.stderr) == (1, True), failed.stderr
    runtime("start", "box")
    runtime("exec", "--detach", "--pid-file", str(WORK / "run/added"), "box", "/bin/pause")
    added = int((WORK / "run/added").read_text())
    assert json.loads(runtime("ps", "--format=json", "box").stdout) == sorted([pid, added])
    runtime("kill", "--all", "box", "KILL")
    for killed in (added, pid):
        os.waitpid(killed, 0)
    assert _state("box")["status"] == "stopped"
    runtime("delete", "--force", "box")
    config["linux"]["resources"] = {"pids": {"limit": 10}}
    base.write(directory, config)
    failed = runtime("create", "--bundle", str(directory), "box", check=False)
    assert failed.returncode == 1
    assert "$.linux.resources.pids" in failed.stderr, failed.stderr
    _gone("box")


def delegated_cgroup() -> None:
    """On cgroup v2, the user has a cgroup: the container gets one in it, with limits, can be paused, and leaves nothing."""
    ours = CGROUP / "delegated"
    ours.mkdir()
    controllers = (CGROUP / "cgroup.controllers").read_text().split()
    (ours / "cgroup.subtree_control").write_text("".join(f"+{name} " for name in controllers))
    (ours / "session").mkdir()
    for place in (ours, ours / "session"):
        for path in (place, *(place / name for name in ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads"))):
            os.chown(path, USER, GROUP)
    directory, config = bundle()
    if "hugetlb" in controllers:
        config["linux"]["resources"] = {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 << 20}]}
    base.write(directory, config)
    # What we start is where we are.
    (ours / "session/cgroup.procs").write_text("0")
    runtime("create", "--bundle", str(directory), "box")
    pid = _state("box")["pid"]
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    cgroup = CGROUP / next(line.removeprefix("0::/") for line in lines if line.startswith("0::"))
    assert cgroup.is_relative_to(ours), cgroup
    assert cgroup != ours / "session"
    if "hugetlb" in controllers:
        limit = (cgroup / "hugetlb.2MB.rsvd.max").read_text()
        assert limit == f"{4 << 20}\n", (cgroup, limit)
    runtime("start", "box")
    runtime("pause", "box")
    assert (cgroup / "cgroup.freeze").read_text() == "1\n"
    assert _state("box")["status"] == "paused"
    runtime("resume", "box")
    runtime("delete", "--force", "box")
    assert not cgroup.exists()
    _gone("box")


def a_place_that_others_have_made() -> None:
    """Believe no state in /tmp that is not in a directory of the user's own; without one the user gets it."""
    kernel.mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777")
    place = Path(f"/tmp/reference-runtime-{USER}")
    place.mkdir()
    os.chown(place, USER + 1, GROUP)
    _refuses_the_place()
    os.chown(place, USER, GROUP)
    place.chmod(0o777)
    _refuses_the_place()
    place.rmdir()
    place.symlink_to("/")
    os.lchown(place, USER, GROUP)
    _refuses_the_place()
    place.unlink()
    assert runtime("list", place="").returncode == 0


def _refuses_the_place() -> None:
    failed = runtime("list", place="", check=False)
    assert (failed.returncode, "is not a directory that its user alone may change" in failed.stderr) == (1, True)


V1 = (
    own_id_alone,
    ranges_by_helpers,
    ranges_that_are_not_allowed,
    without_a_user_namespace,
    without_cgroups,
    a_place_that_others_have_made,
)
V2 = (own_id_alone, without_cgroups, delegated_cgroup)
SCENARIOS: dict[str, Callable[[], None]] = {scenario.__name__: scenario for scenario in (*V1, *V2)}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
