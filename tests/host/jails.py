"""Start jails, and look from outside for anything that carries a session's name."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.bundle import probe
from conformance.bundle.config import base_config
from conformance.host.cgroup_views import LANES
from conformance.host.claims import PREFIX
from conformance.host.hierarchies import cgroup_mounts, read

PROJECT = Path(__file__).parents[2]
RUNC = shutil.which("runc") or ""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a session jail needs root")
needs_runc = pytest.mark.skipif(os.geteuid() != 0 or not RUNC, reason="needs root and runc")
each_lane = pytest.mark.parametrize("lane", LANES)


def command_line(*command: str, lane: str, workdir: Path) -> list[str]:
    """Return the command line of a jail around `command`."""
    return [sys.executable, "-m", "conformance.host.jail", f"--lane={lane}", f"--workdir={workdir}", "--", *command]


def jailed(
    *command: str, workdir: Path, lane: str = "host", stdin: str = "", unjailable: str = "skip"
) -> subprocess.CompletedProcess[str]:
    """Run a command in a jail. A lane that this host cannot have skips the test, unless that is what it is about."""
    arguments = command_line(*command, lane=lane, workdir=workdir)
    done = subprocess.run(arguments, cwd=PROJECT, input=stdin, capture_output=True, text=True, check=False, timeout=60)
    if unjailable == "skip" and done.returncode == 4 and f"jail: {lane} view" in done.stderr:
        pytest.skip(done.stderr.strip())
    return done


@dataclass(frozen=True)
class Started:
    """A jail that runs in the background."""

    janitor: subprocess.Popen[str]
    name: str
    workdir: Path

    @property
    def pid_1(self) -> int | None:
        """The command's pid outside, None if it is gone."""
        return next(iter(children(self.janitor.pid)), None)

    def said(self) -> str:
        """Return the next line that the command prints, "" if there is none within a while."""
        assert self.janitor.stdout
        readable, _, _ = select.select([self.janitor.stdout], [], [], 20)
        return self.janitor.stdout.readline().strip() if readable else ""

    def tell(self) -> None:
        """Send the command an empty line."""
        assert self.janitor.stdin
        self.janitor.stdin.write("\n")
        self.janitor.stdin.flush()

    def mounts(self) -> str:
        """Return the mountinfo that the command has, "" if it is gone."""
        try:
            return read(f"/proc/{self.pid_1}/mountinfo")
        except OSError:
            return ""

    def wait_until(self, shows: Callable[[], bool], *, seconds: float = 20) -> None:
        """Wait until `shows` is true; fails the test if that takes too long or the jail ends before."""
        deadline = time.monotonic() + seconds
        while not shows():
            assert self.janitor.poll() is None, "the jail ended"
            assert time.monotonic() < deadline, "the jail is not where it should be"
            time.sleep(0.005)


Start = Callable[..., Started]


def launch(*command: str, workdir: Path, lane: str = "host") -> subprocess.Popen[str]:
    """Start a command in a jail in the background."""
    arguments = command_line(*command, lane=lane, workdir=workdir)
    return subprocess.Popen(arguments, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def inside(janitor: subprocess.Popen[str], workdir: Path) -> Started:
    """Wait until the command of that jail is inside, with its work directory mounted."""
    name = f"{PREFIX}{janitor.pid}.{start_time(janitor.pid)}"
    started = Started(janitor, name, workdir / name)
    started.wait_until(lambda: f" {started.workdir} " in started.mounts())
    return started


def start_time(pid: int) -> str:
    """Clock ticks since boot at which the process started."""
    return read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[19]


def children(pid: int) -> list[int]:
    """Return the children of a process, none if it is gone."""
    try:
        return [int(word) for word in read(f"/proc/{pid}/task/{pid}/children").split()]
    except OSError:
        return []


def descendants(pid: int) -> set[tuple[int, str]]:
    """Return (pid, start time) of every process below `pid`; together they name a process for ever."""
    found: set[tuple[int, str]] = set()
    waiting = [pid]
    while waiting:
        for child in children(waiting.pop()):
            try:
                found.add((child, start_time(child)))
            except OSError:
                continue
            waiting.append(child)
    return found


def alive(processes: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return those of the processes that still exist. A zombie is dead: this host's init reaps it when it likes."""
    found = set()
    for pid, started in processes:
        try:
            state, *fields = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
        except OSError:
            continue
        if fields[18] == started and state != "Z":
            found.add((pid, started))
    return found


def traces(name: str, workdir: Path) -> list[str]:
    """Return what on this host carries a session's name: directory, mounts, cgroups, members of those."""
    found = [str(path) for path in workdir.glob(f"{name}*")]
    mountinfo = read("/proc/self/mountinfo")
    found += [line for line in mountinfo.splitlines() if name in line]
    for mount in cgroup_mounts(mountinfo):
        found += [directory for directory, _, _ in os.walk(mount.point) if name in directory]
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if name in read(f"/proc/{entry}/cgroup") and alive({(int(entry), start_time(int(entry)))}):
                found.append(f"process {entry}")
        except OSError:
            continue
    return found


def bundle(directory: Path, **properties: object) -> Path:
    """Write a bundle whose program waits on its standard input; `properties` are merged into the config's `linux`."""
    rootfs = directory / "rootfs"
    for name in ("dev", "proc", "sys"):
        (rootfs / name).mkdir(parents=True)
    (rootfs / "probe").write_bytes(probe.build(os.uname().machine, "pause"))
    (rootfs / "probe").chmod(0o755)
    config = base_config(oci_version="1.0.2")
    config["linux"].update(properties)
    (directory / "config.json").write_text(json.dumps(config).replace("{id}", "jailed"))
    return directory


def shell(lines: Sequence[str]) -> tuple[str, str, str]:
    """Return a shell command that runs these lines, `runc` meaning runc with its state in the work directory."""
    runc = f'runc() {{ {RUNC} --root "$OCI_CONFORMANCE_WORKDIR/state" "$@"; }}'
    return "sh", "-c", "\n".join([runc, *lines])
