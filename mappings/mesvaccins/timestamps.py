"""Instants: UTC with milliseconds on the modern side, local time with its offset on the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from mappings.core.codecs import Codec
from mappings.core.compiled.inline import Inline
from mappings.core.context import Json, Scope
from mappings.core.model import is_timestamp

IN_UTC = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2})(:[0-5]\d:[0-5]\d)(?:\.\d+)?(?:Z|\+00:00)", re.ASCII)

HOUR = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}", re.ASCII)

SIXTIETHS = frozenset(f":{number:02}" for number in range(60))
FRACTIONS = frozenset(("Z", *(f".{number:03}Z" for number in range(1000))))
"""How the instants of the new API end: UTC, mostly with milliseconds."""

MOST_HOURS = 4096


@dataclass(frozen=True)
class LocalTime(Codec):
    """ "2022-11-03T13:41:17.071Z" is shown as "2022-11-03T14:41:17+01:00"."""

    zone: ZoneInfo

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        return None if modern is None else local(modern, self.zone)

    def inline(self, name: str, record: Inline) -> str:
        record.proves(name)
        value, shown = record.of(name), record.name(local_in(self.zone))
        # A vaccination shows the instants of its record again.
        return record.let(f"None if {value} is None else {shown}({value})")


@lru_cache(maxsize=8)
def local_in(zone: ZoneInfo) -> Callable[[str], str]:
    """What shows a text as an instant in the local time of a zone; raises `ValueError`."""
    hours = hours_of(zone)

    def shown(text: str) -> str:
        hour, minute, second = hours[text[:13]], text[13:16], text[16:19]
        if hour and minute in SIXTIETHS and second in SIXTIETHS and text[19:] in FRACTIONS:
            return f"{hour[0]}{minute}{second}{hour[1]}"
        if not is_timestamp(text):
            raise ValueError("no instant")
        return local(text, zone)

    return shown


# A record shows its own two instants again in each of its vaccinations.
@lru_cache(maxsize=64)
def local(text: str, zone: ZoneInfo) -> str:
    """An instant in the local time of a zone, to the second."""
    found = IN_UTC.fullmatch(text)
    hour = None if found is None else hours_of(zone)[found[1]]
    if found is None or hour is None:
        return calculated(text, zone)
    return f"{hour[0]}{found[2]}{hour[1]}"


def calculated(text: str, zone: ZoneInfo) -> str:
    """The same, of an instant in any form and at any time."""
    instant = datetime.fromisoformat(text).replace(microsecond=0)
    try:
        shown = instant.astimezone(zone)
    except OverflowError:
        return instant.isoformat()
    # Before 1911 the zone had an offset with seconds, which no legacy client can read.
    whole = not (shown.utcoffset() or timedelta()) % timedelta(minutes=1)
    return (shown if whole else instant.astimezone(UTC)).isoformat()


class Hours(dict[str, tuple[str, str] | None]):
    """By hour of UTC, the local hour and the offset, where that is a matter of whole hours."""

    def __init__(self, zone: ZoneInfo, most: int) -> None:
        super().__init__()
        self._zone = zone
        self._most = most

    def __missing__(self, hour: str) -> tuple[str, str] | None:
        if len(self) >= self._most:
            self.clear()
        return self.setdefault(hour, _local_hour(hour, self._zone))


@lru_cache(maxsize=8)
def hours_of(zone: ZoneInfo) -> Hours:
    """The hours of a zone that are remembered."""
    return Hours(zone, MOST_HOURS)


def _local_hour(hour: str, zone: ZoneInfo) -> tuple[str, str] | None:
    if HOUR.fullmatch(hour) is None:
        return None
    try:
        first = datetime.fromisoformat(f"{hour}:00:00Z").astimezone(zone)
        last = datetime.fromisoformat(f"{hour}:59:59Z").astimezone(zone)
    except (ValueError, OverflowError):
        return None
    offset = first.utcoffset() or timedelta()
    if offset != last.utcoffset() or offset % timedelta(hours=1):
        return None
    shown = first.isoformat()
    return shown[:13], shown[19:]


def is_older(written: Json, shown: Json) -> bool:
    """Whether the instant that a client echoes lies before the one that it would be shown now."""
    try:
        return _instant(written) < _instant(shown)
    except (TypeError, ValueError):
        return False


def _instant(text: Json) -> datetime:
    """The instant to the second; a text without an offset cannot be compared with another."""
    return datetime.fromisoformat(text).replace(microsecond=0)
