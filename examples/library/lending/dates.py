"""Days: "09/03/1987" at the old desk, "1987-03-09" in the new API."""

from __future__ import annotations

import re

from mappings.core.codecs import Codec
from mappings.core.context import Json, Scope
from mappings.core.model import is_calendar_date

DAY_FIRST = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)


def is_day_first(text: str) -> bool:
    """Whether a text is a day that there is, as DD/MM/YYYY."""
    return DAY_FIRST.fullmatch(text) is not None and is_calendar_date(_turned(text, "/", "-"))


class DayFirstDate(Codec):
    """The same three numbers, the other way round."""

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        return None if legacy is None else _turned(legacy, "/", "-")

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        return None if modern is None else _turned(modern, "-", "/")


def _turned(text: str, old: str, new: str) -> str:
    return new.join(reversed(text.split(old)))
