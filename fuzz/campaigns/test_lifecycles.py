"""Sequences of operations on several containers: what each may and may not do, whatever went before."""

from collections.abc import Callable


def test_lifecycles(hunt: Callable[[str], None]) -> None:
    """Hunt with generated sequences of operations."""
    hunt("lifecycles")
