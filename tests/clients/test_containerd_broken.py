"""ctr's tests are seen to fail: each runs over a runtime that breaks one thing that containerd relies on."""

from collections.abc import Callable

import pytest

from tests.clients import test_containerd_run
from tests.clients.containerd_client import Containerd
from tests.clients.shim_breaches import WHOLE, assert_noticed


def _no_program(ctr: Containerd) -> None:
    why = 'exec: "nope": executable file not found in $PATH'
    test_containerd_run.test_what_cannot_be_executed_is_told_and_leaves_nothing(ctr, "nope", why)


NOTICED: list[tuple[str, Callable[[Containerd], None]]] = [
    ("newline-in-the-pid-file", test_containerd_run.test_output_and_status_are_the_programs),
    ("no-stderr-for-the-program", test_containerd_run.test_output_and_status_are_the_programs),
    ("no-pid-file-of-exec", test_containerd_run.test_exec),
    ("noise-beside-the-processes", test_containerd_run.test_processes_are_listed),
    ("another-form-of-time", _no_program),
    ("other-words-for-what-does-not-exist", test_containerd_run.test_a_container_that_its_runtime_has_deleted_already),
    ("no-signal-but-sigkill", test_containerd_run.test_a_signal_reaches_the_first_process),
    ("pause-without-effect", test_containerd_run.test_pause_and_resume),
    ("delete-without-effect", test_containerd_run.test_a_container_in_the_background_until_it_is_deleted),
]


@pytest.mark.parametrize("test", dict.fromkeys(test for _, test in NOTICED))
def test_a_script_around_the_runtime_alone_breaks_nothing(
    ctr: Containerd, breaches: dict[str, str], test: Callable[[Containerd], None]
) -> None:
    test(Containerd(ctr.world, breaches[WHOLE]))


@pytest.mark.parametrize(("name", "test"), NOTICED)
def test_it_is_noticed(ctr: Containerd, breaches: dict[str, str], name: str, test: Callable[[Containerd], None]) -> None:
    broken = Containerd(ctr.world, breaches[name], seconds=6)
    assert_noticed(ctr.world, broken.runtime, lambda: test(broken))
