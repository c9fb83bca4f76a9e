"""Checks config.md, "POSIX-platform Hooks"."""

from reference_runtime.config.shape import absolute, array, integer, record, text

_HOOK = record(
    {"path": absolute, "args": array(text), "env": array(text), "timeout": integer(1, (1 << 31) - 1)},
    required=("path",),
)

HOOK_KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
"""In the order of the lifecycle."""

HOOKS = record(dict.fromkeys(HOOK_KINDS, array(_HOOK)))
