"""Processes that live in namespaces which only a process can have: probes, since a fork of ours would copy our page table.

A pid namespace needs its first process, and ends with it. A user namespace can be made only by a process with one thread.
"""

import contextlib
import os
import signal
import struct
from concurrent.futures import ThreadPoolExecutor

from conformance.bundle import probe
from conformance.bundle.layout import BUFFER
from conformance.bundle.proxy import ProbeError, Proxy
from conformance.host import kernel
from specs.linux.syscalls import numbers

_SECONDS = 10.0
_IGNORED = struct.pack("<4Q", signal.SIG_IGN, 0, 0, 0)
"""struct sigaction as the kernel has it, on every machine long enough."""
_SIGNAL_SET_SIZE = 8
_PROGRAM_MODE = 0o755


class Resident:
    """A process in a new namespace of one kind, until `end`. The kernel reaps what becomes its child."""

    def __init__(self, flag: int, program: str) -> None:
        """Make the namespace that `flag` (CLONE_NEWPID or CLONE_NEWUSER) means; `program` is a path for the probe.

        Raises OSError.
        """
        self._numbers = numbers(os.uname().machine)
        self.pid, self._proxy = _spawn(program, flag)
        self._pidfd = os.pidfd_open(self.pid)
        try:
            if flag != kernel.CLONE_NEWPID:
                self._call("unshare", flag)
            self._call("rt_sigaction", signal.SIGCHLD, BUFFER, 0, _SIGNAL_SET_SIZE, data=_IGNORED)
        except OSError:
            self.end()
            raise

    def end(self) -> None:
        """End it and collect it, unless the harness's reaper already has."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        os.close(self._pidfd)
        self._proxy.close()

    def _call(self, name: str, *arguments: int, data: bytes = b"") -> None:
        try:
            result, _ = self._proxy.call(self._numbers[name], *arguments, data=data, timeout=_SECONDS)
        except ProbeError as error:
            raise OSError(f"a resident of a namespace: {error}") from error
        if result < 0:
            raise OSError(-result, os.strerror(-result), name)


def _spawn(program: str, flag: int) -> tuple[int, Proxy]:
    """Start the probe, as the first process of a pid namespace if the flag says so."""
    machine = os.uname().machine
    with open(program, "xb", opener=lambda path, flags: os.open(path, flags, _PROGRAM_MODE)) as file:
        file.write(probe.build(machine, "proxy"))
    stdin, to_probe = os.pipe()
    from_probe, stdout = os.pipe()
    proxy = Proxy(to_probe, from_probe, machine)
    try:
        if flag != kernel.CLONE_NEWPID:
            return _execute(program, stdin, stdout), proxy
        # The namespace for children belongs to a thread, so ours are not born into it.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(_execute_inside, program, stdin, stdout).result(), proxy
    except OSError:
        proxy.close()
        raise
    finally:
        os.close(stdin)
        os.close(stdout)
        os.unlink(program)


def _execute_inside(program: str, stdin: int, stdout: int) -> int:
    kernel.unshare(kernel.CLONE_NEWPID)
    return _execute(program, stdin, stdout)


def _execute(program: str, stdin: int, stdout: int) -> int:
    streams = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1)]
    return os.posix_spawn(program, [program], {}, file_actions=streams, setsigmask=())
