"""containerd's and docker's daemons in a world, and archives of an image for them to import."""

import contextlib
import hashlib
import io
import json
import os
import tarfile
import time
from collections.abc import Iterator, Mapping

from tests.clients.world import Running, World

_SECONDS = 30


class DaemonError(Exception):
    """A daemon that does not come up; says what it logged last."""


@contextlib.contextmanager
def containerd_daemon(world: World) -> Iterator[None]:
    """Have it running."""
    daemon = _start(world, "containerd", answering=("ctr", "version"))
    yield
    daemon.close()


@contextlib.contextmanager
def docker_daemon(world: World, runtimes: Mapping[str, str], *more: str) -> Iterator[bool]:
    """Have it running with these runtimes, the first as default, and more options.

    Yields whether it has a bridge, which needs netfilter.
    """
    options = (
        f"--default-runtime={next(iter(runtimes))}",
        *(f"--add-runtime={name}={path}" for name, path in runtimes.items()),
        *more,
    )
    bridge = True
    try:
        daemon = _start(world, "dockerd", *options, answering=("docker", "version"))
    except DaemonError:
        bridge = False
        daemon = _start(world, "dockerd", *options, "--bridge=none", "--iptables=false", answering=("docker", "version"))
    yield bridge
    daemon.close()


def _start(world: World, *argv: str, answering: tuple[str, ...]) -> Running:
    log = world.path(f"/var/log/{argv[0]}.log")
    with log.open("wb") as output:
        daemon = world.start(*argv, stdout=output.fileno(), stderr=output.fileno())
    deadline = time.monotonic() + _SECONDS
    while world.run(*answering).status:
        if daemon.ended() or time.monotonic() > deadline:
            daemon.close()
            raise DaemonError(f"{' '.join(argv)}: {log.read_text()[-2000:]}")
        time.sleep(0.05)
    return daemon


def docker_archive(layer: bytes, name: str) -> bytes:
    """Return an image of one layer as `docker save` writes it."""
    config = _config(layer)
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    return _archive({"config.json": config, "layer.tar": layer, "manifest.json": json.dumps(manifest).encode()})


def oci_archive(layer: bytes, name: str) -> bytes:
    """Return the same as an OCI image layout."""
    config, kind = _config(layer), "application/vnd.oci.image"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": _descriptor(f"{kind}.config.v1+json", config),
        "layers": [_descriptor(f"{kind}.layer.v1.tar", layer)],
    }
    content = json.dumps(manifest).encode()
    reference = _descriptor(f"{kind}.manifest.v1+json", content)
    reference["annotations"] = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
    files = {f"blobs/sha256/{_digest(blob)}": blob for blob in (config, layer, content)}
    files["oci-layout"] = json.dumps({"imageLayoutVersion": "1.0.0"}).encode()
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [reference]}).encode()
    return _archive(files)


def _config(layer: bytes) -> bytes:
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    document = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}"]},
    }
    return json.dumps(document).encode()


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": f"sha256:{_digest(content)}", "size": len(content)}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _archive(files: Mapping[str, bytes]) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return output.getvalue()
