"""Writes the archives that `start` reads: modules without docstrings, annotations and line numbers.

The first call of an operation imports in the ordinary way and notes the order; later ones add what they miss. Annotations
are a sixth of the time that a function takes to be made, and nobody reads them at run time.
"""

import posix
import sys
from marshal import dumps  # built in

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence
    from types import CodeType, ModuleType
    from typing import Any

    Source = tuple[str, str, bool, int, int]
    Content = tuple[list[Source], list[CodeType], dict[str, tuple[Source, bytes]]]
    """As in `start`."""

_PACKAGE = "reference_runtime"


def recorded(directory: str, words: "Sequence[str]") -> int:
    """Carry out a call and note what it imports; returns its exit status."""
    from reference_runtime import OPERATIONS

    operation = next((word for word in words if word in OPERATIONS), "")
    recording = _Recording() if operation and "--debug" not in words else None
    from reference_runtime.main import main

    status = main(words)
    if recording and not status:
        sources = [_source(directory, name) for name in recording.order]
        _save(directory, operation, (sources, [_code(directory, source) for source in sources], {}))
    return status


def extend(directory: str, words: "Sequence[str]", content: "Content") -> None:
    """Add what a call has imported beyond its archive."""
    from reference_runtime import OPERATIONS

    operation = next(word for word in words if word in OPERATIONS)
    sources, codes, kept = content
    common = {source[0] for source in sources}
    names = [name for name in sys.modules if name.startswith(_PACKAGE) and name not in common and name != __name__]
    for name in names:
        source = _source(directory, name)
        if name not in kept or kept[name][0] != source:
            kept[name] = source, dumps(_code(directory, source))
    _save(directory, operation, (sources, codes, kept))


class _Recording:
    """Notes which modules are imported, dependencies first."""

    def __init__(self) -> None:
        import builtins

        self.order = [_PACKAGE]
        self._known = set(sys.modules)  # what brought us here is not our affair
        self._import = builtins.__import__
        builtins.__import__ = self._recording

    def _recording(self, *details: "Any", **named: "Any") -> "ModuleType":
        module: ModuleType = self._import(*details, **named)
        for each in tuple(sys.modules):
            if each.startswith(f"{_PACKAGE}.") and each not in self._known and not _is_being_imported(sys.modules[each]):
                self._known.add(each)
                self.order.append(each)
        return module


def _is_being_imported(module: "ModuleType") -> bool:
    return bool(getattr(module.__spec__, "_initializing", False))


def _save(directory: str, operation: str, content: "Content") -> None:
    """Write the file for the calls to come. Who may not write there goes without."""
    if sys.dont_write_bytecode:
        return
    path = f"{directory}/__pycache__/{operation}.{sys.implementation.cache_tag}.bin"
    temporary = f"{path}.{posix.getpid()}"
    data = dumps(content)
    try:
        descriptor = posix.open(temporary, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, 0o644)
        while data:
            data = data[posix.write(descriptor, data) :]
        posix.close(descriptor)
        posix.rename(temporary, path)
    except OSError:
        return


def _source(directory: str, name: str) -> "Source":
    """Return where a module comes from, and how its file looks now."""
    base = name.replace(".", "/").removeprefix(_PACKAGE).removeprefix("/")
    is_package = hasattr(sys.modules[name], "__path__")
    path = f"{base}/__init__.py".removeprefix("/") if is_package else f"{base}.py"
    status = posix.stat(f"{directory}/{path}")
    return name, path, is_package, status.st_mtime_ns, status.st_size


def _code(directory: str, source: "Source") -> "CodeType":
    import ast

    from reference_runtime.kernel.files import read_bytes

    path = f"{directory}/{source[1]}"
    tree = ast.fix_missing_locations(_without_annotations(ast.parse(read_bytes(path))))
    return _stripped(compile(tree, "", "exec", dont_inherit=True, optimize=2))


def _without_annotations(tree: "ast.Module") -> "ast.Module":
    import ast

    class Plain(ast.NodeTransformer):
        def visit_arg(self, node: ast.arg) -> ast.arg:
            node.annotation = None
            return node

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
            node.returns = None
            self.generic_visit(node)
            return node

        def visit_AnnAssign(self, node: ast.AnnAssign) -> "ast.AST | None":
            return ast.Assign([node.target], node.value) if node.value else ast.Pass()

        def visit_If(self, node: ast.If) -> ast.AST:
            typing = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            return ast.Pass() if typing else self.generic_visit(node)

    plain: ast.Module = Plain().visit(tree)
    return plain


def _stripped(code: "CodeType") -> "CodeType":
    """Return the code without line numbers, which are a quarter of it."""
    constants = tuple(_stripped(each) if hasattr(each, "co_consts") else each for each in code.co_consts)
    return code.replace(co_consts=constants, co_linetable=b"")
