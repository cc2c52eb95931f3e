"""What a client made or changed, sent to the new API; what it leaves here, remembered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

import msgspec

from mappings.core import pointer as pointers
from mappings.core.context import Document, Item, equal
from mappings.core.endpoint import ID, OWNER, Endpoint, filled
from mappings.core.errors import Problem
from mappings.core.record_mapping import RecordMapping
from proxy import strict_json
from proxy.errors import (
    ConflictError,
    InvalidDocumentError,
    NotFoundError,
    PartialError,
    ProxyError,
    UnknownOutcomeError,
    UpstreamStatusError,
)
from proxy.journey.at_once import AtOnce, Record
from proxy.journey.calls import Calls, Ids
from proxy.journey.memory import Memory
from proxy.journey.reading import Reader, Stored, belongs
from proxy.store.store import Intent, unremembered
from proxy.upstream.client import Reply

GONE = 404
UNDECIDED = frozenset({408, 425})
"""Refusals after which the same request may still have been carried out."""

Condition = Callable[[Stored], Awaitable[None]]
"""What a client asks of the record that it writes over; raises where that does not hold."""


# One or more of each below for every write: a dataclass takes six times as long to make.
class Made(msgspec.Struct, frozen=True):
    """A record that a creation made."""

    record: Callable[[], Document]
    """Gives it as a document."""
    seen: Record | None = None
    """It as it may be shown at once."""


class Writer(msgspec.Struct, frozen=True):
    """Makes, changes and deletes records, each by one call of the new API."""

    calls: Calls
    reader: Reader
    memory: Memory

    async def make(
        self,
        endpoint: Endpoint,
        ids: Ids,
        written: Document,
        document: Document,
        aside: Document,
        *,
        at_once: AtOnce | None = None,
    ) -> Made:
        """
        The record that a creation makes, or made when the same creation came before.

        The intent is written first and closed last: whatever ends in between, the client's retry
        finds it. The records within are no part of it: each is a creation of its own. Raises
        `UnknownOutcomeError` for a retry that could make a second record.
        """
        sent = _without(document, endpoint.mapping.by_calls)
        remembers = self.memory.remembers_creations
        said = self._said(endpoint, ids, written, sent, aside) if remembers else ()
        intent = await self.memory.begin(*said) if remembers else unremembered()
        if intent.modern_id is not None:
            before = await self._made_before(endpoint, ids, intent.modern_id)
            if before is not None:
                return before
            intent = await self.memory.begin(*said)
        if not intent.fresh and not endpoint.idempotent:
            raise UnknownOutcomeError
        try:
            reply = await self.calls.exchange(endpoint.call, ids, sent, key=intent.id)
        except ProxyError as error:
            # One that surely did not happen leaves no intent.
            if not error.sent:
                await self.memory.abandon(intent)
            raise
        if _refused(reply.status, endpoint):
            await self.memory.abandon(intent)
        self.calls.succeeded(endpoint.call, reply, endpoint, written)
        kind, seen = endpoint.mapping.kind, at_once and at_once.record(reply.body)
        if at_once is not None and seen is not None:
            identity = at_once.identity(seen)
            made = Made(lambda: self.reader.made_in(endpoint, reply, ids), seen)
        else:
            record = self.reader.made_in(endpoint, reply, ids)
            identity, made = str(endpoint.mapping.identity_of(record)), Made(lambda: record)
        if remembers or self.memory.keeps:
            await self._keep(kind, identity, ids, aside, intent)
        return made

    async def change(
        self,
        endpoint: Endpoint,
        ids: Ids,
        stored: Stored,
        written: Document,
        changes: Document,
        *,
        condition: Condition | None = None,
    ) -> Document | None:
        """
        The record after a change, or none where the answer does not hold it.

        Where somebody else wrote in between, the change is made once more over what they wrote,
        unless it touches the same fields or the client's own condition fails by it. Sent even
        when nothing changed: who may write is the new API's decision.
        """
        reply = await self._put(endpoint, ids, stored, changes)
        if reply.status == 412:
            now = await self.reader.stored(endpoint, ids)
            if condition is not None:
                await condition(now)
            if _overlap(endpoint.mapping, changes, stored.record, now.record):
                raise ConflictError
            reply = await self._put(endpoint, ids, now, changes)
        self.calls.succeeded(endpoint.call, reply, endpoint, written)
        # It no longer is what its creation made: the same creation would make another one.
        await self.memory.forget_creation(ids[ID])
        return self.reader.changed_in(endpoint, reply, ids)

    async def keep(self, endpoint: Endpoint, ids: Ids, record: Document, aside: Document) -> None:
        """Remember what is set aside of a record whose change was accepted."""
        mapping = endpoint.mapping
        await self._keep(mapping.kind, str(mapping.identity_of(record)), ids, aside, None)

    async def remove(self, endpoint: Endpoint, ids: Ids, condition: Condition | None) -> None:
        """
        Delete a record, and then all that is remembered of it.

        Only an accepted deletion erases: after one whose outcome nobody knows, a 404 may say no
        more than that this caller does not see the record.
        """
        tag = None
        if condition is not None or endpoint.owner is not None:
            stored = await self.reader.stored(endpoint, ids)
            if condition is not None:
                await condition(stored)
                tag = stored.etag
        await self.calls.ask(endpoint.call, ids, if_match=tag)
        await self.memory.erase((endpoint.mapping.kind, ids[ID]))

    async def items(self, endpoint: Endpoint, items: Sequence[Item], owner_id: str) -> None:
        """
        The records within a record that a client made or changed, one call each, in their order.

        The first failure ends it and is told with its place; what was done before stays.
        """
        for item in items:
            make, change = endpoint.items[pointers.segments(item.pointer)[0]]
            try:
                if item.base is None:
                    ids = {OWNER: owner_id}
                    await self.make(make, ids, item.written, item.changes, item.aside)
                else:
                    await self._change_item(change, item, item.base, owner_id)
            except InvalidDocumentError as error:
                raise InvalidDocumentError(
                    [Problem(item.pointer + it.pointer, it.reason) for it in error.problems]
                ) from error
            except ProxyError as error:
                raise PartialError(error, item.pointer) from error

    async def _change_item(
        self, endpoint: Endpoint, item: Item, base: Document, owner_id: str
    ) -> None:
        ids = {OWNER: owner_id, ID: str(endpoint.mapping.identity_of(base))}
        if not belongs(endpoint.owner, base, ids):
            raise NotFoundError
        # Within its record it may be shown in part; what is put whole must be read whole.
        stored = await self.reader.stored(endpoint, ids) if endpoint.whole else Stored(base)
        await self.change(endpoint, ids, stored, item.written, item.changes)
        await self.keep(endpoint, ids, base, item.aside)

    async def _made_before(self, endpoint: Endpoint, ids: Ids, modern_id: str) -> Made | None:
        """
        The record that the same creation made before; none where it was deleted since, or where
        the new API itself judges what is asked for twice. Then that creation is forgotten.
        """
        if not endpoint.guarded:
            try:
                found = await self.reader.found(endpoint, {**ids, ID: modern_id})
                return Made(lambda: found.record)
            except (NotFoundError, UpstreamStatusError) as error:
                if error.status != GONE:
                    raise
        await self.memory.forget_creation(modern_id)
        return None

    def _said(
        self, endpoint: Endpoint, ids: Ids, written: Document, sent: Document, aside: Document
    ) -> tuple[bytes, bytes, bytes]:
        """What tells this creation from others: its caller, its call and what it says."""
        said = [_without(endpoint.mapping.canonical(written), endpoint.items), sent, aside]
        return (
            self.calls.caller.identity.encode(),
            f"{endpoint.call.method} {filled(endpoint.call.path, ids)}".encode(),
            strict_json.dump(said),
        )

    async def _put(self, endpoint: Endpoint, ids: Ids, stored: Stored, changes: Document) -> Reply:
        sent = _without(changes, endpoint.mapping.by_calls)
        if endpoint.whole:
            sent = {**stored.record, **sent}
        return await self.calls.exchange(endpoint.call, ids, sent, if_match=stored.etag)

    async def _keep(
        self, kind: str, identity: str, ids: Ids, aside: Document, intent: Intent | None
    ) -> None:
        owner_id = ids.get(OWNER, identity)
        await self.memory.keep((kind, identity), owner_id, aside, intent)


def _without(fields: Document, by_calls: Collection[str]) -> Document:
    """The fields that go out with the record itself, and not by calls of their own."""
    if fields.keys().isdisjoint(by_calls):
        return fields
    return {name: value for name, value in fields.items() if name not in by_calls}


def _overlap(mapping: RecordMapping, changes: Document, before: Document, now: Document) -> bool:
    """Whether somebody else changed what a client changes, or what is decided with it."""
    rules = (mapping.rule_of("modern", name) for name in changes)
    return any(
        not equal(before.get(name), now.get(name))
        for rule in rules
        if rule is not None
        for name in rule.modern
    )


def _refused(status: int, endpoint: Endpoint) -> bool:
    """Whether a status says that nothing was made. A 409 can be about a key that is in use."""
    if status == 409 and endpoint.idempotent:
        return False
    return (400 <= status < 500 and status not in UNDECIDED) or status == 501
