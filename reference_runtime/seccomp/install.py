"""Hand a compiled filter to the kernel: seccomp(2)."""

from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.syscall import address, syscall
from reference_runtime.seccomp.constants import FLAGS, NEW_LISTENER, TSYNC_ESRCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.seccomp.compile import Filter

_SET_MODE_FILTER = 1
_EFAULT = 14
_EINVAL = 22
_LISTENING = NEW_LISTENER | TSYNC_ESRCH


def check(filter_: "Filter") -> None:
    """Refuse flags that this kernel does not know, before anything is changed. Raises RuntimeFault."""
    if filter_.flags and not knows(filter_.flags):
        unknown = [name for name, flag in FLAGS.items() if filter_.flags & flag and not knows(flag | filter_.flags & _LISTENING)]
        what = ", ".join(unknown) or "notifications"
        raise RuntimeFault(f"this kernel does not know {what}", where="$.linux.seccomp.flags" if unknown else "$.linux.seccomp")


def knows(flags: int) -> bool:
    """Return whether the kernel takes these flags together: without a program it faults if so, and finds them invalid if not."""
    try:
        syscall("seccomp", _SET_MODE_FILTER, flags, 0)
    except OSError as error:
        return error.errno == _EFAULT
    return True


def install(filter_: "Filter") -> int:
    """Put the calling thread under the filter; return the descriptor for notifications, -1 if the filter has none.

    Needs no_new_privs or CAP_SYS_ADMIN. Raises RuntimeFault.
    """
    program = bytearray(filter_.program)
    # struct sock_fprog: the number of instructions, padding, where they are.
    description = (len(program) // 8).to_bytes(8, "little") + address(program).to_bytes(8, "little")
    try:
        returned = syscall("seccomp", _SET_MODE_FILTER, filter_.flags, description)
    except OSError as error:
        raise RuntimeFault.of("cannot install the filter", error, where="$.linux.seccomp") from None
    if filter_.flags & NEW_LISTENER:
        return returned
    if returned:
        raise RuntimeFault(f"thread {returned} cannot be put under the filter", where="$.linux.seccomp.flags")
    return -1
