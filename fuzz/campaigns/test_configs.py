"""Valid configs: each container judged by every expectation that applies to it."""

from collections.abc import Callable


def test_configs(hunt: Callable[[str], None]) -> None:
    """Hunt with generated valid configs."""
    hunt("configs")
