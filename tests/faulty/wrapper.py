"""Stand in for a real runtime and commit one fault: `wrapper.py FAULT REAL ARGUMENTS...`, made executable by `install.py`."""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faulty.behaviours import perform
from tests.faulty.fault import Fault
from tests.faulty.faults import fault


def main(name: str, real: str, arguments: list[str]) -> int:
    """Commit the fault in this call, which has `arguments`."""
    found = fault(name)
    if found.behaviour is not None:
        return perform(found.behaviour, real, arguments)
    if "create" not in arguments:
        os.execv(real, [real, *arguments])
    return _create(found, real, arguments)


def _create(found: Fault, real: str, arguments: list[str]) -> int:
    bundle = next(arguments[i + 1] for i, word in enumerate(arguments) if word in {"--bundle", "-b"})
    path = Path(bundle, "config.json")
    original = path.read_bytes()
    config = json.loads(original)
    changed = found.changed(config)
    if changed == config:
        os.execv(real, [real, *arguments])
    path.write_text(json.dumps(changed))
    try:
        return subprocess.run([real, *arguments], check=False).returncode
    finally:
        path.write_bytes(original)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
