"""A world of its own for container engines: Debian's packages over this machine's /usr, and nothing that outlives it.

    with opened(unpacked()) as world:
        world.run("podman", "version").stdout
        world.start("containerd")                    # a daemon; ends with the world, or by its close()
        world.path("/run/x").read_text()             # a file inside, seen from outside

Inside, /run, /var, /tmp and /dev/shm are empty, /etc can be written, the network has `lo` alone, and cgroups are shown as v1
where the machine has v1 controllers. The checkout is at /mnt, the runtime at RUNTIME. It is a session jail: the kernel ends all
of it when the tests die, whatever they die of.
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.clients.keeper import CHECKOUT

PROJECT = Path(__file__).parents[2]
RUNTIME = f"{CHECKOUT}/reference_runtime/reference-runtime"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp/home", "LANG": "C.UTF-8"}
_SECONDS = 60


@dataclass(frozen=True)
class Completed:
    """How a command ended: exit status (-N for signal N) and what it said."""

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str

    def ok(self) -> str:
        """Return the output without surrounding white space; fails the test if the command failed."""
        assert self.status == 0, f"{' '.join(self.argv)}: exit {self.status}\n{self.stdout}{self.stderr}"
        return self.stdout.strip()


class Running:
    """A command inside."""

    def __init__(self, argv: tuple[str, ...], link: socket.socket) -> None:
        self.argv = argv
        self._link = link

    def wait(self, timeout: float = _SECONDS) -> int:
        """Return the exit status (-N for signal N). Raises TimeoutError, and kills it then."""
        self._link.settimeout(timeout)
        try:
            told = self._link.recv(64)
        except TimeoutError:
            self.close()
            raise TimeoutError(f"{' '.join(self.argv)}: still there after {timeout} s") from None
        self.close()
        assert told, f"{' '.join(self.argv)}: the world has ended"
        return os.waitstatus_to_exitcode(int(told))

    def ended(self) -> bool:
        """Whether it has ended by itself."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._link, selectors.EVENT_READ)
            return bool(selector.select(0))

    def close(self) -> None:
        """Kill it, and its process group, if it is still there."""
        self._link.close()


class World:
    """What `opened` yields."""

    def __init__(self, pid: int, requests: socket.socket) -> None:
        self._root = Path(f"/proc/{pid}/root")
        self._requests = requests
        self._started: list[Running] = []
        """A command ends when its Running is dropped, so those that nobody keeps are kept here."""

    def path(self, inside: str) -> Path:
        """Return the path by which the tests reach a file of the world; symlinks on the way count from outside."""
        return self._root / inside.removeprefix("/")

    def start(
        self,
        *argv: str,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        env: Mapping[str, str] = ENVIRONMENT,
        cwd: str = "/",
    ) -> Running:
        """Start a command in a session of its own, with these descriptors, None being /dev/null.

        A terminal as `stdin` becomes its controlling terminal.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        null = os.open("/dev/null", os.O_RDWR)
        message = json.dumps({"argv": argv, "env": dict(env), "cwd": cwd}).encode()
        descriptors = [null if one is None else one for one in (stdin, stdout, stderr)]
        socket.send_fds(self._requests, [message], [*descriptors, theirs.fileno()])
        os.close(null)
        theirs.close()
        running = Running(argv, ours)
        self._started.append(running)
        return running

    def run(
        self,
        *argv: str,
        input: str = "",  # noqa: A002  # named as in subprocess.run
        timeout: float = _SECONDS,
        env: Mapping[str, str] = ENVIRONMENT,
        cwd: str = "/",
    ) -> Completed:
        """Run a command until it has ended and nobody holds its output open any more. Raises TimeoutError."""
        stdin = os.memfd_create("stdin")
        os.write(stdin, input.encode())
        os.lseek(stdin, 0, os.SEEK_SET)
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        running = self.start(*argv, stdin=stdin, stdout=out_end, stderr=err_end, env=env, cwd=cwd)
        for descriptor in (stdin, out_end, err_end):
            os.close(descriptor)
        try:
            said = _read_all((out, err), timeout)
        except TimeoutError as error:
            running.close()
            raise TimeoutError(f"{' '.join(argv)}: {error}") from None
        finally:
            os.close(out)
            os.close(err)
        return Completed(argv, running.wait(timeout), said[out], said[err])


def _read_all(descriptors: tuple[int, ...], timeout: float) -> dict[int, str]:
    """Read pipes until their end."""
    content = dict.fromkeys(descriptors, b"")
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(f"its output is still open after {timeout} s: {b''.join(content.values())!r}")
            for key, _ in ready:
                piece = os.read(key.fd, 1 << 16)
                content[key.fd] += piece
                if not piece:
                    selector.unregister(key.fd)
    return {descriptor: text.decode(errors="replace") for descriptor, text in content.items()}


@contextlib.contextmanager
def opened(tree: Path) -> Iterator[World]:
    """Open a world with the packages of `tree`; at the end everything in it is killed and gone."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    lane = "host" if Path("/sys/fs/cgroup/cgroup.controllers").exists() else "v1"
    jail = (sys.executable, "-m", "conformance.host.jail", f"--lane={lane}", "--die-with-parent", "--")
    keeper = (sys.executable, "-m", "tests.clients.keeper", str(theirs.fileno()), str(tree))
    janitor = subprocess.Popen((*jail, *keeper), cwd=PROJECT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
    theirs.close()
    try:
        ours.settimeout(_SECONDS)
        assert ours.recv(64) == b"ready", "the world does not open"
        pid = int(Path(f"/proc/{janitor.pid}/task/{janitor.pid}/children").read_text())
        yield World(pid, ours)
    finally:
        ours.close()
        janitor.send_signal(signal.SIGTERM)
        janitor.wait(_SECONDS)
