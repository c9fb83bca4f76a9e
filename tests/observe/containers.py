"""Real containers and children for the observers' tests; everything made here is gone when its block ends."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

RUNC = shutil.which("runc") or ""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
needs_runc = pytest.mark.skipif(os.geteuid() != 0 or not RUNC, reason="needs root and runc")

_PAUSE = {
    "x86_64": (62, "b8220000000f05ebf7"),  # pause(); jump back
    "aarch64": (183, "280980d2010000d4feffff17"),  # ppoll() of nothing; jump back
}


@dataclass(frozen=True)
class Running:
    """A container that runs."""

    pid: int
    bundle: str
    cgroup: str


def pause_program() -> bytes:
    """Return a static ELF that does nothing but pause(2)."""
    machine, code = _PAUSE[os.uname().machine]
    base, text = 0x400000, bytes.fromhex(code)
    header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, base + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    size = 120 + len(text)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000) + text


def base_config() -> dict[str, Any]:
    """Return a plain config with the usual namespaces and mounts."""
    capabilities = ["CAP_KILL", "CAP_AUDIT_WRITE"]
    return {
        "ociVersion": "1.0.2",
        "root": {"path": "rootfs"},
        "hostname": "observed",
        "process": {
            "user": {"uid": 7, "gid": 8, "additionalGids": [9, 10], "umask": 0o027},
            "cwd": "/work dir",
            "args": ["/pause", "", "with space"],
            "env": ["A=1", "EMPTY=", "B=x=y"],
            "noNewPrivileges": True,
            "oomScoreAdj": 500,
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 111, "hard": 222}],
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), capabilities),
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]},
            {"destination": "/with space", "type": "tmpfs", "source": "a source", "options": ["ro", "noexec"]},
        ],
        "linux": {
            "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
            "maskedPaths": ["/proc/kcore"],
            "readonlyPaths": ["/proc/sys"],
            "resources": {
                "devices": [
                    {"allow": False, "access": "rwm"},
                    {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"},
                ],
                "pids": {"limit": 77},
                "memory": {"limit": 64 << 20},
            },
            "sysctl": {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4242"},
        },
    }


@contextmanager
def container(config: Mapping[str, Any], *, prefix: Sequence[str] = ()) -> Iterator[Running]:
    """Run `config` with runc in a bundle of its own; `prefix` is a command to call runc through."""
    name = f"observe-{uuid.uuid4().hex[:12]}"
    bundle = tempfile.mkdtemp(prefix=name)
    os.chmod(bundle, 0o755)
    cgroup = f"/{name}"
    document = {**config, "linux": {**config["linux"], "cgroupsPath": cgroup}}
    runc = [*prefix, RUNC, "--root", f"{bundle}/state"]
    try:
        _rootfs(f"{bundle}/rootfs")
        with open(f"{bundle}/config.json", "w") as file:
            json.dump(document, file)
        _call([*runc, "create", "--bundle", bundle, "--pid-file", f"{bundle}/pid", name])
        with open(f"{bundle}/pid") as file:
            pid = int(file.read())
        _call([*runc, "start", name])
        _await_program(pid)
        yield Running(pid, bundle, cgroup)
    finally:
        _call([*runc, "delete", "--force", name])
        shutil.rmtree(bundle)


def _rootfs(path: str) -> None:
    for directory in ("proc", "dev", "work dir", "with space", "etc"):
        os.makedirs(f"{path}/{directory}")
    with open(f"{path}/pause", "wb") as file:
        file.write(pause_program())
    os.chmod(f"{path}/pause", 0o755)
    os.symlink("/etc/passwd", f"{path}/to-host")
    os.symlink("../../../../etc/passwd", f"{path}/etc/up")
    os.symlink("/etc", f"{path}/to-etc")


def _await_program(pid: int) -> None:
    """Wait until the container's program sleeps: start returns before the program is executed."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/stat") as file:
            if file.read().startswith(f"{pid} (pause) S"):
                return
        time.sleep(0.001)
    raise TimeoutError(f"process {pid} never executed its program")


def _call(argv: Sequence[str]) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)


@contextmanager
def child(code: str, *, prefix: Sequence[str] = (), **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python `code`, which has to print a line when it is ready; it is killed and reaped at the end."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-IS", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
    )
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline(), "the child did not get ready"
        yield process
    finally:
        process.kill()
        process.communicate()


IDLE = "import sys; print('ready', flush=True); sys.stdin.read()"
"""Wait for ever; stdin is a pipe that the test holds."""


@contextmanager
def forked(body: Callable[[], None]) -> Iterator[int]:
    """Fork a child that runs `body` and then waits to be killed; an exception in it ends it with status 1."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            body()
            os.write(tell, b"r")
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(tell)
    try:
        assert os.read(ready, 1) == b"r", "the child did not get ready"
        yield pid
    finally:
        os.close(ready)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
