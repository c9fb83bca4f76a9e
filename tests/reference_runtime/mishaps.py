"""Calls that fail halfway or at a bad moment: `python -m tests.reference_runtime.mishaps NAME`, pid 1 of a session jail."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.reference_runtime.attacks.weakening import Change, weakened
from tests.reference_runtime.container_scenarios import WORK, bundle, call, nothing_left, runtime, state, write

_DEEP = 400
"""Times a long name: more than the 4096 bytes of a path."""
_LEAKED = (3, 4, 9, 100)
_HOOK = """#!/usr/bin/python3 -IS
import os
leaked = any(os.path.realpath(f"/proc/self/fd/{{each}}") == "{work}" for each in os.listdir("/proc/self/fd"))
open("{work}/hooks", "a").write("leaked " if leaked else "clean ")
"""


def _running(name: str = "c", **process: Any) -> Path:
    directory, _ = bundle(**process)
    runtime("run", "--detach", "--bundle", str(directory), name)
    return directory


def _deleted() -> None:
    runtime("delete", "--force", "c")
    nothing_left()


def _orphans() -> list[str]:
    """Return the processes that have become ours, as pid 1, ended or not, but for the container's first."""
    mine = Path("/proc/self/task").joinpath(str(os.getpid()), "children").read_text().split()
    return [pid for pid in mine if pid != str(state("c")["pid"])]


def _process(**members: Any) -> str:
    """Write a process for exec; returns the path of its file."""
    user = {"uid": 0, "gid": 0}
    (WORK / "process").write_text(json.dumps({"args": ["/bin/say"], "cwd": "/", "user": user, **members}))
    return str(WORK / "process")


def exec_that_fails_leaves_no_process() -> None:
    """Leave not even an ended one, for which the container's pid namespace would wait."""
    _running()
    unlimited = [{"type": "RLIMIT_NOFILE", "soft": 1 << 40, "hard": 1 << 40}]
    for process in ({"rlimits": unlimited}, {"args": ["/proc/none"]}, {"args": ["/none"]}, {"cwd": "/none"}):
        done = runtime("exec", f"--process={_process(**process)}", "c", check=False)
        assert (done.returncode, len(done.stderr.splitlines())) == (255, 1), done.stderr
        assert "ended before" not in done.stderr  # it says what was wrong
        assert _orphans() == []
    done = runtime("exec", f"--pid-file={WORK}/none/pid", "--detach", "c", "/bin/pause", check=False)
    assert (done.returncode, "no such file" in done.stderr) == (255, True)
    assert _orphans() == []
    _deleted()


def exec_with_any_pid() -> None:
    """Take a pid whose first byte is that of a message for a pid like any other."""
    _running()
    seen = set()
    for byte in (0x21, 0x43, 0x47, 0x00):
        for before in range(2, 9):
            # The runtime, the process that joins, and the one that is cloned: which of them gets the pid differs.
            Path("/proc/sys/kernel/ns_last_pid").write_text(str(0x2200 + byte - before))
            done = runtime("exec", f"--pid-file={WORK}/pid", "c", "/bin/say", check=False)
            assert (done.returncode, done.stdout) == (7, "said\n"), done.stderr
            seen.add(int((WORK / "pid").read_text()))
    assert seen >= {0x2221, 0x2243, 0x2247, 0x2200}
    _deleted()


def create_without_its_pid_file_leaves_nothing() -> None:
    """Give no container to a caller that cannot be told the pid."""
    directory, _ = bundle()
    for operation in (["create"], ["run", "--detach"]):
        done = runtime(*operation, f"--pid-file={WORK}/none/pid", "--bundle", str(directory), "c", check=False)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
        nothing_left()


def links_for_files_are_not_followed() -> None:
    """Replace a link with the name that a pid file has until it is complete."""
    directory, _ = bundle()
    (WORK / "precious").write_text("precious")
    (WORK / ".pid").symlink_to(WORK / "precious")
    runtime("create", f"--pid-file={WORK}/pid", "--bundle", str(directory), "c")
    assert (WORK / "precious").read_text() == "precious"
    assert (WORK / "pid").read_text() == str(state("c")["pid"])
    _deleted()


def roots_of_others_are_refused() -> None:
    """Read and make nothing where another user could have laid it out; it names what to kill and remove."""
    directory, _ = bundle()
    runtime("create", "--bundle", str(directory), "c")
    for owner, mode in ((1234, 0o755), (0, 0o777)):
        os.chown(WORK / "root", owner, 0)
        (WORK / "root").chmod(mode)
        for words in (["create", "--bundle", str(directory), "d"], ["state", "c"], ["kill", "c"], ["delete", "--force", "c"]):
            done = runtime(*words, check=False)
            assert (done.returncode, "belongs to others" in done.stderr) == (1, True), words
    (WORK / "root").chmod(0o711)
    _deleted()


def hostile_flags_and_documents_are_refused() -> None:
    """Tell in one line what is wrong with them."""
    _running()
    values: tuple[Any, ...] = (None, [], "x", 0, 1.5, True)
    for value in values:
        (WORK / "value").write_text(json.dumps(value))
        _refused("update", f"--resources={WORK}/value", "c")
        _refused("exec", f"--process={WORK}/value", "c")
    _refused("exec", "--user=\N{SUPERSCRIPT TWO}", "c", "/bin/say")
    _refused("exec", "--additional-gids=x", "c", "/bin/say")
    _refused("exec", "--preserve-fds=\N{SUPERSCRIPT TWO}", "c", "/bin/say")
    _refused("events", "--interval=\N{SUPERSCRIPT TWO}s", "c")
    _refused("kill", "c", "RTMIN+\N{SUPERSCRIPT TWO}")
    _deleted()


def _refused(*words: str) -> None:
    done = runtime(*words, check=False)
    assert done.returncode in {1, 255}, words
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "internal error" not in done.stderr, done.stderr


def ids_like_unfinished_ones_are_safe() -> None:
    """Keep a container apart from another one whose id is the first's with a dot and a number that is no pid."""
    directory, config = bundle()
    config["linux"]["cgroupsPath"] = "/bundle/other"
    write(directory, config)
    other = ".c.4194303"
    runtime("create", "--bundle", str(directory), other)
    runtime("delete", "--force", "c")
    assert state(other)["status"] == "created"
    assert runtime("list", "--quiet").stdout.split() == [other]
    runtime("delete", "--force", other)
    nothing_left()


def deep_cgroups_are_removed() -> None:
    """Find the processes in a tree of cgroups that a container has made too deep for paths, end them and take it away."""
    _running()
    pid = state("c")["pid"]
    tops = [path for path in Path("/sys/fs/cgroup").glob("*/bundle") if path.is_dir()]
    for top in tops[:2]:
        os.chdir(top)
        for _ in range(_DEEP):
            os.mkdir("deeper-and-deeper")  # a path would be too long
            os.chdir("deeper-and-deeper")
        if "cpuset" not in str(top):
            Path("cgroup.procs").write_text(str(pid))
    os.chdir("/")
    assert json.loads(runtime("ps", "--format=json", "c").stdout) == [pid]
    _deleted()


def the_callers_root_stays_mounted() -> None:
    """Take away no mount but our own, from a mount namespace that is the caller's too."""
    directory, config = bundle()
    root = directory / "rootfs"
    subprocess.run(["mount", "--bind", str(root), str(root)], check=True)  # in the session's own mount namespace
    namespaces = config["linux"]["namespaces"]
    config["linux"]["namespaces"] = [each for each in namespaces if each["type"] != "mount"]
    config["mounts"] = []
    before = Path("/proc/self/mountinfo").read_text()
    for program, status in (("/bin/pause", 0), ("/bin/none", 1)):
        config["process"]["args"] = [program]
        write(directory, config)
        assert runtime("create", "--bundle", str(directory), "c", check=False).returncode == status
        runtime("delete", "--force", "c")
        assert Path("/proc/self/mountinfo").read_text() == before
    config["linux"]["intelRdt"] = {"closID": "none-of-this-name"}
    write(directory, config)
    done = runtime("create", "--bundle", str(directory), "c", check=False)
    assert (done.returncode, "intelRdt" in done.stderr) == (1, True), done.stderr  # before the root is attached
    assert Path("/proc/self/mountinfo").read_text() == before
    nothing_left()


_WRITES = '        write_file(f"{directory}/{file}", *lines)\n'
_MAKES = "            parent, name = parent_and_name(stage.root, self.path)\n"
_COPIES = "        posix.mknod(name, status.st_mode, status.st_rdev, dir_fd=target)\n"
_SLOW = (
    Change("cgroups/device_control.py", _WRITES, f"{_WRITES}        import time; time.sleep(0.3)\n"),
    Change("effects/devices.py", _MAKES, f"            import time; time.sleep(0.05)\n{_MAKES}"),
    Change("effects/copy_up.py", _COPIES, f"        import time; time.sleep(0.1)\n{_COPIES}"),
)
"""The runtime is still at the rules when the first process gets to the nodes."""


def nodes_wait_for_slow_device_rules() -> None:
    """Make none while cgroup v1 denies everything: between that line and those that allow, the kernel lets nobody make one."""
    slowed = weakened(WORK, _SLOW)
    directory, config = bundle()
    config["linux"]["devices"] = [{"path": "/dev/own", "type": "c", "major": 1, "minor": 3}]
    config["mounts"].append({"destination": "/nodes", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]})
    (directory / "rootfs/nodes").mkdir()
    os.mknod(directory / "rootfs/nodes/copied", 0o20644, os.makedev(1, 5))
    write(directory, config)
    call([str(slowed), "--root", str(WORK / "root"), "run", "--detach", "--bundle", str(directory), "c"], check=True)
    root = Path(f"/proc/{state('c')['pid']}/root")
    assert [os.stat(root / path).st_rdev for path in ("dev/own", "nodes/copied")] == [os.makedev(1, 3), os.makedev(1, 5)]
    _deleted()


def paused_containers_end() -> None:
    """Refuse to start a created one, which would wait for ever, and delete whatever is paused."""
    directory, _ = bundle()
    runtime("create", "--bundle", str(directory), "c")
    runtime("pause", "c")
    assert "paused" in runtime("start", "c", check=False).stderr
    runtime("resume", "c")
    runtime("start", "c")
    runtime("pause", "c")
    _deleted()
    runtime("create", "--bundle", str(directory), "c")
    runtime("pause", "c")
    _deleted()


def exec_where_the_first_process_has_ended() -> None:
    """Refuse it, be the process gone or not yet reaped."""
    _running()
    pid = state("c")["pid"]
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    for _ in range(2):
        done = runtime("exec", "c", "/bin/say", check=False)
        assert (done.returncode, "container not running" in done.stderr) == (255, True)
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            continue
    _deleted()


def descriptors_stay_outside() -> None:
    """Keep what the caller has open from programs and hooks, but for those that it asks to preserve."""
    for number in _LEAKED:
        os.dup2(os.open(WORK, os.O_RDONLY), number)
    directory, config = bundle()
    hook = WORK / "hook"
    hook.write_text(_HOOK.format(work=WORK))
    hook.chmod(0o755)
    config["hooks"] = {kind: [{"path": str(hook)}] for kind in ("createRuntime", "createContainer", "poststart")}
    write(directory, config)
    runtime("create", "--bundle", str(directory), "c", pass_fds=_LEAKED)
    pid = state("c")["pid"]
    assert not _shows(pid, WORK)
    runtime("start", "c", pass_fds=_LEAKED)
    assert _numbers(pid) == [0, 1, 2]
    assert (WORK / "hooks").read_text().split() == ["clean"] * 3
    for preserved in (0, 2):
        flags = ("--detach", f"--preserve-fds={preserved}", f"--pid-file={WORK}/pid")
        runtime("exec", *flags, "c", "/bin/pause", pass_fds=_LEAKED)
        added = int((WORK / "pid").read_text())
        assert _numbers(added) == list(range(3 + preserved))
        os.kill(added, signal.SIGKILL)
        os.waitpid(added, 0)
    _deleted()


def _numbers(pid: int) -> list[int]:
    return sorted(map(int, os.listdir(f"/proc/{pid}/fd")))


def _shows(pid: int, directory: Path) -> bool:
    return any(os.readlink(f"/proc/{pid}/fd/{number}") == str(directory) for number in _numbers(pid))


SCENARIOS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        exec_that_fails_leaves_no_process,
        exec_with_any_pid,
        create_without_its_pid_file_leaves_nothing,
        links_for_files_are_not_followed,
        roots_of_others_are_refused,
        hostile_flags_and_documents_are_refused,
        ids_like_unfinished_ones_are_safe,
        deep_cgroups_are_removed,
        the_callers_root_stays_mounted,
        nodes_wait_for_slow_device_rules,
        paused_containers_end,
        exec_where_the_first_process_has_ended,
        descriptors_stay_outside,
    )
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
