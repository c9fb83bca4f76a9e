"""The yardstick: a shell that makes the same calls of the runtime and looks at nothing."""

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.bundle.builder import Bundle
from conformance.subject.runtime import Runtime

SHELL = "/bin/sh"

# The process becomes a zombie of the session's pid 1, which waits for the shell alone meanwhile.
_ONE_CONTAINER = """\
{create}
{state}
read -r pid <{pid_file} || [ "$pid" ]
{start}
{state}
{kill}
while read -r stat <"/proc/$pid/stat"; do case $stat in *') Z '*) break ;; esac; done 2>/dev/null
{state}
{delete}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """What a run of the shell came to, in seconds."""

    wall: float
    own_cpu: float
    """CPU time of the shell itself, without the programs that it called."""


def script(runtime: Runtime, bundles: Sequence[Bundle], *, asks_state: bool = False) -> str:
    """Return a shell script that takes one container after another, one of each bundle, through its life.

    With `asks_state` it asks for the state whenever that has changed, as cases do in which it shows.
    """
    return "set -e\n" + "".join(_life(runtime, bundle, asks_state=asks_state) for bundle in bundles)


def run(runtime: Runtime, bundles: Sequence[Bundle], *, asks_state: bool = False) -> Bare:
    """Run the script and reap the shell; the containers' processes are left to the caller.

    Raises RuntimeError with what was printed if a call fails, OSError if there is no shell.
    """
    command = [SHELL, "-c", script(runtime, bundles, asks_state=asks_state)]
    program_input, held = os.pipe()  # as long as we hold the other end, the probe waits for input
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        try:
            shell = subprocess.Popen(
                command, stdin=program_input, stdout=subprocess.DEVNULL, stderr=errors, env=runtime.environment
            )
            os.waitid(os.P_PID, shell.pid, os.WEXITED | os.WNOWAIT)
        finally:
            os.close(program_input)
            os.close(held)
        wall = time.perf_counter() - started
        own_cpu = _own_cpu(shell.pid)
        if shell.wait() != 0:
            errors.seek(0)
            raise RuntimeError(f"the bare loop failed: {errors.read().decode(errors='backslashreplace').strip()}")
    return Bare(wall=wall, own_cpu=own_cpu)


def _life(runtime: Runtime, bundle: Bundle, *, asks_state: bool) -> str:
    pid_file = f"{bundle.directory}.pid"
    calls = {
        operation: shlex.join(
            runtime.argv(operation, container_id=bundle.container_id, bundle=bundle.directory, pid_file=pid_file)
        )
        for operation in ("create", "start", "state", "kill", "delete")
    }
    if not asks_state:
        calls["state"] = ":"
    return _ONE_CONTAINER.format(pid_file=shlex.quote(pid_file), **calls)


def _own_cpu(pid: int) -> float:
    """Return the CPU seconds of a process, zombie or not, without its children; the kernel keeps them in nanoseconds."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9
