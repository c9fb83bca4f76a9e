"""The hooks that run inside: createContainer, in the container's namespaces but with the host's files in reach."""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from reference_runtime.effects.stage import Stage


class ContainerHooks:
    """All createContainer hooks; the state has our pid as the container sees it."""

    __slots__ = ("_dumps", "_run_hooks", "hooks", "state")

    def __init__(self, hooks: "Sequence[dict[str, Any]]") -> None:
        self.hooks = hooks
        if hooks:  # all is loaded here, since nothing may be loaded inside
            import select  # noqa: F401

            from reference_runtime.config.writer import dumps
            from reference_runtime.effects.hooks import run_hooks

            self._run_hooks, self._dumps = run_hooks, dumps
        self.state: dict[str, Any] = {}
        """Known when the container is about to be made."""

    def describe(self) -> str:
        return f"run the createContainer hooks: {', '.join(hook['path'] for hook in self.hooks) or 'none'}"

    def execute(self, stage: "Stage") -> None:  # noqa: ARG002  # every effect gets the stage
        if not self.hooks:
            return
        self._run_hooks("createContainer", self.hooks, self._dumps({**self.state, "pid": posix.getpid()}))
