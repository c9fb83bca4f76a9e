"""What /proc tells of a hook process, and of the container's process that its state names.

A process that ends while it is looked at, or that may not be looked at, gives empty values.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from conformance.host.kernel import RESOLVE_IN_ROOT, openat2
from conformance.record.hook import FileId, HookCall

_NAMESPACES = ("pid", "net", "mnt", "ipc", "uts", "user", "cgroup", "time")
_KINDS = frozenset({"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"})


def place_of(argv: tuple[str, ...]) -> tuple[str, int] | None:
    """Return (kind, index) from `hook SOCKET KIND INDEX ...`, or None if that is no hook's command line."""
    if len(argv) < 4 or argv[2] not in _KINDS or not (argv[3].isascii() and argv[3].isdigit()) or len(argv[3]) > 4:
        return None
    return argv[2], int(argv[3])


_EXECVE_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the harness knows of the container whose hooks it looks at."""

    marker: str
    """An absolute path that only the host has."""
    program: str = ""
    """What the container is to execute."""
    rootfs: str = ""
    """The container's root filesystem on the host, "" if not known."""
    paths: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """The configured path of each hook by (kind, index)."""


def look(
    pid: int, place: tuple[str, int], stdin: bytes, *, operation: str, surroundings: Surroundings, arrived: float
) -> HookCall:
    """Return what is seen of the hook process `pid`, which is stopped; when and how it is let go is filled in later.

    A runtime that calls a poststart hook while the kernel is still at execve(2) of `program` has called it late enough: the
    hook is held for a moment, until the program is seen.
    """
    state = parse_state(stdin)
    container = _container(pid, state)
    if container and place[0] == "poststart":
        _await_executable(container, surroundings.program)
    path = surroundings.paths.get(place)
    root_has_marker = os.path.lexists(f"/proc/{pid}/root{surroundings.marker}")
    # A hook that is in the container sees its file tree with all mounts, which the rootfs on the host does not show.
    root = surroundings.rootfs if root_has_marker else f"/proc/{pid}/root"
    return HookCall(
        kind=place[0],
        index=place[1],
        operation=operation,
        pid=pid,
        arrived=arrived,
        released=arrived,
        argv=strings(pid, "cmdline"),
        environ=strings(pid, "environ"),
        stdin=stdin,
        state=state,
        namespaces=namespaces(pid),
        root_has_marker=root_has_marker,
        container_namespaces=namespaces(container) if container else {},
        container_exe=_executable(container) if container else "",
        container_alive=_alive(container) if container else False,
        exit_status=-1,
        executed=_file(f"/proc/{pid}/exe"),
        outside=_file(path) if path is not None else None,
        inside=_file_inside(root, path) if path is not None and root else None,
    )


def _file(path: str) -> FileId | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _file_inside(root: str, path: str) -> FileId | None:
    """Look a path of the container up below its root filesystem: no symlink leads out of it."""
    try:
        directory = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        opened = openat2(directory, path, os.O_PATH | os.O_CLOEXEC, resolve=RESOLVE_IN_ROOT)
    except OSError:
        return None
    finally:
        os.close(directory)
    found = os.fstat(opened)
    os.close(opened)
    return found.st_dev, found.st_ino


def _await_executable(pid: int, program: str) -> None:
    deadline = time.monotonic() + _EXECVE_SECONDS
    while _executable(pid) != program and time.monotonic() < deadline:
        time.sleep(0.002)


def parse_state(stdin: bytes) -> dict[str, object] | None:
    """Return `stdin` as a JSON object, None if it is none."""
    try:
        document = json.loads(stdin)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def strings(pid: int, name: str) -> tuple[str, ...]:
    """Return the NUL-terminated strings of /proc/PID/cmdline or environ; bytes that are no UTF-8 are kept as surrogates."""
    data = _read(pid, name)
    return tuple(item.decode(errors="surrogateescape") for item in data.removesuffix(b"\0").split(b"\0")) if data else ()


def namespaces(pid: int) -> dict[str, int]:
    """Return the inode number of each namespace of a process by its name in /proc/PID/ns."""
    found = {}
    for name in _NAMESPACES:
        with contextlib.suppress(OSError):
            found[name] = os.stat(f"/proc/{pid}/ns/{name}").st_ino
    return found


def _container(hook: int, state: dict[str, object] | None) -> int | None:
    """Return, as our own pid, the process that the state's pid names.

    That number counts in the pid namespace of the hook: "pid" in the section State of runtime.md, since 1.1.0.
    """
    pid = state.get("pid") if state else None
    if not isinstance(pid, int) or not 0 < pid < 1 << 22:
        return None
    its_namespace = _inode(hook, "pid")
    if its_namespace == _inode(os.getpid(), "pid"):
        return pid
    return next((each for each in _pids() if _inode(each, "pid") == its_namespace and _innermost(each) == pid), None)


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _inode(pid: int, namespace: str) -> int | None:
    try:
        return os.stat(f"/proc/{pid}/ns/{namespace}").st_ino
    except OSError:
        return None


def _innermost(pid: int) -> int | None:
    """Return its pid in its own pid namespace: the last number of NSpid in proc_pid_status(5)."""
    numbers = _status(pid, b"NSpid:")
    return int(numbers[-1]) if numbers else None


def _alive(pid: int) -> bool:
    state = _status(pid, b"State:")
    return bool(state) and state[0] not in {b"Z", b"X"}


def _status(pid: int, key: bytes) -> list[bytes]:
    for line in _read(pid, "status").splitlines():
        if line.startswith(key):
            return line.split()[1:]
    return []


def _executable(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def _read(pid: int, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""
