"""Perform one attack, in a session jail: `python -m tests.reference_runtime.attacks NAME`.

It has to fail on the runtime, and to succeed on the weakened build.
"""

import os
import sys
from pathlib import Path

from tests.reference_runtime.attacks.catalogue import ATTACKS
from tests.reference_runtime.attacks.ground import Ground
from tests.reference_runtime.attacks.weakening import SOURCE, weakened


def main(name: str) -> None:
    """Raise AssertionError if the runtime falls, or if the weakened one doesn't."""
    work = Path(os.environ["OCI_CONFORMANCE_WORKDIR"])
    attack = ATTACKS[name]
    for place in ("sound", "weak"):
        (work / place).mkdir()
    assert not attack.perform(Ground(SOURCE / "reference-runtime", work / "sound")), "the attack has succeeded"
    weak = weakened(work, attack.changes)
    assert attack.perform(Ground(weak, work / "weak")), "the weakened build has withstood the attack, so it proves nothing"


if __name__ == "__main__":
    main(sys.argv[1])
