"""Public attacks: each fails on the runtime and succeeds on a build that is weakened in that one respect."""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.host.jails import jailed, needs_root
from tests.reference_runtime.attacks.catalogue import ATTACKS
from tests.reference_runtime.attacks.weakening import Change, weakened


@needs_root
@pytest.mark.parametrize("name", ATTACKS)
def test_attack(name: str) -> None:
    # Not below pytest's own directory, which is closed to ordinary users.
    workdir = Path(tempfile.gettempdir())
    done = jailed(sys.executable, "-m", "tests.reference_runtime.attacks", name, workdir=workdir)
    assert done.returncode == 0, done.stderr


def test_a_change_without_its_snippet_is_told(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"fault\.py has 0 times"):
        weakened(tmp_path, (Change("fault.py", "no such words", ""),))
