"""What a status of the new API means to a legacy client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LEGACY_STATUS: Mapping[int, int] = {
    400: 422,
    401: 401,
    403: 403,
    404: 404,
    409: 409,
    410: 404,
    412: 409,
    422: 422,
    429: 503,
    503: 503,
}
"""By upstream status; every other one is an answer that nobody asked for, hence 502."""

BAD_ANSWER = 502


def legacy_status(upstream_status: int) -> int:
    """The status that the legacy client sees."""
    return LEGACY_STATUS.get(upstream_status, BAD_ANSWER)


def retry_after(value: str | None) -> str | None:
    """An upstream's Retry-After where it is one: seconds or a date, and nothing else."""
    if value is None:
        return None
    if re.fullmatch(r"\d{1,6}", value, re.ASCII):
        return value
    if not re.fullmatch(r"[A-Za-z0-9:, +-]{1,40}", value):
        return None
    try:
        parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return value
