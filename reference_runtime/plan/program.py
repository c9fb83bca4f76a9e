"""Plans the last calls of a process: what the stub makes before and after it waits for `start` (see init/stub.py)."""

from posix import O_CLOEXEC, O_WRONLY

from reference_runtime.init.program import NEXT, REPORT, Program
from reference_runtime.init.stub import WORD
from reference_runtime.kernel import processes as k
from reference_runtime.kernel.files import AT_FDCWD, O_PATH
from reference_runtime.kernel.mounts import RESOLVE_NO_MAGICLINKS
from reference_runtime.plan.credentials import Credentials
from reference_runtime.plan.last_calls import CREATED, Descriptors, LastCalls, candidates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from reference_runtime.init.program import Data, Label
    from reference_runtime.plan.credentials import Privileges
    from reference_runtime.seccomp.compile import Filter

_CLOSE_RANGE_CLOEXEC = 4
_HIGHEST = (1 << 32) - 1
_SECCOMP_SET_MODE_FILTER = 1


def plan_program(
    process: "dict[str, Any] | None",
    *,
    machine: str,
    privileges: "Privileges",
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
    calls = Calls(machine, descriptors, at="$" if enters else "$.process")
    calls.hide(keep_proc=bool(exec_labels))
    # Without no_new_privs it takes CAP_SYS_ADMIN to install a filter.
    keep = process is not None and filter_ is not None and not process.get("noNewPrivileges")
    credentials = Credentials(calls, privileges, keep=keep)
    if process is not None:
        credentials.renounce()
    if enters_pid_namespace:
        calls.clone()
    if enters:
        calls.session(terminal=bool(process and process.get("terminal")))
    if process is not None:
        credentials.become_user(process)
    if exec_labels:
        calls.exec_labels(exec_labels)
    calls.add("prctl", k.PR_SET_PDEATHSIG, 0, 0, 0, 0)
    calls.wait()
    if process is not None:
        calls.enter_directory(process["cwd"])
        if filter_ is not None:
            calls.seccomp(filter_)
        if keep:
            credentials.capabilities()
        calls.execute(process, path)
    return calls.finished(has_parent=enters_pid_namespace)


class Calls:
    """The calls so far, and what each is for."""

    __slots__ = ("_at", "_clone", "_descriptors", "_go", "_on_error", "_plan", "_program")

    def __init__(self, machine: str, descriptors: Descriptors, *, at: str) -> None:
        self._at = at
        """The place of the process in its document."""
        self._program = Program(machine)
        self._plan = LastCalls()
        self._descriptors = descriptors
        self._on_error = "abort"
        self._clone = 0
        self._go: Data | None = None

    def add(
        self, name: str, *arguments: "int | Data | Label", what: str = "", member: str = "", on_error: str = "", **go_on: "Any"
    ) -> int:
        """Add a system call; `what` says it in words, `member` what of the process asks for it. Returns its index."""
        self._plan.names.append(what or name)
        if member:
            self._plan.places[what] = f"{self._at}.{member}"
        return self._program.call(name, *arguments, on_error=on_error or self._on_error, **go_on)

    def data(self, content: bytes) -> "Data":
        """Place bytes; returns their address for arguments."""
        return self._program.data(content)

    def hide(self, *, keep_proc: bool) -> None:
        """Keep the container's own processes from tracing us and from our descriptors (CVE-2016-9962)."""
        numbers = self._descriptors
        self.add("prctl", k.PR_SET_DUMPABLE, 0, 0, 0, 0)
        self.add("close_range", numbers.first, _HIGHEST, _CLOSE_RANGE_CLOEXEC)
        if not keep_proc:
            self.add("close", numbers.proc)

    def clone(self) -> None:
        """Go on as a child of the runtime, in the pid namespace that was entered for children."""
        self._clone = self.add("clone", k.CLONE_PARENT, 0, 0, 0, 0, on_positive="parent", what="clone into the pid namespace")

    def session(self, *, terminal: bool) -> None:
        """Lead a session. Not before the clone: the end of a session's leader hangs its terminal up."""
        self.add("setsid")
        if terminal:
            from reference_runtime.kernel.terminal import TIOCSCTTY

            self.add("ioctl", 0, TIOCSCTTY, 0, what="make the terminal the controlling one")

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
