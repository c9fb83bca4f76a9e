"""Where attacks take place: calls of one build of the runtime, a bundle with Python in its image, and racing links."""

import contextlib
import ctypes
import json
import os
import platform
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.bundle.config import base_config
from tests.reference_runtime import programs
from tests.reference_runtime.attacks.weakening import Change

PYTHON = ["/usr/bin/python3", "-IS"]
"""What runs in a container that shows the host's /usr: the interpreter that the runtime itself needs."""
SECRET = "the host's"
"""Content of a file that no container may reach."""
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@dataclass(frozen=True)
class Attack:
    """`perform` says whether it succeeds; `changes` take the one defence away that it has to fail on."""

    perform: "Callable[[Ground], bool]"
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Ground:
    """One build of the runtime, and a directory for all that the attack needs."""

    runtime: Path
    place: Path

    def call(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Call the runtime. Output goes to files, since containers keep it open; it must not tell of a defect of the runtime."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
                self.command(*words), stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False, timeout=30, **more
            )
            out.seek(0)
            err.seek(0)
            result = subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())
        assert "internal error" not in result.stderr, result.stderr
        return result

    def must(self, *words: str, **more: Any) -> str:
        """Call the runtime; returns what it prints. Fails unless the runtime does."""
        done = self.call(*words, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def command(self, *words: str) -> list[str]:
        """Return the command line of a call."""
        return [str(self.runtime), "--root", str(self.place / "root"), *words]

    def bundle(self, name: str = "bundle", *, python: bool = False) -> "Bundle":
        """Make a bundle that waits for ever; with `python` the host's /usr is mounted in it."""
        bundle = Bundle(self.place / name)
        for place in ("bin", "proc", "dev", "sys"):
            (bundle.rootfs / place).mkdir(parents=True)
        for program, content in programs.every(platform.machine()).items():
            bundle.program(program, content)
        bundle.config["linux"]["cgroupsPath"] = f"/{self.place.name}-{name}"
        bundle.config["process"]["args"] = ["/bin/pause"]
        if python:
            for link in ("lib", "lib64"):
                (bundle.rootfs / link).symlink_to(f"usr/{link}")
            bundle.mount("/usr", source="/usr", options=["bind", "ro"])
        return bundle

    def outside(self) -> Path:
        """Make a directory of the host's that no container has any business with."""
        directory = self.place / "outside"
        directory.mkdir()
        (directory / "file").write_text(SECRET)
        return directory

    def pid(self, name: str = "c") -> int:
        """Return the first process of a container."""
        pid: int = json.loads(self.must("state", name))["pid"]
        return pid

    def create(self, bundle: "Bundle", name: str = "c", *words: str, **more: Any) -> bool:
        """Create a container; returns whether that works, which it need not under attack."""
        bundle.write()
        return self.call("create", f"--bundle={bundle.path}", *words, name, **more).returncode == 0

    def delete(self, name: str = "c") -> None:
        """End a container and take all of it away. What exec has left to us, the session's first process, has to be reaped."""
        pids = json.loads(self.call("ps", "--format=json", name).stdout or "[]")
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids[1:]:  # the first one ends after all others of its pid namespace
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        self.must("delete", "--force", name)


@dataclass(frozen=True)
class Bundle:
    """A bundle under construction."""

    path: Path
    config: dict[str, Any]

    def __init__(self, path: Path) -> None:
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "config", base_config(oci_version="1.3.0"))

    @property
    def rootfs(self) -> Path:
        """The image."""
        return self.path / "rootfs"

    def write(self) -> None:
        """Write the config."""
        (self.path / "config.json").write_text(json.dumps(self.config), encoding="utf-8")

    def program(self, name: str, content: bytes) -> None:
        """Put a program into the image."""
        file = self.rootfs / "bin" / name
        file.write_bytes(content)
        file.chmod(0o755)

    def mount(self, destination: str, **more: Any) -> None:
        """Append a mount."""
        self.config["mounts"].append({"destination": destination, **more})

    def without_mounts(self, *destinations: str) -> None:
        """Take mounts out."""
        self.config["mounts"] = [each for each in self.config["mounts"] if each["destination"] not in destinations]

    def when_mounted(self, script: str) -> None:
        """Let the attacker act between mounts and masks: a createRuntime hook stands for another process with good timing."""
        file = self.path / "attacker"
        file.write_text(f"#!/usr/bin/python3 -IS\nimport os, sys\n{script}\n", encoding="utf-8")
        file.chmod(0o755)
        self.config["hooks"] = {"createRuntime": [{"path": str(file)}]}


def exchange(one: Path, other: Path) -> None:
    """Let two names change places at once (renameat2(2), RENAME_EXCHANGE). Raises OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(one))


def exchanging(one: Path, other: Path) -> contextlib.AbstractContextManager[None]:
    """Let two names change places as fast as possible in a process beside."""

    def exchange_for_ever() -> None:
        while True:
            exchange(one, other)

    return beside(exchange_for_ever)


@contextlib.contextmanager
def beside(act: Callable[[], None]) -> Iterator[None]:
    """Let a function run in a process beside, until the end."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
