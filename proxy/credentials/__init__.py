"""Whose request it is, and what the new API is shown of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from mappings.core.pack import Pack
from proxy.errors import MalformedError, NotFoundError
from proxy.settings import Settings
from proxy.store.store import Store
from proxy.upstream.client import Transport


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is."""

    identity: str
    """What tells this caller from others; never logged."""
    authorization: str | None
    """What the new API is shown; none: nothing."""


class Credentials(Protocol):
    """How a legacy credential becomes one of the new API."""

    async def caller(self, request: Request) -> Caller:
        """Whose request it is; raises `UnauthorizedError`."""
        ...

    async def again(self, caller: Caller) -> Caller | None:
        """The same caller with a fresh credential, after the new API refused the one it had."""
        ...

    async def sign_in(self, request: Request, body: bytes) -> Response:
        """Tokens for a name and password, or for a refresh token."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Passthrough:
    """The client's credential goes on as it is, and the new API judges it."""

    async def caller(self, request: Request) -> Caller:
        given = request.headers.getlist("authorization")
        if len(given) > 1:
            raise MalformedError
        authorization = given[0] if given else None
        return Caller(authorization or "", authorization)

    async def again(self, caller: Caller) -> Caller | None:
        return None

    async def sign_in(self, request: Request, body: bytes) -> Response:
        raise NotFoundError

    async def close(self) -> None:
        return None


def make_credentials(
    settings: Settings,
    store: Store,
    pack: Pack,
    clock: Callable[[], datetime],
    transport: Transport | None = None,
) -> Credentials:
    """The credentials that the settings ask for."""
    return Passthrough()
