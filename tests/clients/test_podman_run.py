"""podman run over the reference runtime."""

import pytest

from tests.clients.engines import IMAGE, configure, import_image
from tests.clients.world import World


@pytest.fixture(scope="module", autouse=True)
def _image(world: World) -> None:
    configure(world)
    import_image(world)


def test_output_and_status_are_the_programs(world: World) -> None:
    done = world.run("podman", "run", "--rm", "--network=none", IMAGE, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.status, done.stdout, done.stderr) == (7, "out\n", "err\n")
    assert world.run("podman", "ps", "--all", "--quiet").ok() == ""
