"""Which client of the new API stands behind a request, and whether the request may use it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from proxy.credentials.applications import Application, Client, basic
from proxy.credentials.briefly import Briefly
from proxy.credentials.flights import Flights
from proxy.credentials.hashes import SecretHash
from proxy.credentials.shown import Key
from proxy.errors import OverloadedError, UnauthorizedError

SCRYPTS = 2
"""How many secrets are checked at one time: each takes a processor and 32 MiB."""

CHECKS = 32
"""How many may be under way or wait: each goes on even when who asked for it is gone."""

WRONG_SECONDS = 60
WRONG_AT_MOST = 4096


class Clients(Protocol):
    """The clients behind the legacy applications."""

    checks: bool
    """Whether applications are checked here, before the token endpoint is asked."""

    async def of(self, key: Key | None, subject: str | None) -> Client:
        """The client behind a key; raises `UnauthorizedError`, `OverloadedError`."""
        ...

    def again(self, kept: Client, subject: str | None) -> Client:
        """The client that a session was opened with, as it is now; raises `UnauthorizedError`."""
        ...

    async def close(self) -> None:
        """Wait for the checks under way."""
        ...


class OwnClients:
    """Every legacy application is itself a client of the new API, which checks it."""

    checks = False

    async def of(self, key: Key | None, subject: str | None) -> Client:
        """The application itself."""
        if key is None:
            raise UnauthorizedError
        return Client(key.uid, basic(key.uid, key.secret))

    def again(self, kept: Client, subject: str | None) -> Client:
        """The same."""
        return kept

    async def close(self) -> None:
        """There are none."""


class MappedClients:
    """Every legacy application has a key that is checked here, and a client of its own."""

    checks = True

    def __init__(
        self, applications: Mapping[str, Application], clock: Callable[[], datetime]
    ) -> None:
        self._applications = applications
        # Somebody unknown is checked too, at the same cost, against what no secret fits.
        cost = max(it.secret.cost for it in applications.values())
        self._nobody = SecretHash.of(secrets.token_hex(), cost)
        self._digest_key = secrets.token_bytes(32)
        self._right: set[bytes] = set()
        self._wrong: Briefly[bool] = Briefly(clock, seconds=WRONG_SECONDS, at_most=WRONG_AT_MOST)
        self._flights: Flights[bool] = Flights()
        self._slots = asyncio.Semaphore(SCRYPTS)

    async def of(self, key: Key | None, subject: str | None) -> Client:
        """The client of the application whose uid, secret and certificate these are."""
        if key is None:
            raise UnauthorizedError
        application = self._applications.get(key.uid)
        right = await self._fits(key, application.secret if application else self._nobody)
        if not right or application is None:
            raise UnauthorizedError
        return _certified(application, subject)

    def again(self, kept: Client, subject: str | None) -> Client:
        """The client of that application, if there still is one."""
        application = self._applications.get(kept.application)
        if application is None:
            raise UnauthorizedError
        return _certified(application, subject)

    async def close(self) -> None:
        """Wait for the checks under way."""
        await self._flights.close()

    async def _fits(self, key: Key, expected: SecretHash) -> bool:
        """Whether a secret is right: by scrypt once, then by a digest that only we can make."""
        digest = self._digest(key)
        if digest in self._right:
            return True
        if self._wrong.get(digest):
            return False
        if len(self._flights) >= CHECKS:
            raise OverloadedError
        return await self._flights.join(digest, lambda: self._checked(digest, key, expected))

    async def _checked(self, digest: bytes, key: Key, expected: SecretHash) -> bool:
        async with self._slots:
            right = await asyncio.to_thread(expected.fits, key.secret)
        if right:
            self._right.add(digest)
        else:
            self._wrong[digest] = True
        return right

    def _digest(self, key: Key) -> bytes:
        # The length stands before, so that no two keys are written alike.
        said = f"{len(key.uid)}:{key.uid}{key.secret}".encode()
        return hmac.digest(self._digest_key, said, hashlib.sha256)


def _certified(application: Application, subject: str | None) -> Client:
    expected = application.certificate
    if expected is not None and not hmac.compare_digest(
        expected.encode(), (subject or "").encode()
    ):
        raise UnauthorizedError
    return application.client
