"""The reference runtime beside Debian's runc and crun, by turns in one run: `python -m benchmarks.runtime [ROUNDS]`.

Each round runs every runtime once: `run` of a program that only exits, without and with a seccomp profile of 350 calls, and
the life of a container in four calls. Ratios are of values of the same round, so what else the machine does hits both sides.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, milliseconds, table
from conformance.bundle.config import base_config
from reference_runtime.init.program import Program
from reference_runtime.init.stub import elf
from specs.linux.syscalls import numbers

ROOT = Path(__file__).parents[1]
MEMORY = "peak memory"
RUNTIMES = {"ours": str(ROOT / "reference_runtime" / "reference-runtime"), "runc": "/usr/sbin/runc", "crun": "/usr/bin/crun"}
TARGETS = {
    ("run", "runc"): 0.7, ("run", "crun"): 2.0, ("run, seccomp", "runc"): 0.7, ("run, seccomp", "crun"): 2.0,
    ("create start kill delete", "runc"): 1.0, (MEMORY, "runc"): 1.0,
}  # fmt: skip
ROUNDS = 30
RUNS = 5
"""How often memory is measured: it varies little."""
TIME = "/usr/bin/time"
PROFILE = 350
"""How many system calls the profile names."""

Values = dict[tuple[str, str], list[float]]


def main(arguments: list[str]) -> int:
    """Measure in a session jail, where cgroups and processes of a broken round go with the session."""
    if arguments[:1] == ["--jailed"]:
        return _measure(int(arguments[1]))
    rounds = arguments[0] if arguments else str(ROUNDS)
    inner = [sys.executable, "-m", "benchmarks.runtime", "--jailed", rounds]
    return subprocess.run(
        [sys.executable, "-m", "conformance.host.jail", "--lane=v1", "--", *inner], cwd=ROOT, check=False
    ).returncode


def _measure(rounds: int) -> int:
    installed = {name: path for name, path in RUNTIMES.items() if os.access(path, os.X_OK)}
    with tempfile.TemporaryDirectory() as directory:
        measured = {
            "run": _runner(_bundle(directory, "exits", seccomp=False), directory),
            "run, seccomp": _runner(_bundle(directory, "exits", seccomp=True), directory),
            "create start kill delete": _liver(_bundle(directory, "waits", seccomp=False), directory),
        }
        wall = _rounds(rounds, installed, measured)
        figures = [milliseconds(f"{what}: {name}", wall[what, name]) for what in measured for name in installed]
        memory = _memory(installed, f"{directory}/exits", directory)
        figures += [Figure(name=f"{what}: {name}", unit="MB", values=tuple(values)) for (what, name), values in memory.items()]
        figures += _ratios(wall, installed) + _ratios(memory, installed)
    sys.stdout.write(table(figures))
    return 0


def _rounds(rounds: int, installed: Mapping[str, str], measured: Mapping[str, Callable[[str, str], None]]) -> Values:
    wall: Values = defaultdict(list)
    for index in range(rounds + 1):
        for what, measure in measured.items():
            for name, path in installed.items():
                started = time.perf_counter()
                measure(name, path)
                if index:  # the first round fills caches
                    wall[what, name].append(time.perf_counter() - started)
    return wall


def _ratios(values: Values, installed: Mapping[str, str]) -> list[Figure]:
    """Return ours to each other runtime's, of the same round."""
    figures = []
    for what in dict.fromkeys(what for what, _ in values):
        for other in installed:
            if other != "ours":
                ratios = tuple(a / b for a, b in zip(values[what, "ours"], values[what, other], strict=True))
                figures.append(Figure(name=f"{what}: ours / {other}", unit="", values=ratios, target=TARGETS.get((what, other))))
    return figures


def _memory(installed: Mapping[str, str], bundle: str, directory: str) -> Values:
    """Return the peaks of `run` in MB, told by time(1): a process that we start ourselves begins with our own peak."""
    peaks: Values = defaultdict(list)
    if not os.access(TIME, os.X_OK):
        return peaks
    for _ in range(RUNS):
        for name, path in installed.items():
            command = [TIME, "-f", "%M", path, "--root", f"{directory}/{name}", "run", "--bundle", bundle, "b"]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
            peaks[MEMORY, name].append(int(done.stderr) / 1024)
    return peaks


def _bundle(directory: str, program: str, *, seccomp: bool) -> str:
    """Make a bundle whose program exits at once, or waits for ever."""
    bundle = Path(directory, f"{program}{'-seccomp' if seccomp else ''}")
    for place in ("proc", "dev", "sys"):
        (bundle / "rootfs" / place).mkdir(parents=True)
    machine = platform.machine()
    code = Program(machine)
    code.label("report")
    if program == "waits":
        code.call("ppoll", 0, 0, 0, 0, 0, on_zero="report", on_positive="report")
    code.call("exit_group", 0)
    file = bundle / "rootfs" / "program"
    file.write_bytes(elf(machine, code.assemble()))
    file.chmod(0o755)
    config: dict[str, Any] = base_config(oci_version="1.0.0")
    config["process"] |= {"args": ["/program"], "noNewPrivileges": True}
    config["linux"]["cgroupsPath"] = "/benchmark"
    if seccomp:
        names = sorted(numbers(machine))[:PROFILE]
        required = ["ppoll", "exit_group", "execve", "write", "read"]
        config["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ERRNO",
            "syscalls": [{"names": [*names, *required], "action": "SCMP_ACT_ALLOW"}],
        }
    (bundle / "config.json").write_text(json.dumps(config))
    return str(bundle)


def _runner(bundle: str, directory: str) -> Callable[[str, str], None]:
    return lambda name, path: _call(path, "--root", f"{directory}/{name}", "run", "--bundle", bundle, "b")


def _liver(bundle: str, directory: str) -> Callable[[str, str], None]:
    def live(name: str, path: str) -> None:
        start = [path, "--root", f"{directory}/{name}"]
        pid_file = f"{directory}/pid"
        _call(*start, "create", "--bundle", bundle, "--pid-file", pid_file, "b")
        _call(*start, "start", "b")
        _call(*start, "kill", "b", "KILL")
        os.waitpid(int(Path(pid_file).read_text()), 0)  # in the jail the orphan is ours
        _call(*start, "delete", "b")

    return live


def _call(*command: str) -> None:
    """Run one call. Raises RuntimeError if it fails."""
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
    pid = os.posix_spawn(command[0], command, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, file_actions=actions)
    status = os.waitpid(pid, 0)[1]
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
