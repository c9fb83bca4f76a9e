"""What one hook received, seen while it was running."""

from collections.abc import Mapping
from dataclasses import dataclass

FileId = tuple[int, int]
"""Device and inode number: equal for two paths only if they lead to one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """One hook process, stopped and looked at by the harness before it was allowed to go on."""

    kind: str
    """prestart, createRuntime, createContainer, startContainer, poststart, poststop."""
    index: int
    """Position in its list of the config."""
    operation: str
    """The operation of the runtime that was under way when it arrived: create, start, delete."""
    pid: int
    arrived: float
    """time.monotonic seconds when it connected, before it did anything else."""
    released: float
    """time.monotonic seconds when the harness let it end."""
    argv: tuple[str, ...]
    environ: tuple[str, ...]
    stdin: bytes
    state: Mapping[str, object] | None
    """stdin as a JSON object, None if it is not one."""
    namespaces: Mapping[str, int]
    """/proc/PID/ns of the hook process."""
    root_has_marker: bool
    """Whether the hook's own / is the host's: a file that only the host has can be seen there."""
    container_namespaces: Mapping[str, int]
    """Those of the process that the state's pid names, empty where it names none."""
    container_exe: str
    """What that process executes, empty where unknown."""
    container_alive: bool
    exit_status: int
    """What the harness told the hook to exit with."""
    executed: FileId | None = None
    """The file that the hook process executes."""
    outside: FileId | None = None
    """The file that the configured path leads to in the runtime's mount namespace."""
    inside: FileId | None = None
    """The file that it leads to within the container's root filesystem."""
    crowded: bool = False
    """The next hook had arrived before this one was let go."""
    aborted: bool = False
    """It was never let go, and had ended nevertheless once the operation was over."""
