"""Plans the last calls of a process: what the stub makes before and after it waits for `start` (see init/stub.py)."""

from posix import O_CLOEXEC, O_WRONLY, strerror

from reference_runtime.config.check_process import RLIMITS
from reference_runtime.fault import RuntimeFault
from reference_runtime.init.program import NEXT, REPORT, Program
from reference_runtime.init.stub import WORD
from reference_runtime.kernel import processes as k
from reference_runtime.kernel.files import AT_FDCWD, O_PATH
from reference_runtime.kernel.mounts import RESOLVE_NO_MAGICLINKS
from reference_runtime.plan.capabilities import NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from reference_runtime.init.program import Data, Label
    from reference_runtime.plan.capabilities import Capabilities
    from reference_runtime.seccomp.compile import Filter

_CLOSE_RANGE_CLOEXEC = 4
_HIGHEST = (1 << 32) - 1
_CAPABILITY_VERSION_3 = 0x20080522
_SECCOMP_SET_MODE_FILTER = 1
_ENOENT, _ENOTDIR = 2, 20
_ON_THE_WAY = tuple(map(NAMES.index, ("SETGID", "SETUID", "SETPCAP", "SYS_RESOURCE")))
"""What it takes to change credentials and limits."""
_CAP_SYS_ADMIN = NAMES.index("SYS_ADMIN")
"""What it takes to install a filter without no_new_privs."""
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_DIRECTORIES = 1000
"""Each is a call of the stub's."""
CREATED = b"C"


class Descriptors:
    """Numbers that the process and the runtime agree on. `first` is the first that the program does not get."""

    __slots__ = ("first", "label", "listener", "proc", "result", "start", "sync")

    def __init__(self, preserved: int) -> None:
        self.first = 3 + preserved
        self.start = self.first
        """Where the byte comes from that releases the program."""
        self.result = self.first + 1
        """Where the results of all calls go if one fails."""
        self.sync = self.first + 2
        """Where the runtime hears that all is ready."""
        self.listener = self.sync
        """Closed when the process waits, it is the lowest free number: the kernel's choice for what is opened after that."""
        self.proc = self.first + 3
        """/proc of the host, if labels have to be written there."""
        self.label = self.first + 4
        """The file for a label, while all others are open: the kernel's choice too."""


class LastCalls:
    """The program for one process, and what its results mean."""

    __slots__ = ("executions", "file", "go", "image", "names", "places")

    def __init__(self) -> None:
        self.image = b""
        """The stub's data."""
        self.names: list[str] = []
        """What each call was for, in the order of their results."""
        self.places: dict[str, str] = {}
        """Of what a member of the config asks for: the place of that."""
        self.executions: list[int] = []
        """Which of them try to execute the program."""
        self.file = ""
        """The program as the config names it."""
        self.go = 0
        """Address of the word that tells the process that its listener was taken, or 0."""

    def describe(self) -> "list[str]":
        """Return what is called, in order."""
        return [f"then {name}" if index in self.executions else name for index, name in enumerate(self.names)]


class Privileges:
    """What the process may become, and what it holds until then."""

    __slots__ = ("capabilities", "held", "last", "set_groups")

    def __init__(self, *, capabilities: "Capabilities", held: int, last: int, set_groups: bool) -> None:
        self.capabilities = capabilities
        self.held = held
        """Mask of what it is permitted before it gives anything up."""
        self.last = last
        """The highest capability that the kernel knows."""
        self.set_groups = set_groups
        """Whether setgroups(2) is allowed: not in a user namespace that an ordinary user has made."""


def plan_program(
    process: "dict[str, Any] | None",
    *,
    machine: str,
    privileges: Privileges,
    descriptors: Descriptors,
    filter_: "Filter | None" = None,
    enters: bool = False,
    enters_pid_namespace: bool = False,
    exec_labels: "Sequence[tuple[str, str]]" = (),
    path: "str | None" = None,
) -> LastCalls:
    """Return the calls of a process that has been set up but for limits, credentials, seccomp and the program itself.

    With `enters` it is a process that comes into a container, with `enters_pid_namespace` into its pid namespace as well.
    Without `process` it waits for ever: there is nothing to run. `exec_labels` are (path below /proc, text) that a security
    module wants written. `path` is what is executed if it isn't what args[0] says.
    """
    calls = _Calls(machine, descriptors, at="$" if enters else "$.process")
    calls.hide(keep_proc=bool(exec_labels))
    if process is not None:
        calls.renounce(privileges, keep=_keeps(process, filter_))
    if enters_pid_namespace:
        calls.clone()
    if enters:
        calls.session(terminal=bool(process and process.get("terminal")))
    if process is not None:
        calls.become_user(process, privileges, keep=_keeps(process, filter_))
    if exec_labels:
        calls.exec_labels(exec_labels)
    calls.add("prctl", k.PR_SET_PDEATHSIG, 0, 0, 0, 0)
    calls.wait()
    if process is not None:
        calls.enter_directory(process["cwd"])
        if filter_ is not None:
            calls.seccomp(filter_)
        if _keeps(process, filter_):
            calls.capabilities(privileges)
        calls.execute(process, path)
    return calls.finished(has_parent=enters_pid_namespace)


def _keeps(process: "dict[str, Any]", filter_: "Filter | None") -> bool:
    """Whether capabilities are kept until the filter is installed: without no_new_privs that needs CAP_SYS_ADMIN."""
    return filter_ is not None and not process.get("noNewPrivileges")


class _Calls:
    __slots__ = ("_at", "_clone", "_descriptors", "_go", "_held", "_on_error", "_plan", "_program")

    def __init__(self, machine: str, descriptors: Descriptors, *, at: str) -> None:
        self._at = at
        """The place of the process in its document."""
        self._program = Program(machine)
        self._plan = LastCalls()
        self._descriptors = descriptors
        self._on_error = "abort"
        self._clone = 0
        self._held = 0
        self._go: Data | None = None

    def add(
        self, name: str, *arguments: "int | Data | Label", what: str = "", member: str = "", on_error: str = "", **go_on: "Any"
    ) -> int:
        self._plan.names.append(what or name)
        if member:
            self._plan.places[what] = f"{self._at}.{member}"
        return self._program.call(name, *arguments, on_error=on_error or self._on_error, **go_on)

    def hide(self, *, keep_proc: bool) -> None:
        """Keep the container's own processes from tracing us and from our descriptors (CVE-2016-9962)."""
        numbers = self._descriptors
        self.add("prctl", k.PR_SET_DUMPABLE, 0, 0, 0, 0)
        self.add("close_range", numbers.first, _HIGHEST, _CLOSE_RANGE_CLOEXEC)
        if not keep_proc:
            self.add("close", numbers.proc)

    def renounce(self, privileges: Privileges, *, keep: bool) -> None:
        """Give up what neither the program nor the way there needs, while nobody can see us.

        From its pid namespace on, a process of the container with CAP_SYS_PTRACE may do with us what it likes.
        """
        for bit in range(privileges.last + 1):
            if not privileges.capabilities.bounding >> bit & 1:
                self.add("prctl", k.PR_CAPBSET_DROP, bit, 0, 0, 0, what=f"drop {_name(bit)} from the bounding set")
        needed = (*_ON_THE_WAY, _CAP_SYS_ADMIN) if keep else _ON_THE_WAY
        self._held = privileges.held & (privileges.capabilities.permitted | sum(1 << bit for bit in needed))
        self._capset(self._held, self._held, 0)

    def clone(self) -> None:
        """Go on as a child of the runtime, in the pid namespace that was entered for children."""
        self._clone = self.add("clone", k.CLONE_PARENT, 0, 0, 0, 0, on_positive="parent", what="clone into the pid namespace")

    def session(self, *, terminal: bool) -> None:
        """Lead a session. Not before the clone: the end of a session's leader hangs its terminal up."""
        self.add("setsid")
        if terminal:
            from reference_runtime.kernel.terminal import TIOCSCTTY

            self.add("ioctl", 0, TIOCSCTTY, 0, what="make the terminal the controlling one")

    def become_user(self, process: "dict[str, Any]", privileges: Privileges, *, keep: bool) -> None:
        """Take on limits and credentials."""
        self.limits(process.get("rlimits") or ())
        self.identity(process["user"], privileges, keep=keep)
        if not keep:
            self.capabilities(privileges)
        if process.get("noNewPrivileges"):
            self.add("prctl", k.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    def limits(self, rlimits: "Sequence[dict[str, Any]]") -> None:
        for index, limit in enumerate(rlimits):
            value = limit["soft"].to_bytes(8, "little") + limit["hard"].to_bytes(8, "little")
            what, member = f"set {limit['type']}", f"rlimits[{index}]"
            self.add("prlimit64", 0, RLIMITS[limit["type"]], self._program.data(value), 0, what=what, member=member)

    def identity(self, user: "dict[str, Any]", privileges: Privileges, *, keep: bool) -> None:
        """Become the user; capabilities survive that, and with `keep` they stay in force too."""
        self.add("prctl", k.PR_SET_KEEPCAPS, 1, 0, 0, 0)
        groups = user.get("additionalGids") or ()
        if privileges.set_groups or groups:
            self.add(
                "setgroups", len(groups), self._program.data(_words(groups)), what="set groups", member="user.additionalGids"
            )
        self.add("setresgid", *(user["gid"],) * 3, what=f"become group {user['gid']}", member="user.gid")
        self.add("setresuid", *(user["uid"],) * 3, what=f"become user {user['uid']}", member="user.uid")
        self.add("prctl", k.PR_SET_KEEPCAPS, 0, 0, 0, 0)
        if keep:
            self._capset(self._held, self._held, 0)

    def capabilities(self, privileges: Privileges) -> None:
        """Give up all capabilities but those of the sets."""
        sets = privileges.capabilities
        self._capset(sets.effective, sets.permitted, sets.inheritable)
        self.add("prctl", k.PR_CAP_AMBIENT, k.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, what="clear ambient capabilities")
        for bit in range(privileges.last + 1):
            if sets.ambient >> bit & 1:
                what, member = f"raise ambient {_name(bit)}", "capabilities.ambient"
                self.add("prctl", k.PR_CAP_AMBIENT, k.PR_CAP_AMBIENT_RAISE, bit, 0, 0, what=what, member=member)

    def _capset(self, effective: int, permitted: int, inheritable: int) -> None:
        header = self._program.data(_CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4))
        masks = [mask >> shift & _HIGHEST for shift in (0, 32) for mask in (effective, permitted, inheritable)]
        self.add("capset", header, self._program.data(_words(masks)), what="set capabilities", member="capabilities")

    def wait(self) -> None:
        """Say that all is ready, and wait for the byte that `start` sends."""
        numbers = self._descriptors
        self.add("write", numbers.sync, self._program.data(CREATED), len(CREATED), what="tell the runtime")
        self.add("close", numbers.sync)
        self._program.label("wait")
        self.add("read", numbers.start, self._program.data(bytes(8)), 1, on_error="end", on_zero="end", what="wait for start")
        self._on_error = REPORT

    def enter_directory(self, cwd: str) -> None:
        """chdir(2), but not by way of a descriptor, /proc/self/fd/7 or a link to it, which may lead out (CVE-2024-21626)."""
        how = b"".join(value.to_bytes(8, "little") for value in (O_PATH | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS))
        here, what = self._descriptors.listener, f"chdir to cwd ({cwd})"
        self.add("openat2", AT_FDCWD, self._program.text(cwd), self._program.data(how), len(how), what=what, member="cwd")
        self.add("fchdir", here, what=what)
        self.add("close", here, what=what)

    def exec_labels(self, labels: "Sequence[tuple[str, str]]") -> None:
        """Have the kernel change the label at the next execve: whoever writes must be who executes.

        Not by the container's own /proc, where a volume may be (CVE-2019-16884, CVE-2023-28642). The host's is closed at once,
        before anything of the container's runs beside us.
        """
        numbers = self._descriptors
        for path, label in labels:
            text, what = label.encode(), f"set the label {label!r}"
            self.add("openat", numbers.proc, self._program.text(path), O_WRONLY, 0, what=what)
            self.add("write", numbers.label, self._program.data(text), len(text), what=what)
            self.add("close", numbers.label)
        self.add("close", numbers.proc)

    def seccomp(self, filter_: "Filter") -> None:
        """Install the filter. A process with a listener then makes no call at all until the runtime has taken it."""
        program = self._program.data(filter_.program)
        description = self._program.structure((len(filter_.program) // 8).to_bytes(8, "little"), program)
        self.add("seccomp", _SECCOMP_SET_MODE_FILTER, filter_.flags, description, what="install the seccomp filter")
        if filter_.listener_path:
            self._go = self._program.data(bytes(8))
            self._plan.names.append("wait for the listener to be taken")
            self._program.wait_until_set(self._go)

    def execute(self, process: "dict[str, Any]", path: "str | None") -> None:
        """Execute the program: the first of the names that execvp(3) would try and that can be executed."""
        environment = process.get("env") or []
        self._plan.file = path or process["args"][0]
        argv, envp = self._program.vector(process["args"]), self._program.vector(environment)
        for candidate in candidates(self._plan.file, environment):
            index = self.add("execve", self._program.text(candidate), argv, envp, on_error=NEXT, what=candidate)
            self._plan.executions.append(index)

    def finished(self, *, has_parent: bool) -> LastCalls:
        """Add what comes after a failure: all results go to the runtime, then `start` may be tried again."""
        program, numbers = self._program, self._descriptors
        size = len(self._plan.names) * WORD
        program.label(REPORT)
        program.call("write", numbers.result, program.result(0), size, on_error="end", on_positive="wait")
        program.label("abort")
        program.call("write", numbers.sync, program.result(0), size, on_error="end", on_positive="end")
        if has_parent:
            program.label("parent")
            program.call("write", numbers.sync, program.result(self._clone), WORD, on_error="end")
            program.call("exit_group", 0, on_error="end")
        program.label("end")
        program.call("exit_group", 1, on_error="end", on_zero="end", on_positive="end")
        self._plan.image = program.assemble()
        self._plan.go = program.address(self._go) if self._go else 0
        return self._plan


def _name(bit: int) -> str:
    return f"CAP_{NAMES[bit]}" if bit < len(NAMES) else f"capability {bit}"


def failure(calls: LastCalls, results: bytes) -> "tuple[str, int]":
    """Return what failed and with which errno, from the results that the process has sent.

    Of the paths that execvp(3) tries, one that must not be executed says more than one that isn't there.
    """
    values = [int.from_bytes(results[at : at + WORD], "little", signed=True) for at in range(0, len(results), WORD)]
    tried = [(calls.names[index], -values[index]) for index in calls.executions if values[index] < 0]
    if len(tried) == len(calls.executions) and tried:
        return next((each for each in tried if each[1] not in {_ENOENT, _ENOTDIR}), tried[0])
    return next(((name, -value) for name, value in zip(calls.names, values, strict=True) if value < 0), ("", 0))


def candidates(file: str, environment: "list[str]") -> "list[str]":
    """Return the paths that execvp(3) tries for a file, by the container's own PATH. Raises RuntimeFault."""
    if "/" in file:
        return [file]
    path = next((entry[5:] for entry in reversed(environment) if entry.startswith("PATH=")), _DEFAULT_PATH)
    directories = path.split(":")
    if len(directories) > _MOST_DIRECTORIES:
        raise RuntimeFault(f"PATH has {len(directories)} directories", where="$.process.env")
    return [f"{directory or '.'}/{file}" for directory in directories]


def _words(numbers: "Any") -> bytes:
    return b"".join(number.to_bytes(4, "little") for number in numbers)


def explain(calls: LastCalls, results: bytes) -> "RuntimeFault":
    """Return the fault that the results of a process mean, in the words that container engines look for."""
    from reference_runtime.effects.process import not_executable

    name, error = failure(calls, results)
    index = calls.names.index(name)
    if index in calls.executions:
        return RuntimeFault(not_executable(calls.file, [error]))
    what = f"cannot {name}" if " " in name else f"{name} fails"
    return RuntimeFault(what, where=calls.places.get(name, ""), why=strerror(error).lower())
