"""What holds for all of the project's own tests."""

import signal


def pytest_configure() -> None:
    """Have children take interrupts: a shell starts background jobs with SIGINT ignored, which is inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
