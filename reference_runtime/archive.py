"""Writes the archives that `start` reads: modules without docstrings, annotations, descriptions and line numbers.

The first call of an operation imports in the ordinary way and notes the order; later ones add what they miss to the second
file. Who may not write there goes without.
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

    from reference_runtime.start import Archive, Source

_PACKAGE = "reference_runtime"
_PIECE = 1 << 15
"""Bytes. Read at once, an archive would add its size to our peak of memory."""


class Recording:
    """Notes which modules are imported, dependencies first."""

    def __init__(self) -> None:
        import builtins

        self._order = [_PACKAGE]
        self._known = {*sys.modules}  # what brought us here is not our affair
        self._import = builtins.__import__
        builtins.__import__ = self._recording

    def _recording(self, *details: "Any", **named: "Any") -> "ModuleType":
        module: ModuleType = self._import(*details, **named)
        for each in tuple(sys.modules):
            if each.startswith(f"{_PACKAGE}.") and each not in self._known and not _is_being_imported(sys.modules[each]):
                self._known.add(each)
                self._order.append(each)
        return module

    def save(self, directory: str, words: "Sequence[str]") -> None:
        """Write what every call of the operation will need."""
        from reference_runtime import OPERATIONS
        from reference_runtime.start import HEADER

        operation = next((word for word in words if word in OPERATIONS), "")
        if operation:
            sources = [_source(directory, name) for name in self._order]
            codes = [_code(directory, source, known=self._order[:index]) for index, source in enumerate(sources)]
            pieces = [dumps(piece) for piece in _pieces(codes)]
            described = dumps((sources, [len(piece) for piece in pieces]))
            content = b"".join((len(described).to_bytes(HEADER, "little"), described, *pieces))
            _save(f"{directory}/__pycache__/{operation}.{sys.implementation.cache_tag}.bin", content)


def extend(directory: str, archive: "Archive") -> None:
    """Add what a call has imported in the ordinary way to what some calls need."""
    more = archive.more()
    for name, module in tuple(sys.modules.items()):
        if name.startswith(f"{_PACKAGE}.") and name != __name__ and getattr(module.__spec__, "has_location", False):
            source = _source(directory, name)
            more[name] = source, dumps(_code(directory, source, known=()))
    _save(f"{archive.path}.more.bin", dumps(more))


def _is_being_imported(module: "ModuleType") -> bool:
    return bool(getattr(module.__spec__, "_initializing", False))


def _pieces(codes: "Sequence[CodeType]") -> "list[list[CodeType]]":
    """Return the codes in pieces that share the memory that they are read into, one after the other."""
    pieces: list[list[CodeType]] = [[]]
    size = 0
    for code in codes:
        size += len(dumps(code))
        if size > _PIECE:
            pieces.append([])
            size = len(dumps(code))
        pieces[-1].append(code)
    return pieces


def _save(path: str, data: bytes) -> None:
    if sys.dont_write_bytecode:
        return
    temporary = f"{path}.{posix.getpid()}"
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


def _code(directory: str, source: "Source", *, known: "Sequence[str]") -> "CodeType":
    """Return a module's code; `known` are modules that are there when it is run."""
    import ast

    from reference_runtime.kernel.files import read_bytes

    path = f"{directory}/{source[1]}"
    tree = _plain(ast.parse(read_bytes(path)))
    tree.body = [new for old in tree.body for new in _linked(old, known)]
    ast.fix_missing_locations(tree)
    return _stripped(compile(tree, "", "exec", dont_inherit=True, optimize=2))


def _linked(statement: "ast.stmt", known: "Sequence[str]") -> "list[ast.stmt]":
    """Return what an import becomes, so that it takes a look-up and no call: x = modules["package.module"].x."""
    import ast

    if not isinstance(statement, ast.ImportFrom) or statement.module not in known:
        return [statement]
    source = "\n".join(
        f"{each.asname or each.name} = modules[{f'{statement.module}.{each.name}'!r}]"
        if f"{statement.module}.{each.name}" in known
        else f"{each.asname or each.name} = modules[{statement.module!r}].{each.name}"
        for each in statement.names
    )
    return ast.parse(source).body


def _plain(tree: "ast.Module") -> "ast.Module":
    import ast

    class Plain(ast.NodeTransformer):
        def visit_arg(self, node: ast.arg) -> ast.arg:
            node.annotation = None
            return node

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            node.returns = None
            return ast.Pass() if node.name == "describe" else self.generic_visit(node)

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
