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
    held: set[int] = set()
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
            killed_for = killed_for or _settle(held, pid, pidfd)
        elif info.si_signo != signal.SIGCHLD:
            held.add(info.si_signo)
            killed_for = killed_for or _settle(held, pid, pidfd)
            # A key such as ^C reached the command too: it is in the terminal's foreground process group like us.
            if info.si_code != _SI_KERNEL:
                signal.pidfd_send_signal(pidfd, info.si_signo)


def _settle(held: set[int], pid: int, pidfd: int) -> int:
    """Kill the command if it leaves one of the signals at its default, and return that one; 0 if it has not to be killed.

    Those that it catches or ignores are taken out of `held`. One that it blocks stays: every command does so for a moment
    while it makes a child, and the kernel drops the signal when the moment is over.
    """
    if not held:
        return 0
    fields = dict(line.split(":\t", 1) for line in read(f"/proc/{pid}/status").splitlines() if ":\t" in line)
    disposed, blocked = (_signals(fields[name]) for name in ("SigCgt", "SigBlk"))
    disposed |= _signals(fields["SigIgn"])
    held -= disposed
    dropped = held - blocked
    if not dropped:
        return 0
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    return min(dropped)


def _signals(mask: str) -> set[int]:
    """Return the signals of a mask in /proc/PID/status."""
    bits = int(mask, 16)
    return {signum for signum in RELAYED if bits >> signum - 1 & 1}


def _is_exiting(pid: int) -> bool:
    return bool(int(read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[6]) & _PF_EXITING)
