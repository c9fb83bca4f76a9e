"""A world is private, tells truly how its commands end, and ends with whoever opened it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from conformance.host.claims import PREFIX
from tests.clients.packages import unpacked
from tests.clients.world import PROJECT, World
from tests.host.jails import alive, children, descendants, start_time, traces


def test_how_a_command_ends(world: World) -> None:
    done = world.run("sh", "-c", "cat; echo err >&2; exit 3", input="in")
    assert (done.stdout, done.stderr, done.status) == ("in", "err\n", 3)
    assert world.run("sh", "-c", "kill -9 $$").status == -signal.SIGKILL
    assert world.run("nosuch").status == 127
    with pytest.raises(AssertionError, match="exit 1"):
        world.run("false").ok()


def test_output_that_stays_open_is_noticed(world: World) -> None:
    with pytest.raises(TimeoutError, match="still open"):
        world.run("sh", "-c", "sleep 50 & exit 0", timeout=0.5)


def test_a_command_that_does_not_end_is_killed(world: World) -> None:
    running = world.start("sleep", "4321")
    with pytest.raises(TimeoutError):
        running.wait(0.1)
    deadline = time.monotonic() + 20
    while "sleep 4321" in world.run("ps", "-e", "-o", "args").stdout:
        assert time.monotonic() < deadline


def test_what_is_written_stays_inside(world: World) -> None:
    places = ("/etc/of-a-world", "/var/of-a-world", "/run/of-a-world", "/tmp/of-a-world", "/dev/shm/of-a-world")
    world.run("touch", *places).ok()
    for place in places:
        assert world.path(place).exists()
        assert not Path(place).exists()
    assert world.run("touch", "/usr/of-a-world").status == 1


def test_the_network_is_private(world: World) -> None:
    assert world.run("readlink", "/proc/self/ns/net").ok() != os.readlink("/proc/self/ns/net")
    assert world.run("ip", "-o", "link").ok().count("\n") == 0
    assert "UP" in world.run("ip", "-o", "link").ok()


_WORK = Path(tempfile.gettempdir())
_OPEN = """
import sys, time
from pathlib import Path
from tests.clients.world import opened
with opened(Path(sys.argv[1])) as world:
    world.start("sh", "-c", "setsid sleep 100 & sleep 100")
    deadline = time.monotonic() + 20
    while world.run("pgrep", "-c", "sleep").stdout != "2\\n": assert time.monotonic() < deadline
    print("open", flush=True)
    time.sleep(100)
"""


@pytest.mark.usefixtures("world")  # or a skip where there can be none
def test_the_world_ends_with_the_tests_whatever_ends_them() -> None:
    command = (sys.executable, "-c", _OPEN, str(unpacked()))
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout
        assert tests.stdout.readline() == "open\n"
        processes = descendants(tests.pid)
        (janitor,) = children(tests.pid)
        name = f"{PREFIX}{janitor}.{start_time(janitor)}"
        assert len(processes) >= 4
        assert any("cgroup" in trace for trace in traces(name, _WORK))
        tests.kill()
    deadline = time.monotonic() + 20
    while left := [*alive(processes), *traces(name, _WORK)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
