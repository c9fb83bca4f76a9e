"""Judges an image layout: opens it, looks at its fixed files, has its contents walked, reports (image-layout.md)."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from specs.validation.finding import Breach, Finding
from specs.validation.image import documents, files
from specs.validation.image.blobs import Store
from specs.validation.image.limits import Limits
from specs.validation.image.report import Report
from specs.validation.image.walk import Walk
from specs.validation.reading import UnreadableError

REQUIREMENTS = (
    "layout.blobs.dir-exists",
    "layout.blobs.dir-empty-ok",
    "layout.blobs.unreferenced-ok",
    "layout.oci-layout-file",
    "layout.oci-layout-json-object",
    "layout.index-json-exists",
    "layout.index-json-required",
)
"""What this module can find, beside what the documents' own judges find."""

_INDEX = "index.json"
_HEADER = "oci-layout"


def judge(path: str, limits: Limits | None = None) -> list[Finding]:
    """Return what is wrong with the layout at `path`; raises UnreadableError if it is no directory that can be opened."""
    bounds = limits or Limits()
    report = Report(bounds)
    with _opened(path) as root, ExitStack() as stack:
        report.add(_HEADER, _header(root, bounds))
        blobs = _blobs_directory(root, report)
        if blobs is not None:
            stack.callback(os.close, blobs)
        store = Store(blobs, bounds)
        try:
            if (index := _index(root, report, bounds)) is not None:
                Walk(store, report, bounds).index(_INDEX, index)
            for place, breach in store.sweep():
                report.add(place, [breach])
        except OSError as error:
            why = f"not judged any further: {error.strerror or error}, perhaps because the layout changes"
            report.add("", [Breach((), "", why, unjudged=True)])
        report.add("blobs", _permitted(store, is_there=blobs is not None))
    return report.findings(path.rstrip("/") or "/")


@contextmanager
def _opened(path: str) -> Iterator[int]:
    try:
        root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    try:
        yield root
    finally:
        os.close(root)


def _header(root: int, limits: Limits) -> Iterator[Breach]:
    """Judge the file oci-layout."""
    try:
        data = _read(_HEADER, root, limits)
    except FileNotFoundError:
        yield Breach((), "layout.oci-layout-file", "there is no such file", invalid=True)
        return
    except OSError as error:
        yield Breach((), "", f"not judged: {error}", unjudged=True)
        return
    found = documents.parse(data, limits=limits, not_json="layout.oci-layout-json-object")
    yield from found.breaches
    if found.usable:
        yield from documents.judge(found.value, documents.LAYOUT)


def _index(root: int, report: Report, limits: Limits) -> bytes | None:
    """Read index.json; None, with a breach in the report, if there is nothing to read."""
    try:
        return _read(_INDEX, root, limits)
    except FileNotFoundError:
        missing = ("layout.index-json-exists", "layout.index-json-required")
        report.add(_INDEX, [Breach((), requirement, "there is no such file", invalid=True) for requirement in missing])
    except OSError as error:
        report.add(_INDEX, [Breach((), "", f"not judged: {error}", unjudged=True)])
    return None


def _blobs_directory(root: int, report: Report) -> int | None:
    try:
        return files.open_directory("blobs", parent=root)
    except FileNotFoundError:
        report.add("blobs", [Breach((), "layout.blobs.dir-exists", "there is no such directory", invalid=True)])
    except files.WrongKindError as error:
        if error.is_link:
            report.add("blobs", [Breach((), "", f"not judged: {error}", unjudged=True)])
        else:
            report.add("blobs", [Breach((), "layout.blobs.dir-exists", f"expected a directory: {error}", invalid=True)])
    except OSError as error:
        report.add("blobs", [Breach((), "", f"not judged: {error}", unjudged=True)])
    return None


def _permitted(store: Store, *, is_there: bool) -> Iterator[Breach]:
    """Say what is permitted and worth knowing."""
    if store.unreferenced:
        message = f"{store.unreferenced} that nothing from index.json leads to: only their digests were looked at"
        yield Breach((), "layout.blobs.unreferenced-ok", message)
    if is_there and not store.swept:
        yield Breach((), "layout.blobs.dir-empty-ok", "holds no blob")


def _read(name: str, root: int, limits: Limits) -> bytes:
    """Read a file up to one byte more than is judged; raises FileNotFoundError and OSError."""
    descriptor = files.open_file(name, parent=root)
    with open(descriptor, "rb") as file:
        return file.read(limits.document_bytes + 1)
