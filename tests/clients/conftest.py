"""One world for each module, and podman, containerd or docker in it."""

from collections.abc import Iterator

import pytest

from tests.clients.containerd_client import IMAGE, Containerd
from tests.clients.daemons import containerd_daemon, docker_archive, docker_daemon
from tests.clients.docker_client import Docker
from tests.clients.engines import CHOSEN, Podman, configure, import_image, rootfs
from tests.clients.packages import CannotUnpackError, unpacked
from tests.clients.shim_breaches import install_breaches
from tests.clients.world import World, opened


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Open a world, or skip where the clients cannot be had."""
    try:
        tree = unpacked()
    except CannotUnpackError as error:
        pytest.skip(str(error))
    with opened(tree) as world:
        yield world


@pytest.fixture(scope="module")
def podman(world: World) -> Podman:
    """Set podman up, with an image."""
    configure(world)
    import_image(world)
    return Podman(world)


@pytest.fixture(scope="module")
def breaches(world: World) -> dict[str, str]:
    """Return the broken runtimes for containerd and docker, name to path."""
    return install_breaches(world)


@pytest.fixture(scope="module")
def ctr(world: World) -> Iterator[Containerd]:
    """Have containerd running, with an image."""
    with containerd_daemon(world):
        world.path("/tmp/image.tar").write_bytes(docker_archive(rootfs(world), IMAGE))
        world.run("ctr", "image", "import", "/tmp/image.tar").ok()
        yield Containerd(world, CHOSEN)


@pytest.fixture(scope="module")
def docker(world: World, breaches: dict[str, str]) -> Iterator[Docker]:
    """Have docker's daemon running, with an image, the reference runtime as its default, and the broken ones."""
    with docker_daemon(world, {"reference": CHOSEN, **breaches}) as bridge:
        world.path("/tmp/rootfs.tar").write_bytes(rootfs(world))
        world.run("docker", "import", "/tmp/rootfs.tar", "busybox").ok()
        yield Docker(world, bridge)
