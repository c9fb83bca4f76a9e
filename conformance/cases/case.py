"""What a case is: a named bundle recipe with the operations to perform on it, all data but for the script.

Strings in edits, rootfs entries and set-up may hold placeholders, which the bundle builder replaces:
`{bundle}` the bundle's directory, `{id}` the container id, `{host}` a directory of this case outside the bundle,
`{agent}` the socket on which the harness takes the place of a seccomp agent, `{ns:NAME}` the path of a namespace that
`HostNamespace(NAME, ...)` made, `{hooks}` the socket on which the harness waits for hooks. The program is `/probe`; a hook is
`{host}/hook`, called as `["hook", "{hooks}", KIND, INDEX]`, and inside the container `/hook`, called as
`["hook", "/hooks.sock", KIND, INDEX]`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from conformance.record.config import Edit
from conformance.record.host import Host
from conformance.record.operation import Operation
from conformance.record.probe import Action
from conformance.record.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory to make; parents are made with it."""

    path: str
    mode: int = 0o755


@dataclass(frozen=True, slots=True)
class RegularFile:
    """A file to write."""

    path: str
    content: bytes = b""
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symlink to make."""

    path: str
    target: str


Entry = Directory | RegularFile | Symlink
"""Something in the rootfs (path relative to it) or in the host directory of the case."""


@dataclass(frozen=True, slots=True)
class HostNamespace:
    """A namespace that exists before create, held by a bind mount; `{ns:name}` is its path.

    `kind` is the config's word for it: network, uts, ipc, pid, mount, user, cgroup, time.
    """

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class HostMount:
    """A mount made on the host (in the jail) before create, removed after delete; `target` is usually below {host}."""

    source: str
    target: str
    fstype: str
    flags: int = 0
    data: str = ""
    shared: bool = False
    """Make it a shared mount, so that propagation from the host can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLink:
    """A network interface, one end of a veth pair, that exists before create in the network namespace of the runtime.

    A case with links has one of its own for that; none of them is ever on the host's network.
    """

    name: str
    namespace: str = ""
    """In the network namespace that `HostNamespace` of this name made, in place of the runtime's."""
    mtu: int = 1500
    addresses: tuple[str, ...] = ()
    """With prefix lengths: 192.0.2.1/24."""
    up: bool = False


class Container(Protocol):
    """The container under test as a script sees it. Each call is recorded; `note` marks one that is out of the ordinary."""

    def create(self, *, container_id: str | None = None, note: str = "") -> Operation:
        """Create it; with another id a second container from the same bundle."""

    def start(self, *, note: str = "") -> Operation:
        """Start it, and wait until the program is seen to run or the container to have stopped."""

    def state(self, *, note: str = "") -> Operation:
        """Query its state; the reading is recorded."""

    def kill(self, signal: str = "KILL", *, note: str = "") -> Operation:
        """Send a signal; with KILL, wait for its end if the runtime reports success."""

    def delete(self, *, note: str = "") -> Operation:
        """Delete it, without force."""

    def call(self, operation: str, *arguments: str, note: str) -> Operation:
        """Run the runtime with the operation's words and exactly these arguments (none: no container id)."""

    def exec(self) -> Operation | None:
        """Have it run its program once more, which ends at once; None if the runtime has no such operation."""

    def at_once(self, *operations: str) -> Sequence[Operation]:
        """Call several operations on it at the same time, each from a process of its own; kill is with KILL."""

    def snapshot(self, name: str) -> Snapshot | None:
        """Take a snapshot under that name; None if there is no process to look at."""

    def probe(self) -> None:
        """Have the probe execute what the expectations ask."""

    def ask(self, *actions: Action) -> None:
        """Have the probe execute actions now; the answers are recorded."""

    def hold(self, action: Action) -> None:
        """Have the probe make a call that the agent is notified of, and note what SIGSTOP does to it meanwhile."""

    def wait(self, *, seconds: float = 10.0) -> None:
        """Wait until the container's process has ended, but no longer than that."""

    def retune(self, link: str, *, mtu: int) -> None:
        """Change a network interface inside the container, as the program might; `snapshot` shows what came of it."""

    def rewrite_config(self, edits: tuple[Edit, ...]) -> None:
        """Write a changed config.json into the bundle, in place of the one that create got."""

    def alter_config(self, change: Callable[[bytes], bytes]) -> None:
        """Put what `change` makes of the bytes of config.json in their place, whether or not that is still a config."""

    def beside(self) -> "Container":
        """Return another container, of a plain bundle of its own, for company; nothing of it is judged."""


Script = Callable[[Container], None]

Declared = Callable[[Mapping[str, Any], Host], tuple[Edit, ...] | None]
"""From a features document to edits that use what it declares; None if it declares nothing of the kind."""


def lifecycle(container: Container) -> None:
    """Create, look, start, look, ask the probe, kill, look, delete: what a case does unless it says otherwise."""
    if not container.create().succeeded:
        return
    container.state()
    container.snapshot("created")
    if container.start().succeeded:
        container.state()
        container.snapshot("running")
        container.probe()
    container.kill("KILL")
    container.state()
    container.delete()


def runs_everywhere(_host: Host) -> str:
    """No host lacks anything for this case."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A bundle recipe and what is done with it."""

    name: str
    """`chapter/what-it-shows`, unique; part of every test id."""
    title: str
    """One plain sentence for the reader of a report."""
    edits: tuple[Edit, ...] = ()
    """Changes of the base config, in order."""
    rootfs: tuple[Entry, ...] = ()
    host: tuple[Entry, ...] = ()
    """Files below {host}."""
    namespaces: tuple[HostNamespace, ...] = ()
    mounts: tuple[HostMount, ...] = ()
    links: tuple[HostLink, ...] = ()
    script: Script = lifecycle
    aims: tuple[str, ...] = ()
    """Requirements that this case is for though their expectation does not apply by the config alone."""
    declared: "Declared | None" = None
    """What the runtime's features document makes of the config; left out of the twin. A runtime that offers none is not asked."""
    defect: Edit | None = None
    """The one edit that makes the config wrong; the twin is the case without it."""
    hook_exits: tuple[tuple[str, int, int], ...] = ()
    """(kind, index, exit status) of hooks that have to fail; all others exit with 0."""
    hook_stalls: tuple[tuple[str, int], ...] = ()
    """(kind, index) of hooks that are never let go."""
    umask: int | None = None
    """The umask to call the runtime with, in place of the harness's own."""
    needs: Callable[[Host], str] = runs_everywhere
    """Say what this host lacks to run the case, or "" if nothing."""

    def adapted(self, features: Mapping[str, Any] | None, host: Host) -> "Case":
        """Return the case with what a runtime of these features declares written into its edits."""
        added = self.declared(features, host) if self.declared is not None and features is not None else None
        return replace(self, edits=(*self.edits, *added), declared=None) if added is not None else self
