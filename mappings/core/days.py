"""Calendar days as numbers: whether a text is one is a look into a table, and months a shift."""

from __future__ import annotations

from datetime import date

from mappings.core.model import is_calendar_date

MOST_DAYS = 50_000
"""How many days are remembered: more than a century of them."""


def number_of(day: date) -> int:
    """A day such that `later - earlier >> 5` is the number of whole months between two."""
    # 32 is more than any month has: what is missing to a whole one is a borrow of one.
    return (12 * day.year + day.month) * 32 + day.day


class Days(dict[str, int]):
    """The number of a day, by its text; raises `ValueError` for a text that is none."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __missing__(self, text: str) -> int:
        if not is_calendar_date(text):
            raise ValueError("no calendar date")
        if len(self) >= self._most:
            self.clear()
        return self.setdefault(text, number_of(date.fromisoformat(text)))


DAYS = Days(MOST_DAYS)
"""Those that were met: people and their vaccinations have many in common."""


def is_day(text: str) -> bool:
    """`is_calendar_date`, which then is a look into the table."""
    try:
        DAYS[text]
    except ValueError:
        return False
    return True
