"""One request to the new API and its answer, whole: nothing of it stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx
import msgspec

from mappings.core.errors import Problem
from proxy.errors import (
    UpstreamContractError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.settings import Settings
from proxy.upstream import transport as transports
from proxy.upstream.answer import Answer
from proxy.upstream.answered import Answered
from proxy.upstream.chunks import AnswerTooLargeError
from proxy.upstream.counting import Count
from proxy.upstream.plain import Carrier, Plain
from proxy.upstream.pool import Connections
from proxy.upstream.request import Call, Fields, Home, template
from proxy.upstream.tls import client_context

PSEUDONYM = "passerelle"

Headers = Fields

UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
"""Failures after which the request surely did not arrive."""

FAILURES = (TimeoutError, httpx.HTTPError, httpx.InvalidURL)
"""What is raised by a call that fails."""

UNFIT = (AnswerTooLargeError, httpx.DecodingError)
"""What is raised for an answer that came and is not taken."""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """One answer of the new API, whole."""

    status: int
    body: bytes
    etag: str | None
    retry_after: str | None
    next: str | None
    """Of one page of a list, the URL of the page that follows (RFC 8288)."""
    milliseconds: float


class Exchange:
    """Where the new API is, how it is reached, and how much of an answer is read."""

    def __init__(self, settings: Settings, transport: Carrier | None, count: Count) -> None:
        # Told apart from another gateway on the way, which may be one of these too.
        mark = hashlib.sha256(settings.upstream_url.encode()).hexdigest()[:8]
        self.pseudonym = f"{PSEUDONYM}-{mark}"
        always = [
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", PSEUDONYM),
            ("via", f"1.1 {self.pseudonym}"),
        ]
        self._home = Home(httpx.URL(settings.upstream_url), always)
        self._by_caller = settings.upstream_reuse == "caller"
        self._carrier = transport or _transport(settings, count)
        self._client = Plain(self._home.url, self._carrier, settings.max_answer_bytes)
        self.send = self._client.carry
        """The answer to a call; raises, at once or later, what `failure_of` gives a meaning to."""

    @property
    def connections(self) -> Connections:
        """How many there are now; of a strange transport nobody knows."""
        carrier = self._carrier
        return carrier.connections if isinstance(carrier, transports.Transport) else Connections()

    def call(
        self,
        method: str,
        path: str,
        headers: Headers,
        content: bytes | None,
        *,
        caller: str,
        until: float,
    ) -> Call:
        """
        A call of one path below the base URL, to be answered until then by the clock of the event
        loop; raises `UpstreamUnreachableError`.
        """
        home = self._home
        try:
            target = home.target(path)
        except httpx.InvalidURL as error:
            raise UpstreamUnreachableError(sent=False) from error
        return Call(method, home, target, headers, content or b"", until, self.affinity(caller))

    def template(self, method: str, fields: Iterable[tuple[str, str | None]]) -> bytes | None:
        """
        The bytes of the calls that have these fields, to be filled with a path, a value for each
        field without one, and the line of a body's length; none where these must not be written.
        """
        try:
            return template(method, self._home, fields)
        except httpx.LocalProtocolError:
            return None

    def affinity(self, caller: str) -> str | None:
        """Whose connections a caller may use."""
        return caller if self._by_caller else None

    @property
    def transport(self) -> transports.Transport | None:
        """What carries the calls, where it is our own."""
        return self._client.transport

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def reply_of(answer: Answer, seconds: float) -> Reply:
    """An answer that took so long to come."""
    told = answer.told
    return Reply(
        answer.status,
        answer.body,
        None if told.etag is None else told.etag.decode("latin-1"),
        None if told.retry_after is None else told.retry_after.decode("latin-1"),
        None if told.link is None else _next(answer),
        seconds * 1000,
    )


def failure_of(error: Exception) -> UpstreamError:
    """What it means that this was raised by a call."""
    sent = not isinstance(error, UNSENT)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return UpstreamTimeoutError(sent=sent)
    if isinstance(error, AnswerTooLargeError):
        return UpstreamContractError([Problem("", "too_large")])
    if isinstance(error, httpx.DecodingError):
        return UpstreamContractError([Problem("", "encoded")])
    return UpstreamUnreachableError(sent=sent)


def limits_of(settings: Settings) -> transports.TransportLimits:
    """The bounds of the transport, as the settings say."""
    return transports.TransportLimits(
        connect_seconds=settings.connect_seconds,
        first_byte_seconds=settings.first_byte_seconds,
        total_seconds=settings.deadline_seconds,
        connections=settings.upstream_connections,
        idle_seconds=settings.upstream_idle_seconds,
        age_seconds=settings.upstream_age_seconds,
        body_bytes=settings.max_answer_bytes,
    )


def _next(answer: Answer) -> str | None:
    # As httpx reads it.
    whole = Answered(answer.status, answer.told, answer.fields, b"")
    return whole.links.get("next", {}).get("url")


def _transport(settings: Settings, count: Count) -> Carrier:
    parts = urlsplit(settings.upstream_url)
    tls = client_context(settings) if parts.scheme == "https" else None
    return transports.Transport(
        f"{parts.scheme}://{parts.netloc}", limits_of(settings), tls=tls, count=count
    )
