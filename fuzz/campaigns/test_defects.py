"""Valid configs with one defect: refused by start, or put up with where the rule says so; the twin without it runs."""

from collections.abc import Callable


def test_defects(hunt: Callable[[str], None]) -> None:
    """Hunt with generated configs that have one defect each."""
    hunt("defects")
