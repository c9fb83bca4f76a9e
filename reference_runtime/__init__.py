"""The reference runtime: runtime-spec 1.3.0 on Linux, in Python and its standard library alone.

A config is parsed, planned and executed: `config` refuses what is invalid, `plan` turns the rest into effects without
touching anything, `effects` carry them out through the thin calls of `kernel`.
"""

__version__ = "0.1.0"
SPEC_VERSION = "1.3.0"
"""The version of the runtime specification that is implemented."""

OPERATIONS = (
    "create", "start", "state", "kill", "delete", "run", "exec", "ps", "list", "pause", "resume", "update", "events", "features",
    "spec",
)  # fmt: skip
