"""Imports what an operation needs from one file. Python looks in a dozen places for each of sixty modules: 8 ms, 3 ms this way.

The file lies beside the modules' ordinary bytecode. The first call of an operation imports in the ordinary way and writes it:
the modules in an order in which each finds what it imports, without docstrings and line numbers. If one of the sources has
changed since, the file is made anew. With --debug it is left alone, so that tracebacks have their lines.
"""

import posix
import sys
from marshal import dumps, loads  # built in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any

    Source = tuple[str, str, bool, int, int]
    """A module's name, its file below our directory, is it a package, the file's time of change in ns, its size."""

_PREFIX = "reference_runtime."


class Archive:
    """The modules of one operation."""

    __slots__ = ("_directory", "_import", "_known", "_order", "_path")

    def __init__(self, directory: str, operation: str) -> None:
        """`directory` is that of the package."""
        self._directory = directory
        self._path = f"{directory}/__pycache__/{operation}.{sys.implementation.cache_tag}.bin"
        self._order: list[str] = []
        self._known: set[str] = set()
        self._import: Any = None

    def load(self) -> bool:
        """Run all modules of the file; returns False if there is none, or not of the present sources."""
        try:
            descriptor = posix.open(self._path, posix.O_RDONLY | posix.O_CLOEXEC)
            content = posix.read(descriptor, posix.fstat(descriptor).st_size)
            posix.close(descriptor)
            sources, codes = loads(content)  # noqa: S302  # as trusted as the bytecode beside it
            if not all(self._is_current(source) for source in sources):
                return False
        except (OSError, ValueError, EOFError, TypeError):
            return False
        for (name, path, is_package, _, _), code in zip(sources, codes, strict=True):
            if name not in sys.modules:
                self._run(name, f"{self._directory}/{path}", code, is_package=is_package)
        return True

    def _is_current(self, source: "Source") -> bool:
        status = posix.stat(f"{self._directory}/{source[1]}")
        return (status.st_mtime_ns, status.st_size) == source[3:]

    @staticmethod
    def _run(name: str, path: str, code: "CodeType", *, is_package: bool) -> None:
        module = sys.modules[name] = type(sys)(name)
        parent, _, child = name.rpartition(".")
        module.__file__ = path
        module.__package__ = name if is_package else parent
        if is_package:
            module.__path__ = [path.rpartition("/")[0]]
        exec(code, module.__dict__)  # noqa: S102  # as any import does
        setattr(sys.modules[parent], child, module)

    def record(self) -> None:
        """Note from now on which modules are imported, dependencies first."""
        import builtins

        self._known = set(sys.modules)  # what brought us here is not our affair
        self._import = builtins.__import__
        builtins.__import__ = self._recording

    def _recording(self, *details: "Any", **named: "Any") -> "ModuleType":
        module: ModuleType = self._import(*details, **named)
        for each in tuple(sys.modules):
            if each.startswith(_PREFIX) and each not in self._known and not _is_being_imported(sys.modules[each]):
                self._known.add(each)
                self._order.append(each)
        return module

    def save(self) -> None:
        """Write the file for the calls to come. Who may not write there goes without."""
        if sys.dont_write_bytecode:
            return
        try:
            modules = [(self._source(name), self._code(name)) for name in self._order]
            content = dumps(([source for source, _ in modules], [code for _, code in modules]))
            temporary = f"{self._path}.{posix.getpid()}"
            descriptor = posix.open(temporary, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, 0o644)
            while content:
                content = content[posix.write(descriptor, content) :]
            posix.close(descriptor)
            posix.rename(temporary, self._path)
        except OSError:
            return

    def _source(self, name: str) -> "Source":
        path = sys.modules[name].__file__ or ""
        status = posix.stat(path)
        is_package = path.endswith("/__init__.py")
        return name, path[len(self._directory) + 1 :], is_package, status.st_mtime_ns, status.st_size

    def _code(self, name: str) -> "CodeType":
        path = sys.modules[name].__file__ or ""
        from reference_runtime.kernel.files import read_bytes

        return _stripped(compile(read_bytes(path), path, "exec", dont_inherit=True, optimize=2))


def _is_being_imported(module: "ModuleType") -> bool:
    return bool(getattr(module.__spec__, "_initializing", False))


def _stripped(code: "CodeType") -> "CodeType":
    """Return the code without line numbers, which are a quarter of it."""
    constants = tuple(_stripped(each) if hasattr(each, "co_consts") else each for each in code.co_consts)
    return code.replace(co_consts=constants, co_linetable=b"")
