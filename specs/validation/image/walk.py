"""Walks from an index to whatever it leads to, each thing once: indexes, manifests, configs, layers.

No recursion, so depth costs nothing but the bound; a document that was seen is not entered again, so cycles end and diamonds stay
small. What does not hash to its name is not looked into: it is not what the descriptor speaks of.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from specs.validation.finding import Breach, Path
from specs.validation.image import configs, descriptors, digests, documents, files
from specs.validation.image.blobs import Blob, State, Store
from specs.validation.image.digests import Digest
from specs.validation.image.limits import Limits
from specs.validation.image.report import Report
from specs.validation.image.targets import Entry, Manifest, Targets
from specs.validation.image.unpacked import SUFFIXES, Layer
from specs.validation.rules import apply

REQUIREMENTS = ("layout.blobs.missing-ok", "layout.index-json-is-index", "considerations.canonical-json")
"""What this module finds by itself."""

_DEFAULT = frozenset({"sha256"})


class _Reference(NamedTuple):
    """A descriptor to be followed."""

    document: str
    path: Path
    descriptor: dict[str, Any]
    depth: int


class Walk:
    """One walk through a layout."""

    def __init__(self, store: Store, report: Report, limits: Limits) -> None:
        self._store = store
        self._report = report
        self._limits = limits
        self._waiting: deque[_Reference] = deque()
        self._entered: set[tuple[Digest, str]] = set()
        self._configs: dict[Digest, configs.Config | None] = {}
        self._layers: dict[tuple[Digest, str, frozenset[str]], dict[str, Digest] | None] = {}
        self._targets = Targets()
        self._weight = 0
        self._documents = 0
        self._uncanonical = 0

    def index(self, document: str, data: bytes) -> None:
        """Walk from an index that is no blob, and to the end."""
        value = self._judged(document, data, documents.INDEX, not_json="layout.index-json-is-index")
        if value is not None and not isinstance(value, dict):
            self._report.add(document, [Breach((), "layout.index-json-is-index", "expected an object", invalid=True)])
        self._enqueue(document, value, depth=0)
        while self._waiting:
            self._follow(self._waiting.popleft())
        for place, breach in self._targets.breaches():
            self._report.add(place, [breach])
        if self._uncanonical:
            message = f"{self._uncanonical} of {self._documents} documents are not written as canonical JSON"
            self._report.add("", [Breach((), "considerations.canonical-json", message)])

    def _enqueue(self, document: str, value: Any, *, depth: int) -> None:
        for path, descriptor in descriptors.places(value):
            self._waiting.append(_Reference(document, path, descriptor, depth))

    def _follow(self, reference: _Reference) -> None:
        document, path, descriptor, _ = reference
        digest = digests.parse(descriptor.get("digest"))
        media_type = descriptor.get("mediaType")
        if digest is None or not isinstance(media_type, str):
            return  # the schema has said so
        blob = self._store.blob(digest)
        self._report.add(document, descriptors.against(path, descriptor, blob))
        self._report.add(document, _not_here(path, digest, blob))
        if blob.state is not State.SOUND:
            return
        if media_type in (documents.MANIFEST, documents.INDEX):
            self._enter(digest, media_type, reference)
        elif media_type == documents.CONFIG:
            self._config(digest)
        elif media_type in SUFFIXES and (digest, media_type) not in self._entered:
            self._layer(digest, media_type, _DEFAULT)
        if media_type == documents.MANIFEST and path[0] == "manifests":
            self._targets.entries.append(Entry(document, path, digest, descriptor.get("artifactType"), "platform" in descriptor))

    def _enter(self, digest: Digest, media_type: str, reference: _Reference) -> None:
        """Look into a manifest or an index, once."""
        if (digest, media_type) in self._entered:
            return
        if reference.depth > self._limits.index_depth:
            why = f"not judged: more than {self._limits.index_depth} documents lead here one after the other"
            self._report.add(reference.document, [Breach(reference.path, "", why, unjudged=True)])
            return
        self._entered.add((digest, media_type))
        value = self._blob_document(digest, media_type)
        self._enqueue(place(digest), value, depth=reference.depth + 1)
        if media_type == documents.MANIFEST and isinstance(value, dict):
            self._image(digest, value)

    def _image(self, digest: Digest, manifest: dict[str, Any]) -> None:
        """Compare a manifest with its config, where that is a container image's."""
        named = _named(manifest.get("config"), (documents.CONFIG,))
        config = self._config(named[0]) if named else None
        self._targets.manifests[digest] = Manifest.of(manifest, config)
        layers = manifest.get("layers")
        if named is None or config is None or config.diff_ids is None or not isinstance(layers, list):
            return
        algorithms = config.algorithms or _DEFAULT
        found = [self._layer(*layer, algorithms) if (layer := _named(each, SUFFIXES)) else None for each in layers]
        self._report.add(place(named[0]), apply(configs.LAYER_RULES, configs.Layers(config.diff_ids, found)))

    def _config(self, digest: Digest) -> configs.Config | None:
        """Judge the config of a container image, once; None if it cannot be read."""
        if digest not in self._configs:
            sound = self._store.blob(digest).state is State.SOUND
            value = self._blob_document(digest, documents.CONFIG) if sound else None
            self._configs[digest] = configs.Config.of(value)
        return self._configs[digest]

    def _layer(self, digest: Digest, media_type: str, algorithms: frozenset[str]) -> dict[str, Digest] | None:
        """Judge a layer, once for each type and set of algorithms; return its DiffIDs, None where they are unknown."""
        key = (digest, media_type, algorithms)
        if key not in self._layers:
            self._layers[key] = self._unpack(*key) if self._store.blob(digest).state is State.SOUND else None
        return self._layers[key]

    def _unpack(self, digest: Digest, media_type: str, algorithms: Iterable[str]) -> dict[str, Digest] | None:
        is_new = (digest, media_type) not in self._entered
        self._entered.add((digest, media_type))
        with self._store.opened(digest) as descriptor:
            layer = Layer(files.chunks(descriptor), media_type=media_type, algorithms=algorithms, limits=self._limits)
            self._report.add(place(digest), (each for each in layer.breaches() if is_new))
        return layer.diff_ids

    def _blob_document(self, digest: Digest, media_type: str) -> Any:
        """Read and judge a document; None if there is nothing to judge."""
        if self._weight > self._limits.values:
            why = f"not judged: the documents before it have more than {self._limits.values} values"
            self._report.add(place(digest), [Breach((), "", why, unjudged=True)])
            return None
        with self._store.opened(digest) as descriptor:
            data = os.pread(descriptor, self._limits.document_bytes + 1, 0)
        return self._judged(place(digest), data, media_type)

    def _judged(self, document: str, data: bytes, media_type: str, *, not_json: str = "considerations.json-suffix") -> Any:
        self._weight += min(documents.weight(data), self._limits.document_values)
        found = documents.parse(data, limits=self._limits, not_json=not_json)
        self._report.add(document, found.breaches)
        if not found.usable:
            return None
        self._documents += 1
        self._uncanonical += not documents.is_canonical(data, found.value)
        self._report.add(document, documents.judge(found.value, media_type))
        return found.value


def place(digest: Digest) -> str:
    """Return where a blob lies below the layout."""
    return f"blobs/{digest.algorithm}/{digest.encoded}"


def _named(descriptor: Any, media_types: Iterable[str]) -> tuple[Digest, str] | None:
    """Return digest and type of a descriptor, if it is one and of these types."""
    if not isinstance(descriptor, dict):
        return None
    digest, media_type = digests.parse(descriptor.get("digest")), descriptor.get("mediaType")
    return (digest, media_type) if digest and isinstance(media_type, str) and media_type in media_types else None


def _not_here(path: Path, digest: Digest, blob: Blob) -> Iterator[Breach]:
    """Say why the content of a descriptor was not looked at, where that is no reproach."""
    if blob.state is State.MISSING:
        yield Breach((*path, "digest"), "layout.blobs.missing-ok", "the blob is not here, and was not looked at")
    elif blob.state is State.UNREAD:
        yield Breach((*path, "digest"), "", f"not judged: {blob.why}", unjudged=True)
    elif blob.state is State.UNVERIFIED:
        yield Breach((*path, "digest"), "", f"not judged: nothing here can compute {digest.algorithm[:40]}", unjudged=True)
