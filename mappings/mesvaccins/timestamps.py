"""Instants: UTC with milliseconds on the modern side, local time with its offset on the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mappings.core.codecs import Codec
from mappings.core.context import Json, Scope


@dataclass(frozen=True)
class LocalTime(Codec):
    """ "2022-11-03T13:41:17.071Z" is shown as "2022-11-03T14:41:17+01:00"."""

    zone: ZoneInfo

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        if modern is None:
            return None
        instant = datetime.fromisoformat(modern).replace(microsecond=0)
        try:
            local = instant.astimezone(self.zone)
        except OverflowError:
            return instant.isoformat()
        # Before 1911 the zone had an offset with seconds, which no legacy client can read.
        whole = not (local.utcoffset() or timedelta()) % timedelta(minutes=1)
        return (local if whole else instant.astimezone(UTC)).isoformat()


def is_older(written: Json, shown: Json) -> bool:
    """Whether the instant that a client echoes lies before the one that it would be shown now."""
    try:
        return _instant(written) < _instant(shown)
    except (TypeError, ValueError):
        return False


def _instant(text: Json) -> datetime:
    """The instant to the second; a text without an offset cannot be compared with another."""
    return datetime.fromisoformat(text).replace(microsecond=0)
