"""Two callers behind one transport: what the first is answered must never touch the second."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from proxy.upstream.transport import Transport, TransportLimits
from tests.wire.scripted import FOREVER, REQUEST, Script, Upstream, echo, scripted

LIMITS = TransportLimits(body_bytes=1000)
"""Small, so that what is too large fits in a test."""


@dataclass(frozen=True)
class Case:
    """One answer, and what must come of it."""

    name: str
    sent: Script
    """What the upstream does after the request of the first caller."""
    told: type[Exception] | tuple[int, bytes]
    """What the first caller gets: an error, or a status and a body."""
    method: str = "GET"
    kept: bool = False
    """Whether another call may follow on the same connection."""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    told: type[Exception] | tuple[int, bytes]
    error: str
    headers: list[tuple[bytes, bytes]]
    others: list[bytes]
    """What the second caller got, and then the first one again."""
    kept: bool


async def outcome_of(case: Case) -> Outcome:
    """Answer the first caller badly, then the second and the first well."""
    good: Script = [REQUEST, echo] * FOREVER
    async with (
        scripted([REQUEST, *case.sent, *good], good) as upstream,
        httpx.AsyncClient(transport=Transport(upstream.origin, LIMITS)) as client,
    ):
        return await _outcome(case, client, upstream)


async def _outcome(case: Case, client: httpx.AsyncClient, upstream: Upstream) -> Outcome:
    told: type[Exception] | tuple[int, bytes]
    error, headers = "", []
    try:
        response = await client.request(case.method, upstream.origin, headers={"Caller": "first"})
        told, headers = (response.status_code, response.content), response.headers.raw
    except httpx.HTTPError as raised:
        told, error = type(raised), str(raised)
    others = [
        (await client.get(upstream.origin, headers={"Caller": caller})).content
        for caller in ("second", "first again")
    ]
    return Outcome(told, error, headers, others, kept=upstream.connections == 1)
