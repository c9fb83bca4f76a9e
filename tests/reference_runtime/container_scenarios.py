"""Real containers of the reference runtime, in a session jail: `python -m tests.reference_runtime.container_scenarios NAME`.

Each scenario asserts for itself; whatever it leaves goes with the jail. The programs in the containers are written by
`programs`, so nothing but the kernel is needed.
"""

import json
import os
import platform
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.bundle.config import base_config
from tests.reference_runtime import programs

RUNTIME = Path(__file__).parents[2] / "reference_runtime" / "reference-runtime"
WORK = Path(os.environ.get("OCI_CONFORMANCE_WORKDIR", "/nowhere"))
MACHINE = platform.machine()


def runtime(*words: str, check: bool = True, **more: Any) -> subprocess.CompletedProcess[str]:
    """Call the runtime, with the state below the work directory.

    Output goes to files: the container holds it open, so the end of a pipe would come with that of the container.
    """
    return call([str(RUNTIME), "--root", str(WORK / "root"), *words], check=check, **more)


def call(command: list[str], *, check: bool, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command that may leave a container behind."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False, timeout=30, **more)
        out.seek(0)
        err.seek(0)
        result = subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())
    assert not check or result.returncode == 0, result.stderr
    return result


def bundle(name: str = "bundle", **process: Any) -> tuple[Path, dict[str, Any]]:
    """Make a bundle with the programs; returns its directory and its config, to be changed and written by `write`."""
    directory = WORK / name
    for place in ("rootfs/bin", "rootfs/proc", "rootfs/dev", "rootfs/sys", "rootfs/mnt"):
        (directory / place).mkdir(parents=True)
    for program, content in programs.every(MACHINE).items():
        file = directory / "rootfs/bin" / program
        file.write_bytes(content)
        file.chmod(0o755)
    config = base_config(oci_version="1.3.0")
    config["linux"]["cgroupsPath"] = f"/{name}"
    config["process"] |= {"args": ["/bin/pause"], **process}
    write(directory, config)
    return directory, config


def write(directory: Path, config: dict[str, Any]) -> None:
    """Write the config into the bundle."""
    (directory / "config.json").write_text(json.dumps(config))


def state(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(runtime("state", name).stdout)
    return document


def nothing_left(*names: str) -> None:
    """Assert that no state, no cgroup and no process of a container is there any more."""
    assert not (WORK / "root").is_dir() or not os.listdir(WORK / "root")
    for name in names or ("bundle",):
        assert not [path for path in Path("/sys/fs/cgroup").glob(f"*/{name}") if path.is_dir()]
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and _executes(pid, "/bin/pause")]


def _executes(pid: str, path: str) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/exe").endswith(path)
    except OSError:
        return False


def lifecycle() -> None:
    """Every status in turn, and the errors that the spec wants in between."""
    directory, _ = bundle()
    runtime("create", "--bundle", str(directory), "--pid-file", str(WORK / "pid"), "c")
    created = state("c")
    assert (created["status"], created["bundle"], str(created["pid"])) == ("created", str(directory), (WORK / "pid").read_text())
    assert os.readlink(f"/proc/{created['pid']}/exe").startswith("/memfd:")
    assert runtime("create", "--bundle", str(directory), "c", check=False).returncode == 1
    assert runtime("delete", "c", check=False).returncode == 1
    runtime("start", "c")
    assert state("c")["status"] == "running"
    assert runtime("start", "c", check=False).returncode == 1
    runtime("pause", "c")
    assert state("c")["status"] == "paused"
    runtime("resume", "c")
    assert json.loads(runtime("ps", "--format", "json", "c").stdout) == [created["pid"]]
    assert [each["id"] for each in json.loads(runtime("list", "--format", "json").stdout)] == ["c"]
    runtime("kill", "c", "KILL")
    os.waitpid(created["pid"], 0)
    assert state("c")["status"] == "stopped"
    assert "not running" in runtime("kill", "c", check=False).stderr
    runtime("delete", "c")
    assert "does not exist" in runtime("state", "c", check=False).stderr
    assert runtime("delete", "--force", "c").returncode == 0
    nothing_left()


def run_passes_status_and_output() -> None:
    """Print what the program prints and return its status; nothing is left."""
    directory, _ = bundle(args=["/bin/say"])
    done = runtime("run", "--bundle", str(directory), "c", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "said\n", "")
    nothing_left()


def failed_create_leaves_nothing() -> None:
    """Wherever creation fails, it is as if it had never been tried."""
    directory, config = bundle()
    defects: list[tuple[str, Any]] = [
        ("args", ["/bin/none"]),
        ("args", ["none"]),
        ("rlimits", [{"type": "RLIMIT_NOFILE", "soft": 1 << 40, "hard": 1 << 40}]),
    ]
    for key, value in defects:
        write(directory, config | {"process": config["process"] | {key: value}})
        done = runtime("create", "--bundle", str(directory), "c", check=False)
        assert done.returncode == 1, value
        assert len(done.stderr.splitlines()) == 1
        nothing_left()
    for mount in ({"destination": "/mnt", "type": "no-such-fs"}, {"destination": "/mnt", "source": "/none", "options": ["bind"]}):
        write(directory, config | {"mounts": [*config["mounts"], mount]})
        assert runtime("create", "--bundle", str(directory), "c", check=False).returncode == 1
        nothing_left()


def interpreter_is_out_of_reach() -> None:
    """CVE-2019-5736: /proc/self/exe, executed or opened for writing, is a sealed file and not the host's Python."""
    directory, _ = bundle(args=["/proc/self/exe"])
    runtime("create", "--bundle", str(directory), "c")
    pid = state("c")["pid"]
    try:
        descriptor = os.open(f"/proc/{pid}/exe", os.O_WRONLY)
    except OSError:
        descriptor = -1
    if descriptor >= 0:
        try:
            os.write(descriptor, b"x")
        except PermissionError:
            pass
        else:
            raise AssertionError("the file could be written")
    runtime("start", "c", check=False)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 1  # the stub has nothing to do there
    runtime("delete", "--force", "c")


def links_lead_nowhere_outside() -> None:
    """Mount points, devices and masks in a root full of links that lead out of it."""
    directory, config = bundle()
    root = directory / "rootfs"
    outside = WORK / "outside"
    outside.mkdir()
    (outside / "file").write_text("the host's")
    climb = "/".join([".."] * 30)
    (root / "absolute").symlink_to(outside)
    (root / "climbing").symlink_to(f"{climb}{outside}")
    (root / "dangling").symlink_to("/made/here")
    (root / "dev").rmdir()
    (root / "dev").symlink_to(f"{climb}{outside}")
    config["mounts"] = [each for each in config["mounts"] if not each["destination"].startswith("/dev")]
    for name in ("absolute/a", "climbing/b", "dangling/c"):
        config["mounts"].append({"destination": f"/{name}", "type": "tmpfs", "source": "tmpfs"})
    config["linux"]["maskedPaths"] = ["/absolute/file", "/climbing/file"]
    config["linux"]["devices"] = [{"type": "c", "path": "/absolute/null", "major": 1, "minor": 3}]
    write(directory, config)
    runtime("create", "--bundle", str(directory), "c")
    assert sorted(os.listdir(outside)) == ["file"]
    assert (outside / "file").read_text() == "the host's"
    mounted = Path(f"/proc/{state('c')['pid']}/mountinfo").read_text()
    assert f" {outside}/a " in mounted  # the path, below the container's root
    assert (root / "made/here/c").is_dir()
    runtime("delete", "--force", "c")


def descriptors_do_not_leak() -> None:
    """Only those that --preserve-fds names reach the program."""
    directory, _ = bundle(args=["/bin/pause"])
    reading, writing = os.pipe()
    os.dup2(reading, 3)
    os.dup2(writing, 9)
    for preserved in (0, 1):
        name = f"c{preserved}"
        runtime("run", "--detach", f"--preserve-fds={preserved}", "--bundle", str(directory), name, pass_fds=(3, 9))
        pid = state(name)["pid"]
        assert sorted(os.listdir(f"/proc/{pid}/fd"), key=int) == [str(number) for number in range(3 + preserved)]
        runtime("delete", "--force", name)


def exec_enters() -> None:
    """See a process that exec adds in all namespaces; output and status come back, errors have the engines' words."""
    directory, _ = bundle()
    runtime("run", "--detach", "--bundle", str(directory), "c")
    pid = state("c")["pid"]
    done = runtime("exec", "c", "/bin/say", "--flag", check=False)
    assert (done.returncode, done.stdout) == (7, "said\n")
    runtime("exec", "--detach", "--pid-file", str(WORK / "pid"), "c", "/bin/pause")
    added = int((WORK / "pid").read_text())
    for kind in ("pid", "net", "ipc", "uts", "mnt", "cgroup"):
        assert os.readlink(f"/proc/{added}/ns/{kind}") == os.readlink(f"/proc/{pid}/ns/{kind}")
    assert os.readlink(f"/proc/{added}/root") == "/"
    assert Path(f"/proc/{added}/cgroup").read_text() == Path(f"/proc/{pid}/cgroup").read_text()
    missing = runtime("exec", "c", "none", check=False)
    assert (missing.returncode, "executable file not found in $PATH" in missing.stderr) == (255, True)
    # Its parent is outside, and as long as that doesn't take note of its end, its pid namespace cannot end either.
    os.kill(added, signal.SIGKILL)
    os.waitpid(added, 0)
    runtime("delete", "--force", "c")
    nothing_left()


def terminal_goes_to_the_console_socket() -> None:
    """Get the first half of the terminal before create returns, and from it what the program prints."""
    directory, _ = bundle(args=["/bin/say"], terminal=True, consoleSize={"height": 33, "width": 77})
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(WORK / "console"))
    server.listen()
    assert "console-socket" in runtime("create", "--bundle", str(directory), "c", check=False).stderr
    runtime("create", "--bundle", str(directory), "--console-socket", str(WORK / "console"), "c")
    connection, _ = server.accept()
    message, rights, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
    assert message
    master = int.from_bytes(rights[0][2], "little")
    assert os.get_terminal_size(master) == (77, 33)
    runtime("start", "c")
    assert select.select([master], [], [], 10)[0]
    assert os.read(master, 100) == b"said\r\n"
    runtime("delete", "--force", "c")


def hooks_are_ended_with_their_kin() -> None:
    """See a hook whose time is over killed with what it has started, even in a session of its own; creation fails."""
    directory, config = bundle()
    program = directory / "rootfs/bin/linger"
    config["hooks"] = {"createRuntime": [{"path": str(program), "args": ["linger"], "timeout": 1}]}
    write(directory, config)
    done = runtime("create", "--bundle", str(directory), "c", check=False)
    assert "took longer than 1 s" in done.stderr
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and _executes(pid, "linger")]
    nothing_left()


def concurrent_calls_end_consistently() -> None:
    """Twenty calls on one id at a time: one create wins, and a forced delete leaves nothing."""
    directory, _ = bundle()
    words = [["create", "--bundle", str(directory), "c"]] * 10 + [["delete", "--force", "c"]] * 5 + [["kill", "c", "KILL"]] * 5
    errors = [(WORK / f"errors-{index}").open("w+") for index in range(len(words))]
    start = [str(RUNTIME), "--root", str(WORK / "root")]
    calls = [
        subprocess.Popen([*start, *each], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file)
        for each, file in zip(words, errors, strict=True)
    ]
    statuses = [call.wait(timeout=50) for call in calls]
    assert set(statuses) <= {0, 1}
    assert 0 in statuses[:10]
    for file in errors:
        file.seek(0)
        assert "internal error" not in file.read()
        file.close()
    runtime("delete", "--force", "c")
    nothing_left()


def forced_delete_cleans_after_a_kill() -> None:
    """SIGKILL of a create at any moment leaves what `delete --force` takes away."""
    directory, _ = bundle()
    for step in range(12):
        command = [str(RUNTIME), "--root", str(WORK / "root"), "create", "--bundle", str(directory), "c"]
        call = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(step * 0.01)
        call.send_signal(signal.SIGKILL)
        call.wait()
        runtime("delete", "--force", "c")
        nothing_left()


def plan_needs_no_root() -> None:
    """--plan prints what would be done, for an ordinary user too."""
    directory, _ = bundle()
    WORK.chmod(0o755)
    done = runtime("--plan", "create", "--bundle", str(directory), "c", user=65534, group=65534, extra_groups=[])
    lines = done.stdout.splitlines()
    assert f"attach the root {directory}/rootfs" in lines
    assert "pivot_root, and unmount the old root" in lines
    assert lines[-1] == "then /bin/pause"
    assert not (WORK / "root").exists()


SCENARIOS: dict[str, Callable[[], None]] = {
    scenario.__name__: scenario
    for scenario in (
        lifecycle,
        run_passes_status_and_output,
        failed_create_leaves_nothing,
        interpreter_is_out_of_reach,
        links_lead_nowhere_outside,
        descriptors_do_not_leak,
        exec_enters,
        terminal_goes_to_the_console_socket,
        hooks_are_ended_with_their_kin,
        concurrent_calls_end_consistently,
        forced_delete_cleans_after_a_kill,
        plan_needs_no_root,
    )
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
