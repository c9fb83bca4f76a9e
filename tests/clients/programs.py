"""Programs for containers that show what is done to them."""

import time
from pathlib import Path

TICK = "while :; do echo >>/ticks; sleep .01; done"
"""For a shell: makes a file that grows."""
ON_TERM = "trap 'exit 9' TERM; touch /ready; while :; do sleep .01; done"
"""For a shell: once /ready is there, SIGTERM ends it with status 9."""
ON_INTERRUPT = """sh -c 'trap "echo interr""upted; exit" INT; echo st""arted; while :; do sleep .01; done'\r"""
"""To be typed: says "started", and upon Ctrl-C "interrupted"."""


def grows(file: Path) -> bool:
    """Whether a program is writing to a file; a frozen one isn't for a while, a running one is soon."""
    size = file.stat().st_size
    for _ in range(30):
        time.sleep(0.01)
        if file.stat().st_size != size:
            return True
    return False
