"""What the running kernel knows of seccomp(2)."""

from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.syscall import syscall
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
