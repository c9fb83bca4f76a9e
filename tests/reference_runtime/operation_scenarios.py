"""What operations do beside the plain road: `python -m tests.reference_runtime.operation_scenarios NAME`, in a session jail."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.reference_runtime.container_scenarios import RUNTIME, WORK, bundle, call, nothing_left, runtime, state, write
from tests.reference_runtime.test_seccomp_kernel import Agent

_NOTIFY: dict[str, Any] = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["getpriority"], "action": "SCMP_ACT_NOTIFY"}],
    "listenerMetadata": "opaque",
}


def _refused(where: str, *why: str, **edits: Any) -> None:
    """Create a container whose config has these members; the error tells where and why, and nothing is left."""
    directory, config = bundle(f"refused{len(list(WORK.iterdir()))}")
    for pointer, value in edits.items():
        *parents, last = pointer.split("__")
        node = config
        for parent in parents:
            node = node[parent]
        node[last] = value
    write(directory, config)
    failed = runtime("create", "--bundle", str(directory), "c", check=False)
    assert failed.returncode == 1
    last_line = failed.stderr.splitlines()[-1]
    assert f'msg="{where}: ' in last_line, failed.stderr
    for words in why:
        assert words in last_line, failed.stderr
    nothing_left(directory.name)


def exec_hands_notifications_over() -> None:
    """Give the agent a listener of each process that exec adds, with the state of the running container."""
    path = str(WORK / "agent")
    directory, config = bundle()
    config["linux"]["seccomp"] = _NOTIFY | {"listenerPath": path}
    write(directory, config)
    agent = Agent(path)
    runtime("create", "--bundle", str(directory), "c")
    runtime("start", "c")
    first, listener = agent.accept()
    os.close(listener)
    os.unlink(path)
    agent = Agent(path)
    runtime("exec", "--detach", "--pid-file", str(WORK / "pid"), "c", "/bin/pause")
    added = int((WORK / "pid").read_text())
    document, listener = agent.accept()
    assert os.readlink(f"/proc/self/fd/{listener}") == "anon_inode:seccomp notify"
    os.close(listener)
    assert (document["ociVersion"], document["fds"], document["metadata"]) == ("1.3.0", ["seccompFd"], "opaque")
    assert document["pid"] == added != first["pid"]
    shown = state("c")
    wanted = {name: shown[name] for name in ("ociVersion", "id", "status", "pid", "bundle")}
    assert {name: document["state"][name] for name in wanted} == wanted
    assert wanted["status"] == "running"
    alone = runtime("exec", "--detach", "c", "/bin/pause", check=False)
    assert (alone.returncode, "$.linux.seccomp.listenerPath" in alone.stderr) == (255, True)
    os.kill(added, 9)
    os.waitpid(added, 0)
    runtime("delete", "--force", "c")
    nothing_left()


def a_process_without_its_listener_taken_ends_with_the_runtime() -> None:
    """Kill the runtime while the agent takes no connection and the process waits under its filter, in start and in exec."""
    path = str(WORK / "agent")
    directory, config = bundle()
    config["linux"]["seccomp"] = _NOTIFY | {"listenerPath": path}
    write(directory, config)
    runtime("create", "--bundle", str(directory), "c")
    _killed_over_its_listener(state("c")["pid"], path, "start", "c")
    assert state("c")["status"] == "stopped"
    runtime("delete", "c")
    runtime("create", "--bundle", str(directory), "c")
    agent = Agent(path)
    runtime("start", "c")
    os.close(agent.accept()[1])
    os.unlink(path)
    _killed_over_its_listener(0, path, "exec", "c", "/bin/pause")
    assert state("c")["status"] == "running"
    runtime("delete", "--force", "c")
    nothing_left()


def what_fails_before_the_filter_is_told() -> None:
    """Say so in start and leave the container created, instead of waiting for a listener that never comes."""
    path = str(WORK / "agent")
    directory, config = bundle(cwd="/mnt")
    config["linux"]["seccomp"] = _NOTIFY | {"listenerPath": path}
    write(directory, config)
    agent = Agent(path)
    runtime("create", "--bundle", str(directory), "c")
    (directory / "rootfs/mnt").rmdir()
    failed = runtime("start", "c", check=False)
    assert (failed.returncode, "$.process.cwd" in failed.stderr) == (1, True), failed.stderr
    assert state("c")["status"] == "created"
    (directory / "rootfs/mnt").mkdir()
    runtime("start", "c")
    os.close(agent.accept()[1])
    assert state("c")["status"] == "running"
    runtime("delete", "--force", "c")
    nothing_left()


def _killed_over_its_listener(pid: int, path: str, *words: str) -> None:
    """Kill the call when process `pid`, or for 0 its child, is under its filter; the process has to end by itself."""
    with socket.socket(socket.AF_UNIX) as agent, socket.socket(socket.AF_UNIX) as first:
        agent.bind(path)
        agent.listen(0)
        first.connect(path)  # all that the queue holds
        with subprocess.Popen([str(RUNTIME), "--root", str(WORK / "root"), *words], stdin=subprocess.DEVNULL) as call:
            deadline = time.monotonic() + 20
            children = Path(f"/proc/{call.pid}/task/{call.pid}/children")
            while not (waiting := [one for one in (pid, *map(int, children.read_text().split())) if _has_a_listener(one)]):
                assert time.monotonic() < deadline
                assert call.poll() is None
            call.kill()
    (waiting_one,) = waiting
    end = os.pidfd_open(waiting_one)
    assert select.select([end], [], [], 20)[0], "it goes on"
    os.close(end)
    os.waitpid(waiting_one, 0)
    os.unlink(path)


def _has_a_listener(pid: int) -> bool:
    try:
        return any(os.readlink(link) == "anon_inode:seccomp notify" for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def labels_need_a_security_module() -> None:
    """Refuse labels that nobody would enforce here, in create and in exec."""
    if not Path("/sys/module/apparmor").exists():
        _refused("$.process.apparmorProfile", "AppArmor is not enabled here", process__apparmorProfile="container")
    if not Path("/sys/fs/selinux/enforce").exists():
        _refused("$.process.selinuxLabel", "SELinux is not in force here", process__selinuxLabel="u:r:t:s0")
        _refused("$.linux.mountLabel", "SELinux is not in force here", linux__mountLabel="u:r:t:s0")
    directory, _ = bundle()
    runtime("run", "--detach", "--bundle", str(directory), "c")
    for flag, module in (("--apparmor=container", "apparmor"), ("--process-label=u:r:t:s0", "selinux")):
        if not Path("/sys/module/apparmor" if module == "apparmor" else "/sys/fs/selinux/enforce").exists():
            failed = runtime("exec", flag, "c", "/bin/say", check=False)
            assert (failed.returncode, f"$.process.{module}" in failed.stderr) == (255, True), failed.stderr
    assert runtime("exec", "--apparmor=unconfined", "c", "/bin/say", check=False).returncode == 7
    runtime("delete", "--force", "c")


def errors_tell_what_where_and_why() -> None:
    """Name the place in the config of what the kernel refuses, and the reason."""
    namespaces = [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "cgroup")]
    for where, why, edits in (
        ("$.root.path", "/nowhere: no such file or directory", {"root__path": "nowhere"}),
        (
            "$.mounts[1]",
            "no such device",
            {"mounts": [{"destination": "/a", "type": "proc"}, {"destination": "/b", "type": "nofs"}]},
        ),
        ("$.linux.namespaces[5].path", "/nowhere: no such file", _network(namespaces, "/nowhere")),
        (
            "$.linux.namespaces[5].path",
            "/proc/self/ns/uts is no namespace of that type",
            _network(namespaces, "/proc/self/ns/uts"),
        ),
        ("$.linux.sysctl.net.core.nonsense", "no such file or directory", {"linux__sysctl": {"net.core.nonsense": "1"}}),
        (
            "$.process.rlimits[0]",
            "cannot set RLIMIT_NOFILE: operation not permitted",
            {"process__rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1 << 40, "hard": 1 << 40}]},
        ),
        ("$.hooks.createRuntime[0]", "/nowhere: no such file or directory", {"hooks": {"createRuntime": [{"path": "/nowhere"}]}}),
    ):
        _refused(where, why, **edits)


def _network(others: list[dict[str, str]], path: str) -> dict[str, Any]:
    return {"linux__namespaces": [*others, {"type": "network", "path": path}]}


def other_platforms_are_refused() -> None:
    """Refuse the sections of platforms that this runtime is not for, before anything is made."""
    sections: dict[str, Any] = {
        "vm": {"kernel": {"path": "/vmlinuz"}},
        "windows": {"layerFolders": ["C:\\layer"]},
        "solaris": {"milestone": "svc:/milestone/container:default"},
        "freebsd": {"jail": {}},
        "zos": {"namespaces": []},
    }
    for name, section in sections.items():
        _refused(f"$.{name}", "only containers of Linux are supported", **{name: section})


def no_systemd() -> None:
    """Refuse to have systemd make the cgroup, whichever way an engine asks for it."""
    directory, _ = bundle()
    for flags in (("--systemd-cgroup",), ("--cgroup-manager", "systemd")):
        failed = runtime(*flags, "create", "--bundle", str(directory), "c", check=False)
        assert failed.returncode == 1
        assert "cgroups by systemd are not supported, leave --systemd-cgroup out" in failed.stderr
    assert runtime("--cgroup-manager=disabled", "--systemd-cgroup=false", "list", check=False).returncode == 0
    nothing_left()


def no_checkpoints() -> None:
    """Tell engines, which ask by --help, that there are no checkpoints; each operation has a help that succeeds."""
    for words in (("checkpoint", "--help"), ("checkpoint", "c"), ("restore", "--lsm-mount-context")):
        failed = runtime(*words, check=False)
        assert (failed.returncode, failed.stdout) == (1, "")
        assert f"{words[0]} is not supported: " in failed.stderr
    for operation in ("create", "state", "exec", "update", "events", "features"):
        assert f"  {operation} " in runtime(operation, "--help").stdout


def events_tell_what_is_used() -> None:
    """Print the numbers of the controllers once, or again and again until the container stops."""
    directory, _ = bundle()
    runtime("create", "--bundle", str(directory), "c")
    event = json.loads(runtime("events", "--stats", "c").stdout)
    assert (event["type"], event["id"]) == ("stats", "c")
    controllers = Path("/proc/self/cgroup").read_text()
    if ":pids:" in controllers and Path("/sys/fs/cgroup/pids").exists():
        assert event["data"]["pids"]["current"] == 1
    runtime("start", "c")
    command = [str(RUNTIME), "--root", str(WORK / "root"), "events", "--interval=10ms", "c"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        lines = [json.loads(watching.stdout.readline()) for _ in range(2)]
        runtime("kill", "c", "KILL")
        os.waitpid(state("c")["pid"] or -1, 0)
        lines += [json.loads(line) for line in watching.stdout]
    assert watching.returncode == 0
    assert {line["id"] for line in lines} == {"c"}
    stopped = runtime("events", "--stats", "c", check=False)
    assert (stopped.returncode, "container not running" in stopped.stderr) == (1, True)
    wrong = runtime("events", "--interval=soon", "c", check=False)
    assert (wrong.returncode, "--interval needs a duration" in wrong.stderr) == (1, True)
    runtime("delete", "c")
    nothing_left()


def zeros_of_an_update_change_nothing() -> None:
    """Leave alone what an engine sends as zero, and change the rest; flags and a file come to the same."""
    directory, config = bundle()
    pids = Path("/sys/fs/cgroup/pids/bundle/pids.max")
    if not pids.parent.parent.exists():
        return
    config["linux"]["resources"] = {"pids": {"limit": 20}}
    write(directory, config)
    runtime("run", "--detach", "--bundle", str(directory), "c")
    resources = {
        "cpu": {"shares": 0, "quota": 0},
        "memory": {"limit": 0, "kernel": 0, "reservation": 0},
        "blockIO": {"weight": 0},
    }
    (WORK / "zeros.json").write_text(json.dumps(resources | {"pids": {"limit": 0}}))
    runtime("update", f"--resources={WORK}/zeros.json", "c")
    assert pids.read_text() == "20\n"
    (WORK / "some.json").write_text(json.dumps(resources | {"pids": {"limit": 30}}))
    runtime("update", f"--resources={WORK}/some.json", "c")
    assert pids.read_text() == "30\n"
    runtime("update", "--pids-limit=40", "c")
    assert pids.read_text() == "40\n"
    runtime("delete", "--force", "c")
    nothing_left()


def little_of_the_library_is_imported() -> None:
    """Import nothing of Python's library but a few modules in C: another can cost 3 ms, and bring more."""
    directory, _ = bundle()
    calls = (
        ("run", "--detach", "--bundle", str(directory), "c"),
        ("delete", "--force", "c"),
        ("create", "--bundle", str(directory), "c"),
        ("start", "c"),
        ("state", "c"),
        ("kill", "c", "KILL"),
        ("delete", "c"),
    )
    for words in calls:  # writes the archives, which takes some modules more
        _imported(str(RUNTIME), "--root", str(WORK / "root"), *words)
    expected = _imported("-c", "pass") | {"_ctypes", "_json", "fcntl", "gc", "select"}
    for words in calls:
        imported = _imported(str(RUNTIME), "--root", str(WORK / "root"), *words)
        assert imported <= expected, f"{words[0]} imports {imported - expected}"
    nothing_left()


def _imported(*words: str) -> set[str]:
    """Return what the runtime's interpreter imports; what comes from an archive is not imported."""
    interpreter = RUNTIME.read_text().partition("\n")[0].removeprefix("#!").split()
    done = call([*interpreter, "-X", "importtime", *words], check=True)
    if words[-2:] == ("c", "KILL"):
        os.waitpid(-1, 0)
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    return {name for name in names if not name.startswith("reference_runtime")}


def signals_go_on_to_the_program() -> None:
    """Forward what a caller sends to `run`, which stays and cleans up when the program has ended."""
    directory, config = bundle()
    # The first process of a pid namespace would be spared signals that it does not handle.
    config["linux"]["namespaces"] = [each for each in config["linux"]["namespaces"] if each["type"] != "pid"]
    write(directory, config)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGRTMAX):
        command = [str(RUNTIME), "--root", str(WORK / "root"), "run", "--bundle", str(directory), "c"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as staying:
            deadline = time.monotonic() + 10
            while not _stays(staying.pid) and time.monotonic() < deadline:
                time.sleep(0.01)
            staying.send_signal(number)
        assert staying.returncode == 128 + number
    nothing_left()


def children_count_for_a_caller_that_ignores_its_own() -> None:
    """Tell the exit status and clean up, though SIGCHLD is ignored where we come from: that is inherited."""
    directory, _ = bundle(args=["/bin/say"])
    ignoring = f"import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv({str(RUNTIME)!r}, {{}})"
    words = [str(RUNTIME), "--root", str(WORK / "root"), "run", "--bundle", str(directory), "c"]
    done = call([sys.executable, "-c", ignoring.format(words)], check=False)
    assert (done.returncode, done.stdout) == (7, "said\n"), done.stderr
    nothing_left()


def a_joined_mount_namespace_gets_the_mounts() -> None:
    """Make them where the container is, and take them away with it; they are staged where others see nothing."""
    directory, config = bundle()
    with subprocess.Popen(["unshare", "--mount", "sleep", "20"]) as holder:
        namespace = Path(f"/proc/{holder.pid}/ns/mnt")
        while namespace.readlink() == Path("/proc/self/ns/mnt").readlink():
            time.sleep(0.01)
        next(each for each in config["linux"]["namespaces"] if each["type"] == "mount")["path"] = str(namespace)
        write(directory, config)
        mounts = Path(f"/proc/{holder.pid}/mountinfo")
        before = mounts.read_text()
        runtime("create", "--bundle", str(directory), "c")
        own = Path(f"/proc/{state('c')['pid']}/mountinfo").read_text()
        assert {"/proc", "/dev", "/dev/pts"} <= {line.split()[4] for line in own.splitlines()}
        runtime("delete", "--force", "c")
        assert mounts.read_text() == before
        holder.kill()
    nothing_left()


def _stays(pid: int) -> bool:
    """Whether a call of run has come to wait for its program: from then on it takes signals itself."""
    status = Path(f"/proc/{pid}/status").read_text()
    blocked = next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:"))
    return bool(int(blocked, 16) >> signal.SIGTERM - 1 & 1)


SCENARIOS: dict[str, Callable[[], None]] = {
    scenario.__name__: scenario
    for scenario in (
        exec_hands_notifications_over,
        a_process_without_its_listener_taken_ends_with_the_runtime,
        what_fails_before_the_filter_is_told,
        labels_need_a_security_module,
        errors_tell_what_where_and_why,
        other_platforms_are_refused,
        no_systemd,
        no_checkpoints,
        events_tell_what_is_used,
        zeros_of_an_update_change_nothing,
        little_of_the_library_is_imported,
        signals_go_on_to_the_program,
        children_count_for_a_caller_that_ignores_its_own,
        a_joined_mount_namespace_gets_the_mounts,
    )
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
