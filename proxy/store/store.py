"""The store: pairs of ids, values set aside, creations and sessions, each in one transaction."""

from __future__ import annotations

import math
import secrets
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from mappings.core.context import Json, Key
from proxy.errors import StoreError
from proxy.settings import StoreSettings
from proxy.store import asides, intents, sessions
from proxy.store.asides import Aside
from proxy.store.connection import Connection
from proxy.store.crosswalk import Crosswalk, LegacyId
from proxy.store.database import Database
from proxy.store.intents import Intent
from proxy.store.seal import Seal, keys_of
from proxy.store.sessions import Session

__all__ = ["Aside", "Intent", "Key", "LegacyId", "Session", "Store", "unremembered"]

DAY = 24 * 60 * 60
SWEEP_SECONDS = 60 * 60
SESSION_DAYS = 90
"""How long a session without a refresh is remembered once its access token has ended."""

FINGERPRINTS = "fingerprints"


class Store:
    """What the gateway remembers. Opens itself at first use; every method raises `StoreError`."""

    def __init__(self, settings: StoreSettings, clock: Callable[[], datetime]) -> None:
        keys = keys_of(settings)
        self._seal = None if keys is None else Seal(keys)
        self._database = Database(settings)
        self._crosswalk = Crosswalk(self._database)
        self.known: Mapping[str, Mapping[str, LegacyId]] = self._crosswalk.known
        """
        The legacy ids that are in memory: `known[kind][modern_id]`, else `KeyError`.

        Only so: what else a mapping has need not tell all of them.
        """
        self._clock = clock
        self._aside_seconds = settings.set_aside_days and settings.set_aside_days * DAY
        self._intent_seconds = settings.intent_minutes * 60
        self._secret = b""
        self._swept_at = -math.inf

    @property
    def keeps(self) -> bool:
        """Whether a key is configured, without which nothing is set aside."""
        return self._seal is not None

    async def open(self) -> None:
        """Open now rather than at first use; raises `ConfigurationError` too."""
        await self._database.open()

    async def close(self) -> None:
        """Let go of the database."""
        await self._database.close()

    async def legacy_ids(self, asked: Collection[Key]) -> dict[Key, LegacyId]:
        """The legacy id of every record; those that had none get an integer, for good."""
        return await self._crosswalk.legacy_ids(asked)

    async def known_legacy_ids(self, asked: Collection[Key]) -> dict[Key, LegacyId]:
        """The legacy ids of those records that have one."""
        return await self._crosswalk.known_legacy_ids(asked)

    async def modern_ids(
        self, asked: Collection[tuple[str, LegacyId]]
    ) -> dict[tuple[str, LegacyId], str]:
        """The modern ids of those legacy ids that were given out."""
        return await self._crosswalk.modern_ids(asked)

    async def asides(self, asked: Collection[Key]) -> dict[Key, dict[str, Json]]:
        """The values set aside of those records that have some; raises `SealError`."""
        if self._seal is None or not asked:
            return {}
        seal, since = self._seal, self._asides_since()
        return await self._database.read(
            lambda connection: asides.read(connection, seal, asked, since)
        )

    async def keep(
        self, kept: Collection[Aside], *, intent: Intent | None = None, made: str | None = None
    ) -> None:
        """Lay values over those set aside, and mark the creation done with the record it made."""
        # Without a window no creation is ever found again.
        intent = intent if self._intent_seconds else None
        if not kept and intent is None:
            return
        await self._sweep()
        now, since = self._now(), self._asides_since()

        def work(connection: Connection) -> None:
            # In one order everywhere, so that no two wait for each other.
            for aside in sorted(kept, key=lambda aside: aside.key):
                asides.merge(connection, self._sealing(), aside, since=since, now=now)
            if intent is not None and made is not None:
                intents.done(connection, intent, made, now=now)

        await self._database.write(work)

    async def erase(self, key: Key) -> None:
        """Forget the values of a record that is gone, of those it owned, and its creation."""

        def work(connection: Connection) -> None:
            asides.erase(connection, key)
            intents.forget(connection, key[1])

        await self._database.write(work)

    async def begin(self, *parts: bytes) -> Intent:
        """The creation that these parts describe: the same parts soon again are the same one."""
        if not self._intent_seconds:
            return unremembered()
        await self._sweep()
        fingerprint = intents.fingerprint(await self._fingerprint_key(), parts)
        now, since = self._now(), self._intents_since()
        return await self._database.write(
            lambda connection: intents.begin(connection, fingerprint, since=since, now=now)
        )

    async def abandon(self, intent: str) -> None:
        """The creation surely did not happen."""
        if not self._intent_seconds:
            return
        await self._database.write(lambda connection: intents.abandon(connection, intent))

    async def forget_creation(self, modern_id: str) -> None:
        """The record is gone or another: the same creation would make a new one."""
        if not self._intent_seconds:
            return
        if await self._database.read(lambda connection: intents.made(connection, modern_id)):
            await self._database.write(lambda connection: intents.forget(connection, modern_id))

    async def keep_session(self, session: Session) -> None:
        """Keep a session, in the place of the one with the same access token."""
        seal = self._sealing()
        await self._database.write(lambda connection: sessions.write(connection, seal, session))

    async def session(self, *, access: str = "", refresh: str = "") -> Session | None:
        """The session of an access token that has not ended, or else of a refresh token."""
        seal = self._sealing()
        now = self._now()

        def work(connection: Connection) -> Session | None:
            if access:
                return sessions.of_access(connection, seal, access, now)
            return sessions.of_refresh(connection, seal, refresh)

        return await self._database.read(work)

    async def end_session(self, access: str) -> None:
        """Forget a session."""
        await self._database.write(lambda connection: sessions.end(connection, access))

    def _sealing(self) -> Seal:
        if self._seal is None:
            raise StoreError("no key is configured")
        return self._seal

    def _now(self) -> float:
        return self._clock().timestamp()

    def _asides_since(self) -> float:
        return self._now() - (self._aside_seconds or math.inf)

    def _intents_since(self) -> float:
        """Without a window every creation that began before is too old, by any replica's clock."""
        return self._now() - self._intent_seconds if self._intent_seconds else math.inf

    async def _sweep(self) -> None:
        """Now and then, erase what is too old to be found again."""
        now = self._now()
        if now < self._swept_at + SWEEP_SECONDS:
            return
        self._swept_at = now

        def work(connection: Connection) -> None:
            if self._aside_seconds:
                asides.expire(connection, self._asides_since())
            intents.expire(connection, self._intents_since())
            sessions.expire(connection, now - SESSION_DAYS * DAY)

        await self._database.write(work)

    async def _fingerprint_key(self) -> bytes:
        """A secret that the store makes once, the same for every process."""
        if not self._secret:
            self._secret = await self._database.write(
                lambda connection: _made_once(connection, FINGERPRINTS)
            )
        return self._secret


def unremembered() -> Intent:
    """A creation of which nothing is kept: it has an id for the new API, and no more."""
    return Intent(str(uuid.uuid4()), "", None, fresh=True)


def _made_once(connection: Connection, name: str) -> bytes:
    fresh = "INSERT INTO secret (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING"
    connection.execute(fresh, name, secrets.token_bytes(32))
    ((value,),) = connection.execute("SELECT value FROM secret WHERE name = ?", name)
    return bytes(value)
