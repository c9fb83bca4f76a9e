"""list: all containers below the root."""

import posix

from reference_runtime.command_line import SWITCH, VALUE
from reference_runtime.config.writer import dumps
from reference_runtime.fault import RuntimeFault
from reference_runtime.invocation import Invocation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FLAGS = {"format": VALUE, "quiet": SWITCH}

_COLUMNS = ("id", "pid", "status", "bundle", "created", "owner")


def run(call: Invocation) -> int:
    """Print ids alone, a table, or JSON; returns the exit status."""
    from reference_runtime.container.directory import container_ids

    states = [state for state in (_state(call, name) for name in container_ids(call.root)) if state]
    form = call.line.value("format", "table")
    if call.line.switch("quiet"):
        text = "".join(f"{state['id']}\n" for state in states)
    elif form == "json":
        text = f"{dumps(states)}\n"
    elif form == "table":
        text = _table([[str(state[name]) for name in _COLUMNS] for state in states])
    else:
        raise RuntimeFault(f"unknown format {form!r}: json and table are known")
    posix.write(1, text.encode("utf-8", "surrogateescape"))
    return 0


def _state(call: Invocation, container_id: str) -> "dict[str, Any] | None":
    """Return a container's state; one that is made or deleted at this moment is left out."""
    from reference_runtime.container.state import Container

    try:
        return Container.load(call.container(container_id)).state()
    except RuntimeFault:
        return None


def _table(rows: "list[list[str]]") -> str:
    lines = [[name.upper() for name in _COLUMNS], *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)
