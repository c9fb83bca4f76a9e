"""The quick way in and out: modules from one file, and an exit without the interpreter's own clean-up (0.6 ms).

Python looks in a dozen places for each of eighty modules: 8 ms. Here they come from one file, the archive of the operation,
in an order in which each finds what it imports: 3 ms. What only some calls need, such as seccomp's modules, lies in a second
file, which is read when it is asked for. `archive` writes them; if one of the sources has changed since, they are made anew.

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
    from typing import Any, NoReturn

    Source = tuple[str, str, bool, int, int]
    """A module's name, its file below our directory, is it a package, the file's time of change in ns, its size."""
    More = dict[str, tuple[Source, bytes]]
    """By name what only some calls need, its code still packed."""

_COMPLETE = {"debug", "plan"}
"""Flags that want the modules as they are: with their lines for tracebacks, with their descriptions."""
HEADER = 4
"""How many bytes of an archive say how many follow that describe the sources, and the pieces that come then."""
_LONGEST = 1 << 20


def start(directory: str, words: "Sequence[str]") -> "NoReturn":
    """Carry out one call and exit; `directory` is that of the package."""
    status = 1
    try:
        gc.disable()  # a call makes no garbage that would be worth the search for it
        sys.path.insert(0, directory.rpartition("/")[0])
        complete = any(word.lstrip("-").partition("=")[0] in _COMPLETE for word in words)
        archive = None if complete else _archive(directory, words)
        recording = None
        if not archive and not complete:
            from reference_runtime.archive import Recording

            recording = Recording()
        from reference_runtime.main import main

        status = main(words)
        if recording and not status:
            recording.save(directory, words)
        elif archive and archive.missed:
            from reference_runtime.archive import extend

            extend(directory, archive)
    finally:
        posix._exit(status)


def _archive(directory: str, words: "Sequence[str]") -> "Archive | None":
    """Return the archive of the first word that has one, with its modules in place."""
    for word in words:
        if word.isalpha():  # it may become a part of a path
            archive = Archive(directory, word)
            if archive.run():
                return archive
    return None


class Archive:
    """The modules of one operation. It finds those that are imported later (importlib.abc.MetaPathFinder and Loader)."""

    def __init__(self, directory: str, operation: str) -> None:
        self.missed = False
        """Whether something was imported that is not in here."""
        self.path = f"{directory}/__pycache__/{operation}.{sys.implementation.cache_tag}"
        """Of both files, without their last suffix; they lie beside the modules' ordinary bytecode."""
        self._directory = directory
        self._more: More | None = None

    def run(self) -> bool:
        """Run the modules of every call; returns False if there is no file of them, or not of the present sources."""
        try:
            descriptor = posix.open(f"{self.path}.bin", posix.O_RDONLY | posix.O_CLOEXEC)
        except OSError:
            return False
        sources: list[Source] = []
        try:
            size = int.from_bytes(posix.read(descriptor, HEADER), "little")
            sources, pieces = _read(descriptor, min(size, _LONGEST))
            if not all(self._is_current(source) for source in sources):
                return False
            left = iter(sources)
            for piece in pieces:
                for code in _read(descriptor, piece):
                    self._run(next(left), code)
        except (OSError, ValueError, EOFError, TypeError):
            for source in sources:  # all or none
                sys.modules.pop(source[0], None)
            return False
        finally:
            posix.close(descriptor)
        sys.meta_path.insert(0, self)
        return True

    def _run(self, source: "Source", code: "CodeType") -> None:
        name, path, is_package, _, _ = source
        module = sys.modules[name] = type(sys)(name)
        module.__dict__["modules"] = sys.modules  # in place of most import statements, see `archive`
        if is_package:
            module.__path__ = [f"{self._directory}/{path}".rpartition("/")[0]]
        exec(code, module.__dict__)  # noqa: S102  # as any import does

    def _is_current(self, source: "Source") -> bool:
        status = posix.stat(f"{self._directory}/{source[1]}")
        return (status.st_mtime_ns, status.st_size) == source[3:]

    def more(self) -> "More":
        """Return what only some calls need."""
        if self._more is None:
            try:
                descriptor = posix.open(f"{self.path}.more.bin", posix.O_RDONLY | posix.O_CLOEXEC)
                self._more = _read(descriptor, posix.fstat(descriptor).st_size)
                posix.close(descriptor)
            except (OSError, ValueError, EOFError, TypeError):
                self._more = {}
        return self._more

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":  # noqa: ARG002
        """Return how a module is loaded, or None to leave it to Python."""
        if not name.startswith("reference_runtime."):
            return None
        found = self.more().get(name)
        if not found or not self._is_current(found[0]):
            self.missed = True
            return None
        from _frozen_importlib import ModuleSpec

        _, file, is_package, _, _ = found[0]
        spec = ModuleSpec(name, self, is_package=is_package)  # type: ignore[arg-type]  # a loader by its methods
        if is_package:  # where modules are that no call has needed yet
            spec.submodule_search_locations = [f"{self._directory}/{file}".rpartition("/")[0]]
        return spec

    def create_module(self, spec: object) -> None:
        """Leave it to Python."""

    def exec_module(self, module: "ModuleType") -> None:
        """Run a module."""
        exec(loads(self.more()[module.__name__][1]), module.__dict__)  # noqa: S102, S302  # as any import does


def _read(descriptor: int, size: int) -> "Any":
    """Return the object that comes next in a file. Raises what `Archive.run` catches."""
    return loads(posix.read(descriptor, size))  # noqa: S302  # as trusted as the bytecode beside it
