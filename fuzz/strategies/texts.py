"""Strings that are odd but valid, and numbers at their edges."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_ODD = (
    "",
    " ",
    "two words",
    "é世",
    "'\"$HOME\\",
    "-x=y=z",
    "a\nb",
    "\t",
    "{}",
    "{bundl}",
    "%s%n",
    "../..",
    "a" * 300,
    "\u202e\U0001f600",
    "true",
    "0",
    "*",
)
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def text() -> SearchStrategy[str]:
    """Generate strings for execve(2): Unicode without NUL, and without a brace, which may begin a placeholder."""
    anything = st.text(st.characters(codec="utf-8", exclude_characters="\0{"), max_size=12)
    return st.one_of(st.sampled_from(_ODD), anything)


def name(*, maximum: int = 8) -> SearchStrategy[str]:
    """Generate plain names of letters and digits."""
    return st.text(_NAME, min_size=1, max_size=maximum)


def identifier() -> SearchStrategy[int]:
    """Generate ids of users and groups, with the edges of 16 and 31 bits: beyond those runtimes written in Go refuse."""
    return st.one_of(st.sampled_from((0, 1, 1000, 65534, 65535, 65536, (1 << 31) - 1)), st.integers(0, 1 << 20))
