"""process.terminal: a pseudoterminal of the container's own becomes its standard streams, the other half goes to the caller.

Everything is done on the descriptor of the first half; no path of the container is trusted (CVE-2025-52565).
"""

import _socket
import posix

from reference_runtime.effects.targets import make_file
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel import mounts as k
from reference_runtime.kernel.terminal import make_controlling, open_peer, set_size, terminal_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.effects.stage import Stage

_WHERE = "$.process.terminal"
_PTMX = (5, 2)


class Terminal:
    """Makes the terminal, shows it as /dev/console if there is a root to show it in, and sends the first half away."""

    __slots__ = ("console", "owner", "size", "socket")

    def __init__(self, *, size: "dict[str, Any] | None", owner: int, console: bool) -> None:
        self.size = size
        self.owner = owner
        """The user that the terminal has to belong to."""
        self.console = console
        """Whether it becomes /dev/console, and our controlling terminal; exec leaves both to others."""
        self.socket = -1
        """A connected unix socket that the first half is sent over; set before the process is made."""

    def describe(self) -> str:
        size = f" of {self.size['width']}x{self.size['height']}" if self.size else ""
        return f"make a terminal{size}{' and bind it on /dev/console' if self.console else ''}"

    def execute(self, stage: "Stage") -> None:
        try:
            self._execute(stage)
        except OSError as error:
            raise RuntimeFault("cannot set the terminal up", where=_WHERE, why=reason(error)) from error

    def _execute(self, stage: "Stage") -> None:
        master = _open_master(stage.root)
        peer = open_peer(master)
        if self.size:
            set_size(master, height=self.size["height"], width=self.size["width"])
        posix.chown(peer, self.owner, -1)
        if self.console:
            target = make_file(stage.root, "/dev/console")
            tree = k.open_tree(peer, "", k.OPEN_TREE_CLONE)
            k.move_mount(tree, target)
            posix.close(tree)
            posix.close(target)
        self._send(master)
        if self.console:
            make_controlling(peer)
        for stream in (0, 1, 2):
            posix.dup2(peer, stream)
        posix.close(peer)
        posix.close(master)

    def _send(self, master: int) -> None:
        connection = _socket.socket(fileno=self.socket)
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, master.to_bytes(4, "little"))
        connection.sendmsg([f"/dev/pts/{terminal_number(master)}".encode()], [rights])
        connection.close()
        self.socket = -1


def _open_master(root: int) -> int:
    """Return the first half of a new terminal of the container's own devpts, or of the host's if the container has none."""
    flags = posix.O_RDWR | posix.O_NOCTTY
    try:
        master = k.open_in_root(root, "dev/pts/ptmx", flags)
    except FileNotFoundError:
        master = posix.open("/dev/ptmx", flags | posix.O_CLOEXEC)
    status = posix.fstat(master)
    if (posix.major(status.st_rdev), posix.minor(status.st_rdev)) != _PTMX or not _is_terminal_filesystem(master):
        raise RuntimeFault("/dev/pts/ptmx does not make terminals", where=_WHERE)
    return master


def _is_terminal_filesystem(master: int) -> bool:
    """Whether a terminal comes from a devpts; a /dev/ptmx of the host may be a node elsewhere that opens the one beside it."""
    return k.filesystem_magic(master) == k.DEVPTS_SUPER_MAGIC or posix.fstat(master).st_mode & 0o170000 == 0o020000
