"""Which day it is on the legacy side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

MINUTE = timedelta(minutes=1)


class LocalDay:
    """The day in a zone, looked up once a minute: no zone changes its day within one."""

    def __init__(self, clock: Callable[[], datetime], zone: tzinfo) -> None:
        self._clock = clock
        self._zone = zone
        self._since = datetime.min.replace(tzinfo=UTC)
        self._day = date.min

    def __call__(self) -> date:
        """The day of this moment."""
        now = self._clock()
        # A clock may be set back, too.
        if not self._since <= now < self._since + MINUTE:
            self._since = now.replace(second=0, microsecond=0)
            self._day = now.astimezone(self._zone).date()
        return self._day
