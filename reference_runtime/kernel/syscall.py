"""Make a raw system call by its name: `syscall("pivot_root", b".", b".")`.

The ctypes package costs 2 ms to import; its C half, `_ctypes`, is all that a call needs (0.5 ms). That half is private to
Python, so where it is not as we know it, the package is taken.
"""

import posix

from reference_runtime.extension import extension
from reference_runtime.kernel.numbers import NUMBERS, column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_ARGUMENTS = 7
"""The number and the six registers; unused ones are zero."""


def _bind() -> "tuple[Callable[..., int], Callable[[], int], Callable[[bytearray], int]]":
    """Return syscall(2) of the C library, a reader of its errno, and what gives the address of a buffer."""
    _ctypes = extension("_ctypes")
    simple, pointer_function = _ctypes._SimpleCData, _ctypes.CFuncPtr
    word = type("Word", (simple,), {"_type_": "P"})
    result = type("Result", (simple,), {"_type_": "l"})
    char = type("Char", (simple,), {"_type_": "c"})
    flags = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
    function = type("Function", (pointer_function,), {"_flags_": flags, "_restype_": result})
    library = _ctypes.dlopen(None, 0)  # None is the program with the C library in it
    call = function(_ctypes.dlsym(library, "syscall"))
    call.argtypes = (word,) * _ARGUMENTS
    addressof, from_buffer = _ctypes.addressof, char.from_buffer  # type: ignore[attr-defined]  # made by type()
    return call, _ctypes.get_errno, lambda buffer: addressof(from_buffer(buffer))


def _bind_ctypes() -> "tuple[Callable[..., int], Callable[[], int], Callable[[bytearray], int]]":
    """Return the same by way of the documented package."""
    import ctypes  # 2 ms, only where _ctypes is not as we know it

    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    call.argtypes = (ctypes.c_void_p,) * _ARGUMENTS
    return call, ctypes.get_errno, lambda buffer: ctypes.addressof(ctypes.c_char.from_buffer(buffer))


try:
    _call, _errno, address = _bind()
except (ImportError, AttributeError, TypeError):
    _call, _errno, address = _bind_ctypes()

_COLUMN = column(posix.uname().machine)


def syscall(name: str, *arguments: "int | bytes | bytearray | None", path: "str | None" = None) -> int:
    """Call the kernel and return its result.

    bytes are passed by address and only read (end paths with no NUL, Python keeps one); a bytearray is for what the kernel
    fills in. `address(bytearray)` gives a pointer to put into a structure, valid while the array lives and keeps its size.
    Raises OSError with the errno, and with `path` as its file name.
    """
    words = [address(word) if isinstance(word, bytearray) else word for word in arguments]
    result = _call(NUMBERS[name][_COLUMN], *words, *(0,) * (_ARGUMENTS - 1 - len(words)))
    if result == -1:
        error = _errno()
        raise OSError(error, posix.strerror(error), path)
    return result
