"""Reads JSON from people that may mean harm: size, depth, duplicate names, NaN, huge numbers and lone surrogates.

The json package takes 7 ms to import; its C half does all the work.
"""

import posix

from reference_runtime.extension import extension
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.files import read_descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

LIMIT = 2 << 20
"""Bytes of a document: about what the kernel takes as arguments and environment. The densest one ("[],[],...") takes 45 MB."""
_DIGITS = 40
_S_IFMT, _S_IFREG, _S_IFDIR = 0o170000, 0o100000, 0o040000
_WHITESPACE = " \t\r\n"


class _Context:
    """What the scanner of `_json` asks for, as json.JSONDecoder has it."""

    strict = True
    object_hook = None
    parse_float = float

    @staticmethod
    def object_pairs_hook(pairs: "list[tuple[str, Any]]") -> "dict[str, Any]":
        """Refuse two values for one name: readers differ in which they take."""
        value = dict(pairs)
        if len(value) != len(pairs):
            for name, _ in pairs:
                if name not in value:  # taken out already
                    raise ValueError(f"the name {name!r} occurs twice in one object")
                del value[name]
        return value

    @staticmethod
    def parse_int(text: str) -> int:
        """Refuse numbers that no field can hold, before they cost time."""
        if len(text) > _DIGITS:
            raise ValueError(f"a number of {len(text)} digits")
        return int(text)

    @staticmethod
    def parse_constant(name: str) -> "NoReturn":
        """Refuse NaN and Infinity, which are no JSON."""
        raise ValueError(f"{name} is no JSON value")


def read_document(path: str, *, regular: bool = False) -> "tuple[Any, bytes]":
    """Return the value of a JSON file and its content; "-" is standard input. Raises RuntimeFault.

    With `regular` a pipe or a device, which the caller has not chosen, is refused before it can make us wait.
    """
    try:
        if regular and posix.stat(path).st_mode & _S_IFMT not in {_S_IFREG, _S_IFDIR}:
            raise RuntimeFault(f"{path} is not a regular file")
        flags = posix.O_RDONLY | posix.O_CLOEXEC | (posix.O_NONBLOCK if regular else 0)
        descriptor = 0 if path == "-" else posix.open(path, flags)
        try:
            content = read_descriptor(descriptor, limit=LIMIT + 1)
        finally:
            if descriptor:
                posix.close(descriptor)
    except OSError as error:
        raise RuntimeFault(f"cannot read {path}", why=reason(error)) from error
    return parse(content, name=path), content


def parse(content: bytes, *, name: str) -> "Any":
    """Return the value of a JSON text; `name` says in a RuntimeFault which document is wrong."""
    if len(content) > LIMIT:
        raise RuntimeFault(f"{name} is larger than {LIMIT >> 20} MiB")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise RuntimeFault(f"{name} is not UTF-8", why=f"byte {error.start}") from error
    try:
        try:
            return _scan(text)
        except SystemError:
            import json.decoder  # noqa: F401  # the scanner makes its errors of what is there, and fails where nothing is

            return _scan(text)
    except StopIteration as error:
        raise RuntimeFault(f"{name} is not JSON", why=f"no value at character {error.value}") from error
    except RecursionError as error:
        raise RuntimeFault(f"{name} is nested too deeply") from error
    except ValueError as error:
        raise RuntimeFault(f"{name} is not valid JSON", why=str(error)) from error


def _scan(text: str) -> "Any":
    begin = len(text) - len(text.lstrip(_WHITESPACE))
    value, end = _scanner()(text, begin)
    if text[end:].strip(_WHITESPACE):
        raise ValueError(f"something follows the value at character {end}")
    if "\\ud" in text or "\\uD" in text:
        _refuse_surrogates(value)
    return value


def _scanner() -> "Any":
    try:
        make_scanner = extension("_json").make_scanner
    except ImportError:  # a Python without the C half
        from json.scanner import make_scanner
    return make_scanner(_Context)  # it reads the attributes of whatever it gets


def _refuse_surrogates(value: "Any") -> None:
    """Raise UnicodeEncodeError, a ValueError, for a string with half a character."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict):
        for name, member in value.items():
            name.encode()
            _refuse_surrogates(member)
    elif isinstance(value, list):
        for item in value:
            _refuse_surrogates(item)
