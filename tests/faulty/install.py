"""Make an executable that commits one fault, under the real runtime's name."""

import shlex
import sys
from pathlib import Path

from tests.faulty.fault import Fault


def install(fault: Fault, *, real: str, directory: Path) -> str:
    """Write `directory`/FAULT/NAME and return its path. Calls that a config fault does not touch go straight to `real`."""
    wrapper = [sys.executable, "-I", str(Path(__file__).with_name("wrapper.py")), fault.name, real]
    lines = ["#!/bin/sh", f'exec {shlex.join(wrapper)} "$@"']
    if fault.behaviour is None:
        lines.insert(1, f'case " $* " in *" create "*) ;; *) exec {shlex.quote(real)} "$@" ;; esac')
    path = directory / fault.name / Path(real).name
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)
    return str(path)
