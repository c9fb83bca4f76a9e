"""The quick way in and out: modules from one file, and an exit without the interpreter's own clean-up (0.6 ms).

Python looks in a dozen places for each of eighty modules: 8 ms. Here they come from one file, the archive of the operation,
in an order in which each finds what it imports: 3 ms. What only some calls need, such as seccomp's modules, is kept there too
and run when it is asked for. `archive` writes the file; if one of the sources has changed since, it is made anew.

This is executed before the package is there, so it imports nothing of it until the modules are in place.
"""

import gc
import posix
import sys
from marshal import loads  # built in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _frozen_importlib import ModuleSpec
    from collections.abc import Sequence
    from types import CodeType, ModuleType
    from typing import NoReturn

    Source = tuple[str, str, bool, int, int]
    """A module's name, its file below our directory, is it a package, the file's time of change in ns, its size."""
    Content = tuple[list[Source], list[CodeType], dict[str, tuple[Source, bytes]]]
    """The modules of every call and their code; by name what only some calls have needed, its code still packed."""


def start(directory: str, words: "Sequence[str]") -> "NoReturn":
    """Carry out one call and exit; `directory` is that of the package. With --debug tracebacks have their lines."""
    status = 1
    try:
        gc.disable()  # a call makes no garbage that would be worth the search for it
        sys.path.insert(0, directory.rpartition("/")[0])
        content = None if "--debug" in words else read(directory, words)
        if content is None:
            from reference_runtime.archive import recorded

            status = recorded(directory, words)
        else:
            kept = Kept(directory, content)
            from reference_runtime.main import main

            status = main(words)
            if kept.missed:
                from reference_runtime.archive import extend

                extend(directory, words, content)
    finally:
        posix._exit(status)


def archive_path(directory: str, operation: str) -> str:
    """Return the file of an operation; it lies beside the modules' ordinary bytecode."""
    return f"{directory}/__pycache__/{operation}.{sys.implementation.cache_tag}.bin"


def read(directory: str, words: "Sequence[str]") -> "Content | None":
    """Return the archive of the first word that has one, or None if there is none, or not of the present sources."""
    for word in words:
        if not word.isalpha():  # no operation, and nothing that may become a part of a path
            continue
        try:
            descriptor = posix.open(archive_path(directory, word), posix.O_RDONLY | posix.O_CLOEXEC)
            content = loads(posix.read(descriptor, posix.fstat(descriptor).st_size))  # noqa: S302  # as trusted as bytecode
            posix.close(descriptor)
            sources, codes, kept = content
            return (sources, codes, kept) if all(is_current(directory, source) for source in sources) else None
        except FileNotFoundError:
            continue
        except (OSError, ValueError, EOFError, TypeError):
            return None
    return None


def is_current(directory: str, source: "Source") -> bool:
    """Whether a source is as it was when the archive was made."""
    try:
        status = posix.stat(f"{directory}/{source[1]}")
    except OSError:
        return False
    return (status.st_mtime_ns, status.st_size) == source[3:]


class Kept:
    """Runs the modules of every call, and finds the others when they are imported."""

    def __init__(self, directory: str, content: "Content") -> None:
        self.missed = False
        """Whether the archive lacks something that was imported."""
        self._directory = directory
        sources, codes, self._kept = content
        for (name, path, is_package, _, _), code in zip(sources, codes, strict=True):
            self._run(name, f"{directory}/{path}", code, is_package=is_package)
        sys.meta_path.insert(0, self)

    @staticmethod
    def _run(name: str, path: str, code: "CodeType", *, is_package: bool) -> None:
        module = sys.modules[name] = type(sys)(name)
        parent, _, child = name.rpartition(".")
        module.__package__ = name if is_package else parent
        if is_package:
            module.__path__ = [path.rpartition("/")[0]]
        exec(code, module.__dict__)  # noqa: S102  # as any import does
        if parent:
            setattr(sys.modules[parent], child, module)

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":  # noqa: ARG002
        """Return how a module is loaded, or None to leave it to Python (importlib.abc.MetaPathFinder)."""
        found = self._kept.get(name)
        if found and is_current(self._directory, found[0]):
            from _frozen_importlib import ModuleSpec

            _, file, is_package, _, _ = found[0]
            spec = ModuleSpec(name, self, is_package=is_package)  # type: ignore[arg-type]  # a loader by its methods
            if is_package:  # where modules are that no call has needed yet
                spec.submodule_search_locations = [f"{self._directory}/{file}".rpartition("/")[0]]
            return spec
        self.missed |= name.startswith("reference_runtime.")
        return None

    def create_module(self, spec: object) -> None:
        """Leave it to Python (importlib.abc.Loader)."""

    def exec_module(self, module: "ModuleType") -> None:
        """Run the module (importlib.abc.Loader)."""
        exec(loads(self._kept[module.__name__][1]), module.__dict__)  # noqa: S102, S302  # as any import does
