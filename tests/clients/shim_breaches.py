"""What containerd's shim and docker rely on in a runtime, broken one by one. See `broken` for what the scripts are."""

from collections.abc import Callable, Mapping

import pytest

from tests.clients.broken import damage_done, install
from tests.clients.world import World

WHOLE = "whole"
"""The name of a script around the runtime that breaks nothing."""
BREACHES: Mapping[str, str] = {
    WHOLE: "",
    "newline-in-the-pid-file": 'case $operation in create) "$real" "$@" && damage && echo >>"$pid_file"; exit;; esac',
    "no-pid-file-of-exec": 'case $operation in exec) "$real" "$@" && damage && rm "$pid_file"; exit;; esac',
    "no-stderr-for-the-program": 'case $operation in create) damage; exec "$real" "$@" 2>/dev/null;; esac',
    "noise-beside-the-processes": "case $operation in ps) damage; echo noise >&2;; esac",
    "another-form-of-time": """case $operation in create) "$real" "$@" && exit
        damage; sed -i 's/"time": *"[^"]*"/"time":"just now"/' "$log"; exit 1;; esac""",
    "errors-in-capitals": """case $operation in create) "$real" "$@" && exit
        damage; sed -i 's/: no such/: No such/; s/: executable/: Executable/' "$log"; exit 1;; esac""",
    "other-words-for-what-does-not-exist": """case $operation in delete) "$real" "$@" 2>"$0.said" && exit
        grep -q 'does not exist' "$0.said" && damage; sed 's/does not exist/is unknown/' "$0.said" >&2; exit 1;; esac""",
    "no-signal-but-sigkill": 'case "$operation $*" in "kill "*" 9") ;; "kill "*) damage; exit 0;; esac',
    "pause-without-effect": "case $operation in pause) damage; exit 0;; esac",
    "update-without-effect": "case $operation in update) damage; exit 0;; esac",
    "delete-without-effect": "case $operation in delete) damage; exit 0;; esac",
}


def install_breaches(world: World) -> dict[str, str]:
    """Make all of them; returns name to path."""
    return {name: install(world, name, script) for name, script in BREACHES.items()}


def assert_noticed(world: World, runtime: str, test: Callable[[], None]) -> None:
    """Fail unless a test fails, and its runtime has done its damage."""
    with pytest.raises((AssertionError, TimeoutError)) as noticed:
        test()
    assert damage_done(world, runtime), f"it failed of something else: {noticed.value!r}"
