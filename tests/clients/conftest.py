"""One world for each module."""

from collections.abc import Iterator

import pytest

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
