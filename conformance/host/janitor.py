"""The janitor's watch: relay signals to the jailed command, notice how it ends.

The command is pid 1 of its pid namespace. The kernel drops signals that pid 1 has no handler for, so what would have
ended an ordinary process has to be turned into SIGKILL here.
"""

import os
import signal
from collections.abc import Callable

from conformance.host.hierarchies import read

RELAYED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_SI_KERNEL = 0x80
_PF_EXITING = 0x4
_TICK = 0.25


def watch(pid: int, pidfd: int, *, thaw: Callable[[], None]) -> int:
    """Wait for `pid` to end and return its exit status as a shell would (128+N for signal N).

    The caller has blocked RELAYED and SIGCHLD. `thaw` is called while pid 1 is gone but its namespace is not: processes
    that a v1 freezer holds would keep it for ever.
    """
    killed_for = 0
    while True:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG)
        if ended is not None:
            by_signal = ended.si_code != os.CLD_EXITED
            return 128 + (killed_for or ended.si_status) if by_signal else ended.si_status
        info = signal.sigtimedwait({*RELAYED, signal.SIGCHLD}, _TICK)
        # Stopped and continued after its time is up, Python returns a record that nobody has filled in.
        if info is None or info.si_signo not in {*RELAYED, signal.SIGCHLD}:
            if _is_exiting(pid):
                thaw()
        elif info.si_signo != signal.SIGCHLD and not _relay(info, pid, pidfd):
            killed_for = info.si_signo


def _relay(info: signal.struct_siginfo, pid: int, pidfd: int) -> bool:
    """Hand the signal on; False if the command had to be killed because it leaves the signal at its default."""
    if not _disposed(read(f"/proc/{pid}/status"), info.si_signo):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        return False
    # A key such as ^C reached the command too: it is in the terminal's foreground process group like us.
    if info.si_code != _SI_KERNEL:
        signal.pidfd_send_signal(pidfd, info.si_signo)
    return True


def _disposed(status: str, signum: int) -> bool:
    """Whether a process with this /proc/PID/status catches, ignores or blocks the signal."""
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    mask = int(fields["SigCgt"], 16) | int(fields["SigIgn"], 16) | int(fields["SigBlk"], 16)
    return bool(mask >> signum - 1 & 1)


def _is_exiting(pid: int) -> bool:
    return bool(int(read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[6]) & _PF_EXITING)
