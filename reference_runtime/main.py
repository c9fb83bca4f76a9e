"""From the command line to an operation, and from what it comes to, to an exit status."""

import _signal  # type: ignore[import-not-found]  # the C half of signal, which the interpreter has loaded
import posix

from reference_runtime import OPERATIONS
from reference_runtime.command_line import GLOBAL, CommandLine, parse
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.invocation import Invocation
from reference_runtime.log import Log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    class Operation(Protocol):
        """A module of `commands`."""

        FLAGS: Mapping[str, str]

        def run(self, call: Invocation) -> int:
            """Carry it out; returns the exit status."""


_SIGCHLD = 17
_WORDS_FOLLOW = frozenset({"exec", "ps"})
"""Operations after whose id comes the command line of another program."""
_WITHOUT_CRIU = frozenset({"checkpoint", "restore"})
"""What engines ask for all the same; with --help, to see whether it is there."""


def main(words: "Sequence[str]") -> int:
    """Carry out one call; returns its exit status. `words` are the command line without the program."""
    _keep_standard_descriptors()
    _signal.signal(
        _SIGCHLD, _signal.SIG_DFL
    )  # ignored by our caller it would let our children vanish before we ask how they ended
    log, name = Log(), ""
    try:
        options, rest = parse(words, GLOBAL, first_only=True)
        log = _log(options)
        name = options.arguments[0] if options.arguments else ""
        return _run(name, options, rest, log)
    except RuntimeFault as fault:
        log.error(str(fault))
    except OSError as error:
        log.error(reason(error))
    except Exception as error:  # a defect of ours must be told like any other error
        log.error(f"internal error: {error!r}{_trace(error) if log.debug else ''}")
    return 255 if name == "exec" else 1


def _run(name: str, options: CommandLine, rest: "list[str]", log: Log) -> int:
    if options.switch("version"):
        name = "version"
    elif options.switch("help") or name == "help" or not name:
        name = "usage"
    elif name in _WITHOUT_CRIU:
        raise RuntimeFault(f"{name} is not supported: containers cannot be frozen into files and thawed from them here")
    elif name not in OPERATIONS:
        raise RuntimeFault(f"unknown operation {name!r}, try --help")
    _check_manager(options)
    module = _load(name)
    line, words = parse(rest, {**module.FLAGS, "help": "switch"}, first_only=name in _WORDS_FOLLOW)
    line.arguments += words
    if line.switch("help"):
        module = _load("usage")
    return module.run(Invocation(options, line, log, directory=_working_directory()))


def _trace(error: BaseException) -> str:
    from traceback import format_exception

    return "".join(format_exception(error))


def _load(name: str) -> "Operation":
    """Import one operation: the others cost nothing."""
    module: Operation = __import__(f"reference_runtime.commands.{name}", fromlist=("run",))
    return module


def _log(options: CommandLine) -> Log:
    form = options.value("log-format", "text")
    if form not in {"text", "json"}:
        raise RuntimeFault(f"unknown log format {form!r}: text and json are known")
    return Log(path=options.value("log"), form=form, debug=options.switch("debug"))


def _check_manager(options: CommandLine) -> None:
    if options.switch("systemd-cgroup") or options.value("cgroup-manager") == "systemd":
        raise RuntimeFault("cgroups by systemd are not supported, leave --systemd-cgroup out")


def _working_directory() -> str:
    try:
        return posix.getcwd()
    except OSError:
        return "/"  # the caller's directory is gone; absolute paths still work


def _keep_standard_descriptors() -> None:
    """Open what the caller has closed of 0, 1 and 2: a state file must never become someone's stdout."""
    descriptor = 0
    while descriptor < 3:
        descriptor = posix.open("/dev/null", posix.O_RDWR | posix.O_CLOEXEC)
        if descriptor < 3:
            posix.set_inheritable(descriptor, True)  # noqa: FBT003  # its one parameter
    posix.close(descriptor)
