"""Tokens of the clients behind legacy applications, each kept for its own application alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from proxy.credentials.applications import Client
from proxy.credentials.briefly import Briefly
from proxy.credentials.errors import GrantRefusedError
from proxy.credentials.flights import Flights
from proxy.credentials.token_endpoint import EARLY, TokenEndpoint
from proxy.errors import UpstreamError
from proxy.observe.logs import log

REFUSED_SECONDS = 10
PAUSE_SECONDS = 5
"""How long after a failure an early renewal is not tried again."""

AT_MOST = 4096


@dataclass(frozen=True, slots=True)
class Held:
    """A token, and until when it is good."""

    access: str = field(repr=False)
    renew_at: float
    ends_at: float


class ClientTokens:
    """One token for each application: fetched once for all who wait, renewed before its end."""

    def __init__(self, endpoint: TokenEndpoint, clock: Callable[[], datetime]) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._held: dict[str, Held] = {}
        self._flights: Flights[str] = Flights()
        self._refused: Briefly[UpstreamError] = Briefly(
            clock, seconds=REFUSED_SECONDS, at_most=AT_MOST
        )
        self._paused: Briefly[bool] = Briefly(clock, seconds=PAUSE_SECONDS, at_most=AT_MOST)

    @property
    def held(self) -> int:
        """How many tokens are in memory."""
        return len(self._held)

    async def token(self, client: Client) -> str:
        """
        The token of this client; raises what `TokenEndpoint.ask` does.

        A refusal is remembered for a while, and told without asking again.
        """
        key, held, now = client.application.encode(), self._held.get(client.application), self._now
        if held is not None and now < held.ends_at:
            if now >= held.renew_at and self._paused.get(key) is None:
                self._flights.start(key, lambda: self._renewed(client))
            return held.access
        refusal = self._refused.get(key)
        if refusal is not None:
            raise refusal.with_traceback(None)
        return await self._flights.join(key, lambda: self._renewed(client))

    async def after(self, client: Client, refused: str) -> str | None:
        """A token in the place of one that the new API refused, unless it is the same again."""
        held = self._held.get(client.application)
        if held is not None and held.access == refused:
            del self._held[client.application]
        token = await self.token(client)
        return None if token == refused else token

    async def close(self) -> None:
        """Wait for the tokens that are being fetched."""
        await self._flights.close()

    async def _renewed(self, client: Client) -> str:
        key, asked_at = client.application.encode(), self._now
        try:
            grant = await self._endpoint.ask(client, "client_credentials")
        except UpstreamError as error:
            self._paused[key] = True
            if isinstance(error, GrantRefusedError) and 400 <= error.upstream_status < 500:
                self._refused[key] = error
            if client.application in self._held:
                log.warning("token not renewed", error=type(error).__name__)
            raise
        self._held[client.application] = Held(
            grant.access, asked_at + EARLY * grant.seconds, asked_at + grant.seconds
        )
        return grant.access

    @property
    def _now(self) -> float:
        return self._clock().timestamp()
