"""docker's tests are seen to fail: each runs over a runtime that breaks one thing that docker relies on."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.clients import test_docker_life, test_docker_run
from tests.clients.docker_client import Docker
from tests.clients.shim_breaches import WHOLE, assert_noticed


def _no_program(docker: Docker) -> None:
    test_docker_run.test_what_cannot_be_executed_has_a_status_of_its_own(docker, "/nope", 127)


NOTICED: list[tuple[str, Callable[[Docker], None]]] = [
    ("newline-in-the-pid-file", test_docker_run.test_output_and_status_are_the_programs),
    ("no-stderr-for-the-program", test_docker_run.test_output_and_status_are_the_programs),
    ("no-pid-file-of-exec", test_docker_run.test_exec),
    ("noise-beside-the-processes", test_docker_life.test_processes_are_listed),
    ("another-form-of-time", _no_program),
    ("errors-in-capitals", _no_program),
    ("other-words-for-what-does-not-exist", test_docker_life.test_a_container_that_its_runtime_has_deleted_already),
    ("no-signal-but-sigkill", test_docker_life.test_stop_with_a_signal_of_ones_own),
    ("pause-without-effect", test_docker_life.test_pause_and_unpause),
    ("update-without-effect", test_docker_life.test_update),
    ("delete-without-effect", test_docker_run.test_nothing_is_left_of_a_removed_container),
]


@pytest.mark.parametrize("test", dict.fromkeys(test for _, test in NOTICED))
def test_a_script_around_the_runtime_alone_breaks_nothing(docker: Docker, test: Callable[[Docker], None]) -> None:
    test(replace(docker, runtime=WHOLE))


@pytest.mark.parametrize(("name", "test"), NOTICED)
def test_it_is_noticed(docker: Docker, breaches: dict[str, str], name: str, test: Callable[[Docker], None]) -> None:
    assert_noticed(docker.world, breaches[name], lambda: test(replace(docker, runtime=name, seconds=6)))
