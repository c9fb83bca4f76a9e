"""Pseudoterminals by ioctl(2), without a path for the second half: TIOCGPTPEER opens it from the first."""

import posix

from reference_runtime.kernel.syscall import syscall

TIOCGWINSZ = 0x5413
TIOCSWINSZ = 0x5414
TIOCSCTTY = 0x540E
_TIOCSPTLCK = 0x40045431
_TIOCGPTN = 0x80045430
_TIOCGPTPEER = 0x5441


def open_peer(master: int) -> int:
    """Unlock the other half of a terminal and return a descriptor of it, close on exec."""
    syscall("ioctl", master, _TIOCSPTLCK, bytes(4))
    return syscall("ioctl", master, _TIOCGPTPEER, posix.O_RDWR | posix.O_NOCTTY | posix.O_CLOEXEC)


def terminal_number(master: int) -> int:
    """Return N of /dev/pts/N."""
    buffer = bytearray(4)
    syscall("ioctl", master, _TIOCGPTN, buffer)
    return int.from_bytes(buffer, "little")


def set_size(terminal: int, *, height: int, width: int) -> None:
    """Set the size in characters."""
    syscall("ioctl", terminal, TIOCSWINSZ, height.to_bytes(2, "little") + width.to_bytes(2, "little") + bytes(4))


def make_controlling(terminal: int) -> None:
    """Make it the controlling terminal of the caller, who leads a session and has none."""
    syscall("ioctl", terminal, TIOCSCTTY, 0)
