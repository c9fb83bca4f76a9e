"""A new network namespace has its loopback device down: programs expect it up."""

import posix

from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage

_AF_INET, _SOCK_DGRAM, _SOCK_CLOEXEC = 2, 2, 0o2000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x41


class LoopbackUp:
    """Set lo up, by the ioctl of netdevice(7): no netlink for so little."""

    __slots__ = ()

    def describe(self) -> str:
        """Return one line for --plan."""
        return "set the loopback device up"

    def execute(self, stage: "Stage") -> None:  # noqa: ARG002  # every effect gets the stage
        """Do it in the network namespace of the caller. Raises RuntimeFault."""
        # struct ifreq: the name in 16 bytes, the flags in two.
        request = b"lo".ljust(16, b"\0") + _IFF_UP_RUNNING.to_bytes(2, "little") + bytes(22)
        try:
            socket = syscall("socket", _AF_INET, _SOCK_DGRAM | _SOCK_CLOEXEC, 0)
            try:
                syscall("ioctl", socket, _SIOCSIFFLAGS, request)
            finally:
                posix.close(socket)
        except OSError as error:
            raise RuntimeFault.of("cannot set the loopback device up", error) from None
