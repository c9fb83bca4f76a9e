"""Run a command as pid 1 of private pid, mount and cgroup namespaces, and leave nothing behind.

    python -m conformance.host.jail [--lane=host|v1|v2] [--workdir=DIR] [--die-with-parent] -- COMMAND...

The command finds a private tmpfs in OCI_CONFORMANCE_WORKDIR (a directory below DIR, by default $TMPDIR or /tmp) and the lane
in OCI_CONFORMANCE_LANE. It is the parent of every orphan of its session. The calling process stays outside as janitor: it
relays signals and the exit status (128+N for signal N), and removes cgroups and work directory. If either of the two dies,
the kernel ends the whole session; directories that a doubly killed session could not remove are swept by the next start.
With --die-with-parent the death of the janitor's parent is a SIGTERM too.
Exit status 4: there is no session, and one line on stderr says why. 126, 127: the command cannot be executed, is not there.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Sequence

from conformance.host import kernel
from conformance.host.cgroup_views import LANES, show
from conformance.host.claims import enable
from conformance.host.hierarchies import CannotJailError, read, write
from conformance.host.janitor import RELAYED, watch
from conformance.host.session import Session, make, unmount_if_mounted

EXIT_CANNOT_JAIL = 4
EXIT_CANNOT_EXECUTE = 126
EXIT_NOT_FOUND = 127
HARNESS_CGROUP = "harness"
WORKDIR_VARIABLE = "OCI_CONFORMANCE_WORKDIR"
LANE_VARIABLE = "OCI_CONFORMANCE_LANE"
_DIE_WITH_PARENT = "--die-with-parent"
_USAGE = f"usage: python -m conformance.host.jail [--lane=host|v1|v2] [--workdir=DIR] [{_DIE_WITH_PARENT}] -- COMMAND..."


class Options:
    """The command line."""

    __slots__ = ("command", "die_with_parent", "lane", "workdir")

    def __init__(self, *, lane: str, workdir: str, die_with_parent: bool, command: Sequence[str]) -> None:
        self.lane = lane
        self.workdir = workdir
        self.die_with_parent = die_with_parent
        self.command = tuple(command)


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns its exit status."""
    try:
        return run(parsed(arguments))
    except (CannotJailError, OSError) as error:
        sys.stderr.write(f"jail: {error}\n")
        return EXIT_CANNOT_JAIL


def parsed(arguments: Sequence[str]) -> Options:
    """Read the command line by hand, since argparse costs more than the whole jail. Raises CannotJailError."""
    values = {"--lane": "host", "--workdir": os.environ.get("TMPDIR") or "/tmp"}
    rest = list(arguments)
    die_with_parent = False
    while rest and rest[0] != "--":
        name, equals, value = rest.pop(0).partition("=")
        if name == _DIE_WITH_PARENT and not equals:
            die_with_parent = True
            continue
        if name not in values or not (equals or rest):
            raise CannotJailError(_USAGE)
        values[name] = value if equals else rest.pop(0)
    if len(rest) < 2:
        raise CannotJailError(_USAGE)
    if values["--lane"] not in LANES:
        raise CannotJailError(f"there is no lane {values['--lane']!r}: choose one of {', '.join(LANES)}")
    workdir = os.path.abspath(values["--workdir"])
    return Options(lane=values["--lane"], workdir=workdir, die_with_parent=die_with_parent, command=rest[1:])


def run(options: Options) -> int:
    """Make the session, run the command in it, take everything away; returns the command's exit status."""
    if os.geteuid() != 0:
        raise CannotJailError(f"private pid, mount and cgroup namespaces need root, and this is uid {os.geteuid()}")
    if options.die_with_parent:
        kernel.prctl_set_pdeathsig(signal.SIGTERM)
    janitor = os.pidfd_open(os.getpid())
    # From here on nothing interrupts us: signals wait until the command is there to get them.
    original_mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*RELAYED, signal.SIGCHLD})
    with contextlib.ExitStack() as cleanup:
        session = make(options.lane, options.workdir, cleanup)
        pid, pidfd = kernel.clone3(kernel.CLONE_NEWPID | kernel.CLONE_NEWNS)
        if pid == 0:
            _become_command(options, session, janitor, original_mask)
        return watch(pid, pidfd, thaw=session.thaw)


def _become_command(options: Options, session: Session, janitor: int, mask: set[int]) -> None:
    """In the child: enter the session and execute the command, or say why not."""
    status = EXIT_CANNOT_JAIL
    try:
        kernel.prctl_set_pdeathsig(signal.SIGKILL)
        # The janitor may have died before it could be its parent's death that we hear of.
        if not kernel.pidfd_has_exited(janitor):
            _enter_cgroups(session)
            _enter_mounts(session)
            status = _execute(options, session, mask)
    except Exception as error:  # whatever it was, it must not run on as a second janitor
        sys.stderr.write(f"jail: {error if isinstance(error, OSError) else repr(error)}\n")
    finally:
        os._exit(status)


def _enter_cgroups(session: Session) -> None:
    for cgroup in (*session.v1, *([session.v2] if session.v2 else [])):
        write(f"{cgroup}/cgroup.procs", "0")
    # The cgroups that we are in now become the roots of what we see.
    kernel.unshare(kernel.CLONE_NEWCGROUP)
    if session.v2:
        # A cgroup with processes cannot hand controllers on, so the command goes one down, beside the containers.
        os.mkdir(f"{session.v2}/{HARNESS_CGROUP}")
        write(f"{session.v2}/{HARNESS_CGROUP}/cgroup.procs", "0")
        enable(session.v2, frozenset(read(f"{session.v2}/cgroup.controllers").split()))


def _enter_mounts(session: Session) -> None:
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    show(session.view)
    unmount_if_mounted(session.workdir)
    kernel.mount("tmpfs", session.workdir, "tmpfs", 0, "mode=755")


def _execute(options: Options, session: Session, mask: set[int]) -> int:
    """Become the command; returns the exit status that says why not, if that fails."""
    # Python ignores these two for itself; across execve the command would inherit that.
    for signum in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    environ = {**os.environ, WORKDIR_VARIABLE: session.workdir, LANE_VARIABLE: options.lane}
    try:
        os.execvpe(options.command[0], options.command, environ)  # noqa: S606  # the command is ours to execute
    except OSError as error:
        sys.stderr.write(f"jail: cannot execute {options.command[0]}: {error.strerror}\n")
        return EXIT_NOT_FOUND if isinstance(error, FileNotFoundError) else EXIT_CANNOT_EXECUTE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
