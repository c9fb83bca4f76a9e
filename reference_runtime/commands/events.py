"""events: what a container uses, once with --stats, else again and again until it stops."""

import posix

from reference_runtime.command_line import SWITCH, VALUE
from reference_runtime.config.writer import dumps
from reference_runtime.fault import RuntimeFault
from reference_runtime.invocation import Invocation

FLAGS = {"stats": SWITCH, "interval": VALUE}

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def run(call: Invocation) -> int:
    """Print a JSON object a line; returns the exit status."""
    from time import sleep  # built in

    from reference_runtime.container.state import STOPPED, Container

    once, interval = call.line.switch("stats"), _seconds(call.line.value("interval", "5s"))
    container = Container.load(call.container())
    if container.status() == STOPPED:
        raise RuntimeFault("container not running: it is stopped")
    while True:
        event = {"type": "stats", "id": container.container_id, "data": container.cgroup.stats()}
        posix.write(1, f"{dumps(event)}\n".encode())
        if once:
            return 0
        sleep(interval)
        if not container.is_alive():
            return 0


def _seconds(text: str) -> float:
    """Return a duration such as "5s" or "250ms". Raises RuntimeFault."""
    number = text.rstrip("hms")
    unit = text[len(number) :]
    if not number.replace(".", "", 1).isdecimal() or unit not in _UNITS or float(number) <= 0:
        raise RuntimeFault(f"--interval needs a duration such as 5s, not {text!r}")
    return float(number) * _UNITS[unit]
