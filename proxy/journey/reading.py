"""Records as the new API has them now: alone, within another, or in a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from mappings.core.context import Document
from mappings.core.endpoint import ID, OWNER, Endpoint, Owner
from mappings.core.errors import Problem
from mappings.core.model import identity
from mappings.core.record_mapping import RecordMapping
from proxy.errors import NotFoundError, UpstreamContractError
from proxy.journey import headers
from proxy.journey.calls import Calls, Ids
from proxy.upstream.client import Reply


# One of each for most requests: a dataclass takes six times as long to make.
class Stored(msgspec.Struct, frozen=True):
    """A record as the new API has it now."""

    record: Document
    parent: Document | None = None
    """The record around it."""
    etag: str | None = None
    """Its validator, where a write can be made conditional on it."""


class Reader(msgspec.Struct, frozen=True):
    """Reads what a request is about, and sees that it is what was asked for."""

    calls: Calls
    max_pages: int

    async def found(self, endpoint: Endpoint, ids: Ids) -> Stored:
        """One record to show. Raises `NotFoundError` for one that its owner does not hold."""
        if endpoint.owner is None:
            return await self.alone(endpoint, ids)
        parent = await self.owner(endpoint.owner, ids)
        for record in _within(endpoint.owner, parent):
            if endpoint.mapping.identity_of(record) == ids[ID] and belongs(
                endpoint.owner, record, ids
            ):
                return Stored(record, parent)
        raise NotFoundError

    async def stored(self, endpoint: Endpoint, ids: Ids) -> Stored:
        """
        One record to write over: the base, with its own validator.

        Raises `NotFoundError` for one of another owner, before anything is written.
        """
        stored = await self.found(endpoint, ids)
        if endpoint.owner is not None:
            alone = await self.alone(endpoint, ids)
            stored = Stored(alone.record, stored.parent, alone.etag)
        _fit(endpoint.mapping, stored.record)
        return stored

    async def alone(self, endpoint: Endpoint, ids: Ids, *, named: bool = False) -> Stored:
        """
        One record by a path of its own, which must have `named` its owner where nothing else
        tells of it. Raises `NotFoundError` for one of another owner.
        """
        return self.alone_in(endpoint, await self.calls.ask(endpoint.read, ids), ids, named=named)

    def alone_in(
        self, endpoint: Endpoint, reply: Reply, ids: Ids, *, named: bool = False
    ) -> Stored:
        """The same, of a reply that has come."""
        record = self.record_in(endpoint.mapping, reply, ids[ID])
        owner = endpoint.owner
        unnamed = named and owner is not None and record.get(owner.named_in) is None
        if unnamed or not belongs(endpoint.owner, record, ids):
            raise NotFoundError
        return Stored(record, etag=headers.strong(reply.etag))

    async def owner(self, owner: Owner, ids: Ids) -> Document:
        """The record around those that a path names."""
        reply = await self.calls.ask(owner.read, {ID: ids[OWNER]})
        parent = self.record_in(owner.mapping, reply, ids[OWNER])
        _fit(owner.mapping, parent)
        return parent

    async def within(self, owner: Owner, ids: Ids) -> tuple[list[Document], Document]:
        """The records within the one that a path names, and that one."""
        parent = await self.owner(owner, ids)
        return list(_within(owner, parent)), parent

    async def every(self, endpoint: Endpoint, ids: Ids, first: Reply) -> list[Document]:
        """The records of a list, of which the first page has come."""
        records: dict[object, Document] = {}
        async for page in self.calls.pages(endpoint, ids, first, self.max_pages):
            key = endpoint.list_key
            listed = page.get(key) if key and isinstance(page, Mapping) else page
            if not isinstance(listed, list):
                raise UpstreamContractError([Problem("", "not_a_list")])
            for record in listed:
                # While pages are read the list can move on: no record is shown twice.
                identity = endpoint.mapping.identity_of(record) if _is_record(record) else None
                records.setdefault(identity or len(records), record)
        return list(records.values())

    def record_in(self, mapping: RecordMapping, reply: Reply, identity: str = "") -> Document:
        """The record in a reply; its id must be the one that was asked for."""
        record = self.calls.document_in(reply)
        if not _is_record(record):
            raise UpstreamContractError([Problem("", "not_an_object")])
        given = mapping.identity_of(record)
        if given is None or (identity and given != identity):
            field = mapping.identifier.modern[0] if mapping.identifier else ""
            raise UpstreamContractError([Problem(f"/{field}", "mismatch")])
        return record  # type: ignore[no-any-return]  # parsed JSON is untyped

    def answered(self, endpoint: Endpoint, reply: Reply, ids: Ids) -> Document | None:
        """
        The record in the answer to what was done with it, or none where the answer is something
        else. Raises `UpstreamContractError` for what is no answer of the new API at all.
        """
        record, mapping = self.calls.document_in(reply) if reply.body else None, endpoint.mapping
        if not isinstance(record, Mapping) or mapping.identity_of(record) != ids[ID]:
            return None
        return None if mapping.misfits(record, "") else record

    def changed_in(self, endpoint: Endpoint, reply: Reply, ids: Ids) -> Document | None:
        """The same for a change: there, another record is no answer either."""
        document = self.calls.document_in(reply) if reply.body else None
        named = endpoint.mapping.identity_of(document) if isinstance(document, Mapping) else None
        if named is not None:
            self.record_in(endpoint.mapping, reply, ids[ID])
        return self.answered(endpoint, reply, ids)

    def made_in(self, endpoint: Endpoint, reply: Reply, ids: Ids) -> Document:
        """The record in the answer to a creation; its owner must be the one that was asked for."""
        record = self.record_in(endpoint.mapping, reply)
        if endpoint.owner is not None and not belongs(endpoint.owner, record, ids):
            raise UpstreamContractError([Problem(f"/{endpoint.owner.named_in}", "mismatch")])
        return record


def belongs(owner: Owner | None, record: Document, ids: Ids) -> bool:
    """Whether a record says that it is its owner's, or says nothing of one."""
    if owner is None:
        return True
    named = record.get(owner.named_in)
    if isinstance(named, Mapping):
        named = owner.mapping.identity_of(named)
    return named is None or identity(named) == ids[OWNER]


def strangers(endpoint: Endpoint, record: Document, ids: Ids) -> Iterator[Problem]:
    """Where a record is another's than its owner's, or holds one that is: it is never shown."""
    if endpoint.owner is not None and not belongs(endpoint.owner, record, ids):
        yield Problem(f"/{endpoint.owner.named_in}", "mismatch")
    itself = {OWNER: str(endpoint.mapping.identity_of(record))}
    for owner in [make.owner for make, _ in endpoint.items.values() if make.owner is not None]:
        for place, item in enumerate(_within(owner, record)):
            if not belongs(owner, item, itself):
                yield Problem(f"/{owner.member}/{place}/{owner.named_in}", "mismatch")


def _is_record(document: object) -> bool:
    return isinstance(document, Mapping)


def _within(owner: Owner, parent: Document) -> Iterator[Document]:
    yield from parent.get(owner.member) or ()


def _fit(mapping: RecordMapping, record: Document) -> None:
    misfits = mapping.misfits(record, "")
    if misfits:
        raise UpstreamContractError(misfits)
