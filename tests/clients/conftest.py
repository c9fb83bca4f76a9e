"""One world for each module, and podman in it."""

from collections.abc import Iterator

import pytest

from tests.clients.engines import Podman, configure, import_image
from tests.clients.packages import CannotUnpackError, unpacked
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
