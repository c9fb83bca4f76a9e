"""Runs the startContainer hooks: as processes of the container, with the credentials that its program is going to have."""

from reference_runtime.config.writer import dumps
from reference_runtime.container.state import CREATED
from reference_runtime.effects.hooks import HookRun
from reference_runtime.init.enter import Entry, enter
from reference_runtime.kernel.files import read_text
from reference_runtime.plan.process_entry import plan_entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.container.state import Container


def run_inside(container: "Container", hooks: "list[dict[str, Any]]") -> None:
    """Run hooks whose paths are the container's. Raises RuntimeFault for the first that fails."""
    config = container.config()
    state = dumps(container.state(status=CREATED, pid=_inner_pid(container.pid)))
    for index, hook in enumerate(hooks):

        def spawn(given: int, printed: int, hook: "dict[str, Any]" = hook) -> int:
            process = {
                **config["process"],
                "args": hook.get("args") or [hook["path"]],
                "env": hook.get("env") or [],
                "cwd": "/",
                "terminal": False,
            }
            calls, descriptors = plan_entry(container, process, path=hook["path"])
            entered = enter(container, Entry(calls, descriptors, (), streams=(given, printed, printed)))
            entered.release()
            return entered.pid

        HookRun(hook, state, where=f"$.hooks.startContainer[{index}]").run(spawn)


def _inner_pid(pid: int) -> int:
    """Return a process's pid as its own pid namespace has it."""
    line = next(line for line in read_text(f"/proc/{pid}/status").splitlines() if line.startswith("NSpid:"))
    return int(line.split()[-1])
