"""Programs that say they are runtimes and are none: whatever they are asked to do, nothing is done."""

from pathlib import Path

_VERSION = r"""printf 'hopeless version 1.0\nspec: 1.0.2\n'"""
_STOPPED = """printf '{"ociVersion": "1.0.2", "id": "%s", "status": "stopped", "bundle": "/"}' "$last\""""
_RUBBISH = r"""head -c 300 /dev/zero | tr '\0' '\300'"""

OPERATIONS = {
    "does-nothing": "exit 0",
    "always-stopped": f'case " $* " in *" state "*) {_STOPPED};; esac; exit 0',
    "always-fails": "exit 1",
    "rubbish-with-success": f"{_RUBBISH}; exit 0",
    "rubbish-with-failure": f"{_RUBBISH} | tee /dev/stderr; exit 1",
}
"""Name to what it does, in shell, for every operation but `--version` and `features`."""


def install(name: str, directory: Path) -> str:
    """Write the executable `directory`/NAME and return its path."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    script = ["#!/bin/sh", f'case "$1" in --version) {_VERSION}; exit 0;; features) exit 1;; esac']
    script += ["for last; do :; done", OPERATIONS[name]]
    path.write_text("\n".join(script) + "\n")
    path.chmod(0o755)
    return str(path)
