"""Entries of indexes against the manifests that they name, and manifests against the images that they are based on.

Done when the walk is over: only then is every manifest known.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from specs.validation.finding import Breach, Path, shown
from specs.validation.image import digests
from specs.validation.image.configs import Config
from specs.validation.image.digests import Digest

REQUIREMENTS = (
    "descriptor.artifactType.config-type",
    "descriptor.platform-for-manifest",
    "index.platform.present-if-specific",
    "annotations.base-digest.immediate",
)
"""What can be found broken here."""

_BASE = "org.opencontainers.image.base.digest"


class Entry(NamedTuple):
    """An entry of an index that names a manifest."""

    document: str
    path: Path
    digest: Digest
    artifact_type: Any
    has_platform: bool


class Manifest(NamedTuple):
    """What others say of a manifest is compared with this."""

    artifact_types: tuple[Any, ...]
    """Its own artifactType and the media type of its config."""
    config: Config | None
    base: Digest | None
    """The image that it says it is based on."""

    @classmethod
    def of(cls, value: dict[str, Any], config: Config | None) -> "Manifest":
        """Take what is needed from a manifest."""
        named, annotations = value.get("config"), value.get("annotations")
        config_type = named.get("mediaType") if isinstance(named, dict) else None
        base = digests.parse(annotations.get(_BASE)) if isinstance(annotations, dict) else None
        return cls((value.get("artifactType"), config_type), config, base)


@dataclass(slots=True)
class Targets:
    """What the walk has gathered."""

    entries: list[Entry] = field(default_factory=list)
    manifests: dict[Digest, Manifest] = field(default_factory=dict)

    def breaches(self) -> Iterator[tuple[str, Breach]]:
        """Yield what does not fit, each with its document."""
        for entry in self.entries:
            if entry.digest in self.manifests:
                for breach in _entry(entry, self.manifests[entry.digest]):
                    yield entry.document, breach
        for digest, manifest in self.manifests.items():
            base = self.manifests.get(manifest.base) if manifest.base else None
            if base is not None and not _is_below(base.config, manifest.config):
                message = "expected an image whose layers are the lowest ones of this image"
                yield (
                    f"blobs/{digest.algorithm}/{digest.encoded}",
                    Breach(("annotations", _BASE), "annotations.base-digest.immediate", message),
                )


def _entry(entry: Entry, manifest: Manifest) -> Iterator[Breach]:
    if isinstance(entry.artifact_type, str) and entry.artifact_type not in manifest.artifact_types:
        # The text gives the config's media type; its own example and the referrers API the manifest's artifactType.
        expected = " or ".join(shown(each) for each in manifest.artifact_types if isinstance(each, str))
        message = f"expected {expected}, as the manifest says, found {shown(entry.artifact_type)}"
        yield Breach((*entry.path, "artifactType"), "descriptor.artifactType.config-type", message)
    if manifest.config and manifest.config.names_platform and not entry.has_platform:
        for requirement in ("descriptor.platform-for-manifest", "index.platform.present-if-specific"):
            yield Breach(entry.path, requirement, "`platform` is missing, and the manifest's config names one")


def _is_below(base: Config | None, image: Config | None) -> bool:
    """Say whether the layers of `base` can be the lowest of `image`: only a known difference counts."""
    if base is None or image is None or base.diff_ids is None or image.diff_ids is None:
        return True
    return image.diff_ids[: len(base.diff_ids)] == base.diff_ids
