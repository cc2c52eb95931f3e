"""Tokens as the old API gave them out: 64 hexadecimal digits, the new API's own behind them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, Self
from weakref import WeakValueDictionary

from mappings.core.context import Json
from proxy.credentials.applications import Client
from proxy.credentials.briefly import Briefly
from proxy.credentials.clients import Clients
from proxy.credentials.errors import GrantRefusedError
from proxy.credentials.flights import Flights
from proxy.credentials.token_endpoint import EARLY, Grant, TokenEndpoint
from proxy.errors import UnauthorizedError, UpstreamError
from proxy.observe.logs import log
from proxy.store.store import Session

TOKEN_BYTES = 32
TOKEN = re.compile(r"[0-9a-f]{64}", re.ASCII)

PAUSE_SECONDS = 5
ENDED_SECONDS = 60
AT_MOST = 4096


class Store(Protocol):
    """Where sessions are kept."""

    async def keep_session(self, session: Session) -> None:
        """Keep a session, in the place of the one with the same access token."""
        ...

    async def session(self, *, access: str = "", refresh: str = "") -> Session | None:
        """The session of an access token that has not ended, or else of a refresh token."""
        ...

    async def end_session(self, access: str) -> None:
        """Forget a session."""
        ...


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a legacy token: who it was given to, and the new API's own tokens."""

    client: Client
    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    renew_at: int
    ends_at: int

    @classmethod
    def of(cls, client: Client, grant: Grant, asked_at: float) -> Self:
        """What a grant gives, asked for at that time."""
        renew_at, ends_at = (int(asked_at + part * grant.seconds) for part in (EARLY, 1))
        return cls(client, grant.access, grant.refresh, renew_at, ends_at)

    @classmethod
    def read(cls, session: Session) -> Self:
        """What a session holds."""
        kept: Mapping[str, Any] = session.tokens
        client = Client(kept["application"], kept["authorization"])
        return cls(client, kept["access"], kept["refresh"], kept["renew_at"], kept["ends_at"])

    def tokens(self, *, mapped: bool) -> dict[str, Json]:
        """The same for a session. Of a mapped client, only whose it is: the rest is in its file."""
        return {
            "application": self.client.application,
            "authorization": "" if mapped else self.client.authorization,
            "access": self.access,
            "refresh": self.refresh,
            "renew_at": self.renew_at,
            "ends_at": self.ends_at,
        }


class OpaqueTokens:
    """Gives out legacy tokens, and knows what stands behind them."""

    def __init__(
        self,
        store: Store,
        endpoint: TokenEndpoint,
        clients: Clients,
        lifetime_seconds: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._endpoint = endpoint
        self._clients = clients
        self._lifetime = lifetime_seconds
        self._clock = clock
        self._renewals: Flights[str] = Flights()
        self._exchanges: Flights[Grant] = Flights()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._paused: Briefly[bool] = Briefly(clock, seconds=PAUSE_SECONDS, at_most=AT_MOST)
        self._ended: Briefly[bool] = Briefly(clock, seconds=ENDED_SECONDS, at_most=AT_MOST)

    async def give(self, client: Client, grant: Grant) -> Grant:
        """A legacy pair for what the new API has just given."""
        return await self._given(Behind.of(client, grant, self._now))

    async def behind(self, token: str, subject: str | None) -> Behind:
        """What stands behind a legacy token, as it is; raises `UnauthorizedError`."""
        session = (
            await self._store.session(access=digest(token)) if TOKEN.fullmatch(token) else None
        )
        if session is None:
            raise UnauthorizedError
        behind = Behind.read(session)
        self._clients.again(behind.client, subject)
        return behind

    async def token(self, token: str, subject: str | None) -> tuple[Client, str]:
        """Whose a legacy token is, and the new API's, renewed where it is near its end."""
        behind = await self.behind(token, subject)
        return behind.client, await self._fresh(behind, digest(token), subject)

    async def _fresh(self, behind: Behind, key: str, subject: str | None) -> str:
        now = self._now
        if behind.refresh is None or now < behind.renew_at:
            return behind.access
        if now < behind.ends_at and self._paused.get(key.encode()):
            return behind.access
        try:
            return await self._renewed(key, behind.access, subject)
        except UpstreamError as error:
            if now >= behind.ends_at:
                raise
            log.warning("token not renewed", error=type(error).__name__)
            self._paused[key.encode()] = True
            return behind.access

    async def after(self, token: str, subject: str | None, refused: str) -> str | None:
        """A token in the place of one that the new API refused, if there can be any."""
        behind = await self.behind(token, subject)
        if behind.access != refused:
            return behind.access
        if behind.refresh is None:
            return None
        try:
            return await self._renewed(digest(token), refused, subject)
        except UnauthorizedError:
            return None

    async def exchange(self, client: Client, token: str) -> Grant:
        """A new legacy pair for a legacy refresh token; raises `UnauthorizedError`."""
        key = digest(token)
        session = await self._store.session(refresh=key)
        if session is None or Behind.read(session).client.application != client.application:
            raise UnauthorizedError
        access = session.access
        # Whoever joins must have shown the same secret: it may be the new API alone that checks it.
        flight = digest(f"{key} {client.authorization}")
        return await self._exchanges.join(
            flight.encode(), lambda: self._exchanged(client, access, key)
        )

    async def close(self) -> None:
        """Wait until what the new API gives is stored."""
        await self._renewals.close()
        await self._exchanges.close()

    async def _renewed(self, access: str, stale: str, subject: str | None) -> str:
        if self._ended.get(access.encode()):
            raise UnauthorizedError
        return await self._renewals.join(
            access.encode(), lambda: self._renew(access, stale, subject)
        )

    async def _renew(self, access: str, stale: str, subject: str | None) -> str:
        async with self._turn(access):
            session = await self._store.session(access=access)
            if session is None:
                raise UnauthorizedError
            behind = Behind.read(session)
            if behind.access != stale:
                return behind.access
            client = self._clients.again(behind.client, subject)
            behind = await self._refreshed(client, session)
            # Before it is used: where refresh tokens rotate, the one before is worth nothing now.
            await self._keep(access, session.refresh, behind, session.expires_at)
            return behind.access

    async def _exchanged(self, client: Client, access: str, refresh: str) -> Grant:
        async with self._turn(access):
            session = await self._store.session(refresh=refresh)
            if session is None:
                raise UnauthorizedError
            given = await self._given(await self._refreshed(client, session))
            await self._store.end_session(access)
            return given

    async def _refreshed(self, client: Client, session: Session) -> Behind:
        """What the new API gives for its refresh token in a session."""
        behind, asked_at = Behind.read(session), self._now
        if behind.refresh is None:
            raise UnauthorizedError
        try:
            grant = await self._endpoint.ask(client, "refresh_token", refresh_token=behind.refresh)
        except GrantRefusedError as error:
            if not error.of_grant:
                raise
            # Another replica may have been faster.
            now = await self._store.session(refresh=session.refresh)
            if now is not None and Behind.read(now).access != behind.access:
                return Behind.read(now)
            self._ended[session.access.encode()] = True
            raise UnauthorizedError from error
        kept = Grant(grant.access, grant.refresh or behind.refresh, grant.seconds)
        return Behind.of(client, kept, asked_at)

    async def _given(self, behind: Behind) -> Grant:
        """A fresh legacy pair. Where nothing can be renewed, it ends with what is behind it."""
        access, refresh = (secrets.token_hex(TOKEN_BYTES) for _ in range(2))
        left = int(behind.ends_at - self._now)
        seconds = self._lifetime if behind.refresh is not None else min(self._lifetime, left)
        await self._keep(digest(access), digest(refresh), behind, self._now + seconds)
        return Grant(access, refresh, seconds)

    async def _keep(self, access: str, refresh: str, behind: Behind, expires_at: float) -> None:
        tokens = behind.tokens(mapped=self._clients.checks)
        await self._store.keep_session(Session(access, refresh, tokens, expires_at))

    def _turn(self, access: str) -> asyncio.Lock:
        """One at a time for each session."""
        return self._turns.setdefault(access, asyncio.Lock())

    @property
    def _now(self) -> float:
        return self._clock().timestamp()


def digest(token: str) -> str:
    """What is stored of a legacy token."""
    return hashlib.sha256(token.encode()).hexdigest()
