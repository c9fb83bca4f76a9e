"""Faults of a layer."""

import gzip
import tarfile
from collections.abc import Mapping
from types import MappingProxyType

from tests.specs.image.faults.edits import Fault, _bytes, _fixed, _layer
from tests.specs.image.layouts import BASE, layout, member

LAYER_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "no archive": _bytes(b"x" * 1024, "layer.tar-archive"),
        "an archive that stops in a file": _bytes(_fixed(b"0", 4096) + b"x" * 512, "layer.tar-archive"),
        "an archive that stops in a header": _bytes(BASE[:700], "layer.tar-archive"),
        "a PAX header of rubbish": _bytes(_fixed(b"x", 4) + b"abc\n".ljust(512, b"\0"), "layer.tar-archive"),
        "no gzip": _bytes(BASE, "layer.plus-gzip", suffix="+gzip"),
        "gzip cut short": (
            lambda: layout(archives=[BASE], pack=lambda data: gzip.compress(data, mtime=0)[:-9]),
            {"layer.plus-gzip"},
        ),
        "gzip with a wrong checksum": (
            lambda: layout(archives=[BASE], pack=lambda data: gzip.compress(data, mtime=0)[:-8] + bytes(8)),
            {"layer.plus-gzip"},
        ),
        "two entries of one name": _layer(member("a"), member("b"), member("a"), broken=("layer.no-duplicates",)),
        "sparse by PAX": _layer(member("a", pax={"GNU.sparse.major": "1"}), broken=("layer.sparse",)),
        "sparse by GNU": (lambda: layout(archives=[_fixed(b"S", 0) + bytes(1024)]), {"layer.sparse"}),
        "whiteout with content": _layer(member("etc/.wh.a", b"x"), broken=("layer.whiteout.empty-file",)),
        "whiteout a directory": _layer(member("etc/.wh.a", kind=tarfile.DIRTYPE), broken=("layer.whiteout.regular-type",)),
        "whiteout after a directory": _layer(
            member("etc/d", kind=tarfile.DIRTYPE), member("etc/.wh.a"), broken=("layer.whiteout.order-first",)
        ),
        "opaque whiteout": _layer(member("etc/.wh..wh..opq"), broken=("layer.whiteout.explicit-generate",)),
    }
)
