"""What the tests of the sandbox share: clients, a clock, and an invented person."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any

import httpx
from starlette.applications import Starlette

NEW_PERSON = {
    "first_name": "Clélie",
    "last_name": "Toutinventé",
    "gender": "f",
    "birth_date": "1990-04-30",
}
NEW_ACT = {"performed_on": "2024-04-30", "vaccine_id": "5a3d0b6e-0000-4000-8000-0000000000c2"}
WHOLE_ACT = NEW_ACT | {
    "certified_on": "2024-05-01",
    "certification_method": "proof",
    "batch_number": "LOT-0009",
    "serial_number": "SERIE-0009",
    "injection_method": "intranasal",
    "injection_location": None,
    "country_code": "BE",
    "booster": True,
    "expiration_date": "2025-01-31",
}
UNKNOWN_ID = "5a3d0b6e-0000-4000-8000-00000000ffff"


class Clock:
    """Every look at it is a second later; it stands in Paris, where the sandbox must not care."""

    def __init__(self) -> None:
        self._seconds = count()

    def __call__(self) -> datetime:
        start = datetime(2024, 5, 2, 11, 0, 0, 45678, timezone(timedelta(hours=2)))
        return start + timedelta(seconds=next(self._seconds))


class StoppedClock:
    """It stands still until it is moved."""

    def __init__(self) -> None:
        self._now = datetime(2024, 5, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self._now

    def move(self, *, seconds: int) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


def client_of(app: Starlette, token: str | None = None) -> httpx.AsyncClient:
    """Give a client that shows a bearer token, or none."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://sandbox.test",
        headers={} if token is None else {"Authorization": f"Bearer {token}"},
    )


def problem(status: int, title: str, *errors: tuple[str, str]) -> dict[str, Any]:
    """Give the problem document that is expected, with its pointers and details."""
    document = {"type": "about:blank", "title": title, "status": status}
    listed = [{"pointer": pointer, "detail": detail} for pointer, detail in errors]
    return document | ({"errors": listed} if errors else {})


def unprocessable(*errors: tuple[str, str]) -> dict[str, Any]:
    """Give the problem document of a body that does not fit."""
    return problem(422, "Unprocessable Content", *errors)
