"""The clients' tests are seen to fail: each runs over a runtime that breaks one thing that the clients rely on.

See `broken` for what the scripts are.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.clients import test_buildah, test_conmon, test_podman_life, test_podman_limits, test_podman_run, test_podman_terminal
from tests.clients.broken import damage_done, install
from tests.clients.engines import IMAGE, Buildah, Podman
from tests.clients.world import World

_SECONDS = 6


def _container(podman: Podman) -> str:
    return podman.detached(IMAGE, "sh", "-c", test_podman_life.PROGRAM)


def _podman(test: Callable[..., None], *more: str) -> Callable[[World, str], None]:
    """Return a podman test that wants no container, or more arguments."""
    return lambda world, runtime: test(Podman(world, runtime, seconds=_SECONDS), *more)


def _contained(test: Callable[[Podman, str], None]) -> Callable[[World, str], None]:
    """Return a podman test that wants a running container."""

    def run(world: World, runtime: str) -> None:
        podman = Podman(world, runtime, seconds=_SECONDS)
        test(podman, _container(podman))

    return run


def _conmon(test: Callable[[test_conmon.Make], None]) -> Callable[[World, str], None]:
    return lambda world, runtime: test(functools.partial(test_conmon.bundle, world, "/run/rootfs", runtime))


def _buildah(test: Callable[[Buildah, str], None]) -> Callable[[World, str], None]:
    def run(world: World, runtime: str) -> None:
        buildah = Buildah(world, runtime, seconds=_SECONDS)
        test(buildah, buildah("from", IMAGE).ok())

    return run


@dataclass(frozen=True)
class Broken:
    """What is broken, and a test that has to notice."""

    name: str
    script: str
    notices: Callable[[World, str], None]


BROKEN = [
    Broken(
        "no pid file",
        'case $operation in create) "$real" "$@" && damage && rm "$pid_file"; exit;; esac',
        _podman(test_podman_run.test_output_and_status_are_the_programs),
    ),
    Broken(
        "the pid of somebody else",
        'case $operation in create) "$real" "$@" && damage && printf 1 >"$pid_file"; exit;; esac',
        _conmon(test_conmon.test_from_create_to_the_exit_file),
    ),
    Broken(
        "a newline in the pid file",
        'case $operation in create) "$real" "$@" && damage && echo >>"$pid_file"; exit;; esac',
        _conmon(test_conmon.test_from_create_to_the_exit_file),
    ),
    Broken(
        "output held open by a process that stays",
        "case $operation in create) damage; sleep 300 & ;; esac",
        _buildah(test_buildah.test_output_input_and_status),
    ),
    Broken(
        "no return from create",
        'case $operation in create) damage; "$real" "$@"; sleep 300;; esac',
        _podman(test_podman_run.test_output_and_status_are_the_programs),
    ),
    Broken(
        "a message that says nothing",
        """case $operation in create) "$real" "$@" 2>/dev/null && exit
        damage; echo it failed >&2
        echo '{"level":"error","msg":"it failed","time":"2026-01-01T00:00:00Z"}' >"$log"; exit 1;; esac""",
        lambda world, runtime: test_podman_run.test_a_program_that_cannot_run(
            Podman(world, runtime), "nosuch", 127, "executable file not found"
        ),
    ),
    Broken(
        "a log of success",
        'case $operation in create) damage; echo "{}" >>"$log";; esac',
        _conmon(test_conmon.test_nothing_is_logged_of_success),
    ),
    Broken(
        "an environment that is relied on",
        'case $operation in delete) test -n "$HOME" || { damage; exit 1; };; esac',
        _podman(test_podman_life.test_nothing_is_left_after_removal),
    ),
    Broken(
        "kill without effect",
        "case $operation in kill) damage; exit 0;; esac",
        _contained(test_podman_life.test_stop_lets_the_program_end),
    ),
    Broken(
        "pause without effect",
        "case $operation in pause) damage; exit 0;; esac",
        _contained(test_podman_life.test_pause_freezes_and_unpause_thaws),
    ),
    Broken(
        "update without effect",
        "case $operation in update) damage; exit 0;; esac",
        _contained(test_podman_life.test_update_changes_the_limits),
    ),
    Broken(
        "delete without effect",
        "case $operation in delete) damage; exit 0;; esac",
        _podman(test_podman_life.test_nothing_is_left_after_removal),
    ),
    Broken(
        "no terminal handed over",
        """case $operation in create) damage; words=; skip=
        for word; do
            case $word in --console-socket) skip=yes; continue;; esac
            test -n "$skip" && skip= || words="$words $word"
        done; set -- $words;; esac""",
        _podman(test_podman_terminal.test_the_program_has_a_terminal_of_that_size),
    ),
    Broken(
        "no limits",
        "case $operation in create) drop resources;; esac",
        _podman(test_podman_limits.test_too_many_processes_are_refused),
    ),
    Broken(
        "no seccomp",
        "case $operation in create) drop seccomp;; esac",
        _podman(test_podman_limits.test_the_default_seccomp_profile_filters),
    ),
    Broken(
        "no masked paths",
        "case $operation in create) drop maskedPaths;; esac",
        _podman(test_podman_limits.test_what_is_masked_cannot_be_read),
    ),
    Broken(
        "no read-only paths",
        "case $operation in create) drop readonlyPaths;; esac",
        _podman(test_podman_limits.test_kernel_parameters_cannot_be_written),
    ),
    Broken("no sysctls", "case $operation in create) drop sysctl;; esac", _podman(test_podman_run.test_sysctl)),
    Broken(
        "a state between the states",
        'case $operation in state) damage; "$real" "$@" | sed s/stopped/creating/; exit;; esac',
        _buildah(test_buildah.test_output_input_and_status),
    ),
    Broken(
        "noise beside the state",
        "case $operation in state) damage; echo noise; ;; esac",
        _buildah(test_buildah.test_output_input_and_status),
    ),
]


@pytest.fixture(scope="module", autouse=True)
def _laid_out(podman: Podman) -> None:
    test_conmon.lay_out(podman.world)


def test_a_script_around_the_runtime_alone_breaks_nothing(world: World) -> None:
    runtime = install(world, "whole", "")
    for notices in {broken.notices for broken in BROKEN}:
        notices(world, runtime)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_it_is_noticed(world: World, broken: Broken) -> None:
    runtime = install(world, broken.name, broken.script)
    with pytest.raises((AssertionError, TimeoutError)):
        broken.notices(world, runtime)
    assert damage_done(world, runtime)
