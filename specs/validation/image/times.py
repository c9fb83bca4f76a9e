"""Dates with times as RFC 3339, section 5.6, has them."""

import datetime as dt
import re

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def is_date_time(text: str) -> bool:
    """Say whether it is one; the letters may be small, the second may be a leap one, the day has to exist."""
    match = _DATE_TIME.fullmatch(text)
    return match is not None and (match[1].startswith("0000") or _exists(match[1]))


def _exists(date: str) -> bool:
    try:
        dt.date.fromisoformat(date)
    except ValueError:
        return False
    return True
