"""Rules on a container's state."""

import re
from collections.abc import Iterator
from typing import Any

from specs.validation.finding import Breach, shown
from specs.validation.rules import Rule, find

_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]|\\\\", re.ASCII)
"""As POSIX or as Windows writes it: a state does not say where it was made."""


def _pid(state: Any) -> Iterator[Breach]:
    """Record a missing pid: a state does not say whether it is from Linux, and elsewhere the pid is optional."""
    if isinstance(state, dict) and state.get("status") in ("created", "running") and "pid" not in state:
        message = f"`pid` is missing, which a state {state['status']} has to have on Linux"
        yield Breach((), "runtime.state.pid-optional-elsewhere", message)


def _bundle(state: Any) -> Iterator[Breach]:
    for path, value in find(state, "bundle"):
        if isinstance(value, str) and not _ABSOLUTE.match(value):
            yield Breach(path, "runtime.state.bundle", f"expected an absolute path, found {shown(value)}")


RULES = (
    Rule(("runtime.state.pid-optional-elsewhere",), _pid),
    Rule(("runtime.state.bundle",), _bundle),
)
