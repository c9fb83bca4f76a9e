"""kill: send a signal to the first process of a container, or to all of them."""

from reference_runtime.command_line import SWITCH
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.invocation import Invocation

FLAGS = {"all": SWITCH}

SIGNALS = {
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "IOT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
    "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CLD": 17, "CONT": 18, "STOP": 19,
    "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28, "IO": 29,
    "POLL": 29, "PWR": 30, "SYS": 31, "RTMIN": 34, "RTMAX": 64,
}  # fmt: skip
"""signal(7), the numbers of x86, ARM and RISC-V."""


def run(call: Invocation) -> int:
    """Carry it out; returns the exit status."""
    from reference_runtime.container.signals import send
    from reference_runtime.container.state import Container

    arguments = call.line.arguments
    if len(arguments) not in {1, 2} or not arguments[0]:
        raise RuntimeFault("a container id is needed, and at most a signal after it")
    signal = parse_signal(arguments[1] if len(arguments) == 2 else "TERM")
    container = Container.load(call.container(arguments[0]))
    try:
        send(container, signal, everyone=call.line.switch("all"))
    except OSError as error:
        raise RuntimeFault("cannot send the signal", why=reason(error)) from error
    return 0


def parse_signal(text: str) -> int:
    """Return the number of a signal: "9", "KILL", "SIGKILL", "RTMIN+3". Raises RuntimeFault."""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 64:
        return int(text)
    name = text.upper().removeprefix("SIG")
    for base, sign in (("RTMIN", 1), ("RTMAX", -1)):
        offset = name.removeprefix(base).lstrip("+-")
        if name.startswith(base) and offset.isdecimal() and int(offset) <= 30:
            return SIGNALS[base] + sign * int(offset)
    if name not in SIGNALS:
        raise RuntimeFault(f"unknown signal {text!r}")
    return SIGNALS[name]
