"""What the gateway remembers for a journey: ids, values set aside, creations that came before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from mappings.core import pointer as pointers
from mappings.core.context import NO_IDS, Document, Ids, Json, Key, Loss, is_blank
from mappings.core.endpoint import Row
from mappings.core.errors import Problem
from mappings.core.pack import Pack
from mappings.core.record_mapping import RecordMapping
from mappings.core.results import Upgraded
from mappings.core.rules import SetAside
from proxy.errors import ConfigurationError, InvalidDocumentError, NotFoundError
from proxy.settings import PREFIX, StoreSettings
from proxy.store.store import Aside, Intent, Store

LARGEST_ID = 2**31 - 1
"""Legacy clients hold an id in 32 bits."""

Fate = Literal["keep", "drop", "reject"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What becomes of a legacy-only value, by its field."""

    otherwise: Fate
    by_field: Mapping[str, Fate] = field(default_factory=dict)

    def of(self, name: str) -> Fate:
        """What becomes of a value of this field."""
        return self.by_field.get(name, self.otherwise)


def policy_of(settings: StoreSettings, pack: Pack, *, keeps: bool) -> Policy:
    """
    The policy that the settings ask for; `keeps` tells whether a key is there to seal with.

    Raises `ConfigurationError` for a field that is never set aside, or a policy without its key.
    """
    known = {
        rule.legacy[0] for mapping in pack.mappings.values() for rule in mapping.of_kind(SetAside)
    }
    strange = sorted(settings.set_aside_fields.keys() - known)
    if strange:
        raise ConfigurationError(
            f"{PREFIX}SET_ASIDE_FIELDS: {', '.join(strange)}: never set aside, only "
            f"{', '.join(sorted(known)) or 'nothing'}"
        )
    policy = Policy(settings.set_aside or ("keep" if keeps else "drop"), settings.set_aside_fields)
    if not keeps and "keep" in (settings.set_aside, *policy.by_field.values()):
        raise ConfigurationError(
            f"{PREFIX}KEYS_FILE: no key to seal what is kept; `passerelle store new-key` makes one"
        )
    return policy


@dataclass(frozen=True, slots=True)
class Memory:
    """The store, as journeys use it."""

    store: Store
    policy: Policy
    uuid_kinds: frozenset[str] = frozenset()
    """Kinds whose legacy id is the modern one, where the crosswalk has no pair."""
    remembers_creations: bool = True
    """Whether the same creation soon again is the same one."""

    @property
    def keeps(self) -> bool:
        """Whether values are set aside at all."""
        return self.store.keeps

    @property
    def known(self) -> Mapping[str, Mapping[str, Json]]:
        """By kind and modern id, the legacy ids that are at hand without waiting."""
        return self.store.known

    async def modern(self, row: Row, legacy: Mapping[str, str]) -> Mapping[str, str]:
        """
        The modern ids for those that a legacy path names.

        Raises `NotFoundError` for an integer that was never given out.
        """
        if not row.kinds:
            return legacy
        asked = {
            name: (kind, value if kind in self.uuid_kinds else _integer(value))
            for name, value in legacy.items()
            if (kind := row.kinds.get(name)) is not None
        }
        found = await self.store.modern_ids(list(asked.values())) if asked else {}
        ids = dict(legacy)
        for name, key in asked.items():
            if key in found:
                ids[name] = found[key]
            elif key[0] not in self.uuid_kinds:
                raise NotFoundError
        return ids

    async def ids(self, mapping: RecordMapping, records: Iterable[Document]) -> Ids:
        """The legacy ids of all that modern records hold; what is new is given its own."""
        asked = dict.fromkeys(key for record in records for key in mapping.modern_ids(record))
        if not asked:
            return NO_IDS
        same = [key for key in asked if key[0] in self.uuid_kinds]
        others = [key for key in asked if key[0] not in self.uuid_kinds]
        given = await self.store.legacy_ids(others) if others else {}
        paired = await self.store.known_legacy_ids(same) if same else {}
        return Ids({**{key: key[1] for key in same}, **given, **paired})

    async def asides(
        self, mapping: RecordMapping, records: Iterable[Document]
    ) -> dict[Key, dict[str, Json]]:
        """The values that are set aside for modern records and those within them."""
        if not self.keeps:
            return {}
        return await self.asides_of(
            {key for record in records for key in mapping.set_aside_in(record)}
        )

    async def asides_of(self, asked: Collection[Key]) -> dict[Key, dict[str, Json]]:
        """The values that are set aside for these records, as far as the policy keeps them."""
        found = await self.store.asides(asked) if asked else {}
        return {
            key: {name: value for name, value in kept.items() if self.policy.of(name) == "keep"}
            for key, kept in found.items()
        }

    def judge(self, upgraded: Upgraded) -> list[Loss]:
        """
        What is lost of the legacy-only values that a client changed.

        Raises `InvalidDocumentError` with all those that the policy rejects.
        """
        rejected: list[Problem] = []
        dropped = self._judge("", upgraded.aside, rejected)
        for item in upgraded.items:
            dropped += self._judge(item.pointer, item.aside, rejected)
        if rejected:
            raise InvalidDocumentError(rejected)
        return dropped

    def _judge(self, where: str, aside: Document, rejected: list[Problem]) -> list[Loss]:
        dropped: list[Loss] = []
        fate_of, otherwise = self.policy.by_field.get, self.policy.otherwise
        for name, value in aside.items():
            # Nearly all are texts that say something.
            if not (type(value) is str and value and not value.isspace()) and is_blank(value):
                continue
            fate = fate_of(name, otherwise)
            if fate == "drop":
                dropped.append(_dropped(where, name))
            elif fate == "reject":
                rejected.append(Problem(pointers.child(where, name), "not_kept"))
        return dropped

    async def begin(self, *parts: bytes) -> Intent:
        """The creation that these parts describe, begun now or before."""
        return await self.store.begin(*parts)

    async def abandon(self, intent: Intent) -> None:
        """The creation surely did not happen."""
        await self.store.abandon(intent.id)

    async def forget_creation(self, modern_id: str) -> None:
        """A record no longer is what its creation made."""
        await self.store.forget_creation(modern_id)

    async def erase(self, key: Key) -> None:
        """Forget all that is set aside for a record that is gone."""
        await self.store.erase(key)

    async def keep(
        self, key: Key, owner_id: str, aside: Document, intent: Intent | None = None
    ) -> None:
        """Remember what an accepted write leaves here; of a creation, that it is done."""
        values = {
            # What is dropped must not leave an older value behind, to be shown another day.
            name: value if self.policy.of(name) == "keep" else None
            for name, value in aside.items()
        }
        asides = [Aside(key, owner_id, values)] if values and self.store.keeps else []
        if asides or intent:
            await self.store.keep(asides, intent=intent, made=key[1] if intent else None)


@lru_cache(maxsize=256)
def _dropped(where: str, name: str) -> Loss:
    """Few and always the same, for they are fields of the mapping."""
    return Loss(pointers.child(where, name), declared=True)


def _integer(value: str) -> int:
    """A legacy id as its number; zeros before it mean nothing."""
    number = int(value)
    if not 0 < number <= LARGEST_ID:
        raise NotFoundError
    return number
