"""Builds small image layouts, right in every respect unless a test edits one thing."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
EMPTY = "application/vnd.oci.empty.v1+json"
REF_NAME = "org.opencontainers.image.ref.name"

Edit = Callable[[Any], object]


def same(_value: Any) -> None:
    """Edit nothing."""


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def member(
    name: str, data: bytes = b"", *, kind: bytes = tarfile.REGTYPE, linkname: str = "", pax: dict[str, str] | None = None
) -> tuple[tarfile.TarInfo, bytes]:
    """Return one entry of a layer."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname, info.mtime, info.pax_headers = len(data), kind, linkname, 1, pax or {}
    return info, data


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


BASE = archive(
    member("etc", kind=tarfile.DIRTYPE), member("etc/motd", b"hello\n"), member("etc/link", kind=tarfile.SYMTYPE, linkname="motd")
)
CHANGE = archive(
    member("etc/.wh.motd"), member("etc/issue", b"new\n"), member("etc/issue.old", kind=tarfile.LNKTYPE, linkname="etc/issue")
)


class Layout:
    """A layout in the making: its files by their paths."""

    def __init__(self) -> None:
        self.has_blobs = True
        self.files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    def blob(self, data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        """Put a blob in and return its descriptor."""
        digest = sha256(data)
        self.files["blobs/" + digest.replace(":", "/")] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def document(self, value: Any, media_type: str, **more: Any) -> dict[str, Any]:
        return self.blob(canonical(value), media_type, **more)

    def write(self, root: Path) -> Path:
        root.mkdir(exist_ok=True)
        if self.has_blobs:
            (root / "blobs").mkdir()
        for place, data in self.files.items():
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            (root / place).write_bytes(data)
        return root


def image(
    layout: Layout,
    *,
    archives: Iterable[bytes] = (BASE, CHANGE),
    pack: Callable[[bytes], bytes] = lambda data: gzip.compress(data, mtime=0),
    suffix: str = "+gzip",
    config: Edit = same,
    manifest: Edit = same,
) -> dict[str, Any]:
    """Put an image into the layout and return its descriptor; `config` and `manifest` edit those documents in place."""
    contents = list(archives)
    configuration: dict[str, Any] = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2024-02-29T12:00:00Z",
        "config": {
            "Env": ["PATH=/bin"],
            "Cmd": ["sh"],
            "ExposedPorts": {"80/tcp": {}},
            "Labels": {"com.example.a": ""},
            "User": None,
        },
        "rootfs": {"type": "layers", "diff_ids": [sha256(each) for each in contents]},
        "history": [{"created_by": "test"} for _ in contents] + [{"empty_layer": True, "comment": None}],
    }
    config(configuration)
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.document(configuration, CONFIG),
        "layers": [layout.blob(pack(each), LAYER + suffix) for each in contents],
        "annotations": {
            "org.opencontainers.image.created": "2024-02-29T12:00:00.5+01:00",
            "org.opencontainers.image.licenses": "MIT OR (BSD-2-Clause AND Zlib)",
        },
    }
    manifest(document)
    return layout.document(document, MANIFEST, platform={"architecture": "amd64", "os": "linux"})


def index(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}


def layout(*, top: Edit = same, **image_edits: Any) -> Layout:
    """Return a layout with one image; `top` edits index.json in place, the rest is as for `image`."""
    made = Layout()
    entry = image(made, **image_edits)
    document = index({**entry, "annotations": {REF_NAME: "v1.0"}})
    top(document)
    made.files["index.json"] = canonical(document)
    return made
