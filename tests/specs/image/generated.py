"""Documents made from good ones by a few random changes: always the same for the same seed."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

from specs.validation.image import documents
from tests.specs.image.layouts import CONFIG, EMPTY, INDEX, LAYER, MANIFEST, sha256

DESCRIPTOR: dict[str, Any] = {
    "mediaType": LAYER,
    "digest": sha256(b""),
    "size": 0,
    "urls": ["https://example.com/a"],
    "annotations": {"com.example.a": "b"},
    "data": "",
    "artifactType": "application/x.a",
}
GOOD: tuple[tuple[str, dict[str, Any]], ...] = (
    (documents.DESCRIPTOR, DESCRIPTOR),
    (documents.LAYOUT, {"imageLayoutVersion": "1.0.0"}),
    (
        documents.MANIFEST,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": "application/x.a",
            "config": {**DESCRIPTOR, "mediaType": CONFIG},
            "layers": [DESCRIPTOR, {"mediaType": LAYER, "digest": sha256(b"x"), "size": 1}],
            "subject": {**DESCRIPTOR, "mediaType": MANIFEST},
            "annotations": {"com.example.a": ""},
        },
    ),
    (
        documents.INDEX,
        {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "artifactType": "application/x.a",
            "manifests": [
                {
                    **DESCRIPTOR,
                    "mediaType": MANIFEST,
                    "platform": {
                        "architecture": "arm64",
                        "os": "linux",
                        "variant": "v8",
                        "os.version": "1",
                        "os.features": ["a"],
                    },
                }
            ],
            "subject": {**DESCRIPTOR, "mediaType": MANIFEST},
            "annotations": {"com.example.a": ""},
        },
    ),
    (
        documents.CONFIG,
        {
            "created": "2024-01-01T00:00:00Z",
            "author": "a",
            "architecture": "amd64",
            "os": "windows",
            "os.version": "10",
            "os.features": ["win32k"],
            "variant": "v1",
            "config": {
                "User": "a",
                "ExposedPorts": {"80/tcp": {}},
                "Env": ["A=B"],
                "Entrypoint": ["a"],
                "Cmd": ["b"],
                "Volumes": {"/v": {}},
                "WorkingDir": "/",
                "Labels": {"com.example.a": "b"},
                "StopSignal": "SIGKILL",
                "ArgsEscaped": False,
                "Memory": 1,
                "MemorySwap": 1,
                "CpuShares": 1,
                "Healthcheck": {},
            },
            "rootfs": {"type": "layers", "diff_ids": [sha256(b"")]},
            "history": [
                {"created": "2024-01-01T00:00:00Z", "author": "a", "created_by": "b", "comment": "c", "empty_layer": False}
            ],
        },
    ),
)
WEIGHTS = (3, 1, 6, 6, 8)
"""How often each of them is taken."""
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2,
    2.5,
    1 << 63,
    "",
    "a",
    "a=b",
    "a\n",
    "@@@",
    EMPTY,
    "sha256:abc",
    sha256(b"y").upper().replace("SHA", "sha"),
    "2024-01-01T00:00:00Z",
    [],
    [1],
    ["a"],
    {},
    {"a": 1},
    {"": 1},
    {"a": None},
    {"a": {"b": 1}},
)


def fresh(document: Any) -> Any:
    """Copy a document so that no two of its parts are one object, as a deep copy would have them."""
    return json.loads(json.dumps(document))


def generated(count: int, *, seed: int) -> Iterator[tuple[str, Any]]:
    """Yield media types and documents, each with one to three changes."""
    chance = random.Random(seed)
    for _ in range(count):
        media_type, good = chance.choices(GOOD, WEIGHTS)[0]
        document = fresh(good)
        for _ in range(chance.randint(1, 3)):
            document = _changed(document, chance)
        yield media_type, document


def _changed(document: Any, chance: random.Random) -> Any:
    holders = [each for each in _holders(document) if each]
    if not holders or chance.random() < 0.02:
        return chance.choice(VALUES)
    holder = chance.choice(holders)
    key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    if chance.random() < 0.2:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(chance.choice(VALUES))
    return document


def _holders(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from _holders(each)
