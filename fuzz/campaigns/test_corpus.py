"""What was found before, run again first of all: each case judged by every expectation that applies to it."""

from collections.abc import Callable

from fuzz.engine.corpus import Found


def test_corpus(found: Found, replay: Callable[[Found], None]) -> None:
    """Replay a found case; it fails as long as the runtime violates anything there that no waiver covers."""
    replay(found)
