"""
The journey of a request: from the legacy client to the new API and back.

Each endpoint's action is one method below, one line a step. Each step raises its own error and
none catches another's, but for the reading after a write. The steps stand under the actions, in
the order in which a request walks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from mappings.core import pointer as pointers
from mappings.core.compiled.inline import Shown
from mappings.core.context import EMPTY, Context, Document, Json, Loss
from mappings.core.endpoint import ID, Endpoint
from mappings.core.errors import DocumentError, Problem
from mappings.core.results import Upgraded
from proxy.errors import (
    ConflictError,
    InvalidDocumentError,
    PreconditionFailedError,
    ProxyError,
    UpstreamContractError,
)
from proxy.journey import answers, headers
from proxy.journey.answers import Answer
from proxy.journey.at_once import LARGE_BYTES, SLICE, AtOnce
from proxy.journey.calls import Calls, Ids
from proxy.journey.gateway import Gateway
from proxy.journey.reading import Reader, Stored, strangers
from proxy.journey.routing import Route, location
from proxy.journey.writing import Writer
from proxy.legacy_request import LegacyRequest


@dataclass(slots=True)
class Journey:
    """One request on its way through an endpoint, and what it leaves for the log."""

    gateway: Gateway
    request: LegacyRequest
    route: Route
    endpoint: Endpoint
    calls: Calls
    ids: Ids
    """The modern ids that the path names."""
    body: Json = None
    """The document that the client sent, where its endpoint takes one."""
    made_at: str = ""
    """Where the record lies that was made, also where one within it then failed."""
    unknown: list[str] = field(default_factory=list)
    lost: list[Loss] = field(default_factory=list)

    async def answer(self) -> Answer:
        """Carry the request to the new API and its answer back."""
        return await ACTIONS[self.endpoint.action](self)

    async def read(self) -> Answer:
        """One record."""
        endpoint, ids = self.endpoint, self.ids
        if endpoint.owner is not None:
            found = await self.reader.found(endpoint, ids)
            return self.shown(await self.downgraded(found.record, found.parent))
        reply, at_once = await self.calls.ask(endpoint.read, ids), self.at_once
        if at_once is not None:
            body = await at_once.one(reply.body, ids[ID], self.gateway.today)
            if body is not None:
                return self.told(body)
        alone = self.reader.alone_in(endpoint, reply, ids)
        return self.shown(await self.downgraded(alone.record, None))

    async def read_all(self) -> Answer:
        """Every record that the caller may see, as a bare array."""
        endpoint, ids = self.endpoint, self.ids
        if endpoint.owner is not None:
            records, parent = await self.reader.within(endpoint.owner, ids)
            return self.shown(await self.all_downgraded(records, parent))
        first = await self.calls.ask(endpoint.call, ids)
        if self.at_once is not None and first.next is None and endpoint.told_by_links:
            body = await self.at_once.every(first.body, self.gateway.today)
            if body is not None:
                large = len(body) > LARGE_BYTES
                tag = await asyncio.to_thread(headers.entity_tag, body) if large else ""
                return self.told(body, tag=tag)
        records = await self.reader.every(endpoint, ids, first)
        return self.shown(await self.all_downgraded(records, None))

    async def create(self) -> Answer:
        """A record that is not there yet."""
        written = self.written()
        gateway, owner = self.gateway, self.endpoint.owner
        # The record around it must be there, and the caller's to see.
        parent = None if owner is None else await self.reader.owner(owner, self.ids)
        context = Context(gateway.today, tables=gateway.loaded.tables, parent=parent)
        upgraded = self.upgraded(written, context)
        # What goes out by calls of its own is read again with the record.
        at_once = None if upgraded.items else self.at_once
        made = await self.writer.make(
            self.endpoint,
            self.ids,
            written,
            upgraded.document,
            upgraded.aside,
            at_once=at_once,
        )
        if at_once is not None and made.seen is not None:
            shown = await at_once.shown(made.seen, gateway.today)
            if shown is not None:
                self.made_at = self.location_of(shown)
                return self.shown(shown, {"Location": self.made_at})
        record = await self.whole(made.record(), upgraded)
        document = await self.downgraded(record, parent)
        self.made_at = self.location_of(document)
        if upgraded.items:
            record = await self.with_items(record, upgraded)
            document = await self.downgraded(record, parent)
        return self.shown(document, {"Location": self.made_at})

    async def update(self) -> Answer:
        """A record that is: what the client did not change stays as it is stored."""
        written = self.written()
        stored = await self.reader.stored(self.endpoint, self.ids)
        await self.check_condition(stored)
        context = await self.context([stored.record], stored.parent)
        upgraded = self.upgraded(written, replace(context, base=stored.record))
        record = await self.writer.change(
            self.endpoint,
            self.ids,
            stored,
            written,
            upgraded.changes,
            condition=self.check_condition,
        )
        await self.writer.keep(self.endpoint, self.ids, stored.record, upgraded.aside)
        if record is None and not upgraded.items:
            record = await self.read_again(upgraded.document)
        record = await self.with_items(record or stored.record, upgraded)
        return self.shown(await self.downgraded(record, stored.parent))

    async def delete(self) -> Answer:
        """A record that shall not be any more, and all that is remembered of it."""
        asked = self.request.fields.get(b"if-match")
        condition = None if asked is None else self.check_condition
        await self.writer.remove(self.endpoint, self.ids, condition)
        return answers.answer(self.endpoint.status, self.encoded({}), {}, head=False)

    async def run(self) -> Answer:
        """Something that is done with a record; it is shown as it is then."""
        before = await self.reader.alone(self.endpoint, self.ids, named=True)
        reply = await self.calls.ask(self.endpoint.call, self.ids)
        record = self.reader.answered(self.endpoint, reply, self.ids)
        record = record or await self.read_again(before.record)
        return self.shown(await self.downgraded(record, None))

    @property
    def at_once(self) -> AtOnce | None:
        """The way from bytes to legacy documents, where this endpoint has one."""
        return self.gateway.at_once.get((self.endpoint.path, self.endpoint.action))

    @property
    def reader(self) -> Reader:
        """What reads the records that this request is about."""
        return Reader(self.calls, self.gateway.settings.max_pages)

    @property
    def writer(self) -> Writer:
        """What writes them."""
        return Writer(self.calls, self.reader, self.gateway.memory)

    def written(self) -> Document:
        """What the client wrote, taken out of its wrapper."""
        document, endpoint = self.body, self.endpoint
        if not isinstance(document, dict):
            raise InvalidDocumentError([Problem("", "not_an_object")])
        inner = document.get(endpoint.wrapper)
        if isinstance(inner, dict):
            around = [pointers.child("", name) for name in document if name != endpoint.wrapper]
            if around and endpoint.mapping.undeclared == "refuse":
                raise InvalidDocumentError([Problem(place, "undeclared") for place in around])
            self.lost += [Loss(place, declared=False) for place in around]
            return inner
        return document

    async def check_condition(self, stored: Stored) -> None:
        """Hold the client to its own If-Match, which is about the legacy document."""
        condition = self.request.fields.get(b"if-match")
        if condition is not None:
            shown = self.encoded(await self.downgraded(stored.record, stored.parent))
            if not headers.matches(condition, headers.entity_tag(shown), weakly=False):
                raise PreconditionFailedError

    def upgraded(self, written: Document, context: Context) -> Upgraded:
        """The modern side of what the client wrote; the losses are noted."""
        try:
            upgraded = self.endpoint.mapping.upgrade(written, context)
        except DocumentError as error:
            raise InvalidDocumentError(error.problems) from error
        if upgraded.stale and self.endpoint.stale_writes == "conflict":
            raise ConflictError
        self.lost += upgraded.lost
        self.lost += self.gateway.memory.judge(upgraded)
        return upgraded

    async def whole(self, record: Document, upgraded: Upgraded) -> Document:
        """The record that was made, also where the answer told no more of it than its id."""
        mapping = self.endpoint.mapping
        if not mapping.misfits(record, ""):
            return record
        return await self.read_again(
            {**upgraded.document, **record}, str(mapping.identity_of(record))
        )

    async def with_items(self, record: Document, upgraded: Upgraded) -> Document:
        """The record once those within it are made and changed, each by a call of its own."""
        if not upgraded.items:
            return record
        identity = str(self.endpoint.mapping.identity_of(record))
        await self.writer.items(self.endpoint, upgraded.items, identity)
        return await self.read_again({**record, **upgraded.document}, identity)

    async def read_again(self, sent: Document, identity: str = "") -> Document:
        """
        The record after a write that was not answered with all of it.

        A write that succeeded must not look like one that failed: where the record cannot be
        read, it is shown as it was sent.
        """
        ids = {**self.ids, ID: identity or self.ids[ID]}
        try:
            found = await self.reader.alone(self.endpoint, ids)
        except ProxyError:
            return sent
        return sent if self.endpoint.mapping.misfits(found.record, "") else found.record

    async def downgraded(self, record: Document, parent: Document | None) -> Document:
        """The legacy side of a modern record; unknown codes are noted."""
        return (await self.all_downgraded([record], parent))[0]

    async def all_downgraded(
        self, records: Sequence[Document], parent: Document | None
    ) -> list[Document]:
        """The legacy side of modern records, with ids and values set aside read in one batch."""
        mapping, shown = self.endpoint.mapping, []
        misfits = [problem for record in records for problem in mapping.misfits(record, "")]
        misfits = misfits or [
            it for one in records for it in strangers(self.endpoint, one, self.ids)
        ]
        if misfits:
            raise UpstreamContractError(misfits)
        context = await self.context(records, parent)
        for number, record in enumerate(records, 1):
            if not number % SLICE:
                # Others have their turn.
                await asyncio.sleep(0)
            downgraded = mapping.show(record, context)
            self.unknown += downgraded.unknown
            shown.append(downgraded.document)
        return shown

    async def context(self, records: Sequence[Document], parent: Document | None) -> Context:
        """What a translation of these records may know."""
        gateway, mapping = self.gateway, self.endpoint.mapping
        return Context(
            today=gateway.today,
            ids=await gateway.memory.ids(mapping, records),
            tables=gateway.loaded.tables,
            asides=await gateway.memory.asides(mapping, records),
            parent=parent,
        )

    def location_of(self, document: Document | Shown) -> str:
        """Where a legacy client finds the record that it made."""
        base = self.gateway.settings.public_url or ""
        return location(self.route, self.endpoint, document, self.gateway.loaded.pack, base)

    def encoded(self, document: Any) -> bytes:
        """A legacy document as bytes."""
        return answers.encode(document, self.gateway.loaded.pack)

    def shown(self, document: Any, extra: Mapping[str, str] = EMPTY) -> Answer:
        """The answer, or 304 where the client has it already."""
        return self.told(self.encoded(document), extra)

    def told(self, body: bytes, extra: Mapping[str, str] = EMPTY, *, tag: str = "") -> Answer:
        """The same, of a document in bytes; `tag` is its validator, where that is known."""
        if self.lost:
            extra = {headers.LOST: headers.lost(self.lost), **extra}
        return answers.shown(
            self.request, self.endpoint.status, body, extra, reads=self.route.reads, tag=tag
        )


ACTIONS = {
    "read": Journey.read,
    "list": Journey.read_all,
    "create": Journey.create,
    "update": Journey.update,
    "delete": Journey.delete,
    "run": Journey.run,
}
