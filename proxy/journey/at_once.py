"""
What the new API answered, shown from its bytes in one go.

It accepts, and the journey's own steps explain: where anything is unusual it gives nothing, and
they do it over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from mappings.core.compiled.from_bytes import FromBytes
from mappings.core.compiled.inline import Shown
from mappings.core.compiled.source import DECLINED
from mappings.core.context import Context, Json
from mappings.core.endpoint import Endpoint
from mappings.core.pack import Pack
from proxy import strict_json
from proxy.journey.memory import Memory

SLICE = 100
"""After so many records of a list, others have their turn."""

LARGE_BYTES = 4 * 1024**2
"""A larger list is not even decoded in one go."""

Record = Any
"""A modern record as `FromBytes` reads it."""

Show = Callable[[Record], Shown]


class AtOnce:
    """One endpoint's way from bytes to legacy documents."""

    def __init__(
        self,
        from_bytes: FromBytes,
        memory: Memory,
        known: Mapping[str, Mapping[str, Json]],
        tables: Mapping[str, Any],
        encode: Callable[[Any], bytes],
    ) -> None:
        """`known` has the legacy ids that are at hand, by kind and modern id."""
        self._from_bytes = from_bytes
        self._memory = memory
        self._known = known
        self._tables = tables
        self.encode = encode
        """A legacy document in bytes."""
        self.read: Callable[[bytes], Record] = from_bytes.record
        """The record in a body; raises one of `DECLINED` where it is not a plain one."""
        self.identity: Callable[[Record], str] = from_bytes.identity
        """Its modern id, in lower case; raises as `read` does."""
        self._day = date.min
        self._of_the_day: Show | None = None

    async def one(self, body: bytes, identity: str, today: date) -> bytes | None:
        """The record in a body, shown; its id must be the one that was asked for."""
        try:
            record = self.read(body)
            if self.identity(record) != identity:
                return None
            show = await self._showing([record], today)
            return self.encode(show(record))
        except DECLINED:
            return None

    def record(self, body: bytes) -> Record | None:
        """The record in a body, where it is nothing but a plain one."""
        try:
            return self.read(body)
        except DECLINED:
            return None

    async def shown(self, record: Record, today: date) -> Shown | None:
        """What a legacy client sees of a record."""
        try:
            return (await self._showing([record], today))(record)
        except DECLINED:
            return None

    async def every(self, body: bytes, today: date) -> bytes | None:
        """The records of a list, shown as a bare array."""
        try:
            if len(body) > LARGE_BYTES:
                return await self._by_slices(self._read_one_by_one(body), today)
            records = self._from_bytes.records(body)
            if len(records) > SLICE:
                return await self._by_slices(batched(records, SLICE), today)
            show = await self._showing(records, today)
            return self.encode([show(record) for record in records])
        except DECLINED:
            return None

    async def _by_slices(self, slices: Iterable[list[Record]], today: date) -> bytes:
        pieces: list[bytes] = []
        for records in slices:
            show = await self._showing(records, today)
            pieces.append(self.encode([show(record) for record in records])[1:-1])
            await asyncio.sleep(0)
        return b"[%b]" % b",".join(pieces)

    def _read_one_by_one(self, body: bytes) -> Iterator[list[Record]]:
        """The records of a list, each read when its turn comes."""
        from_bytes, seen, length = self._from_bytes, set[str](), 0
        for some in batched(from_bytes.split(body), SLICE):
            records = [from_bytes.record(raw) for raw in some]
            seen.update(map(from_bytes.identity, records))
            length += len(records)
            if len(seen) != length:
                # While pages are read a list can move on: the journey shows no record twice.
                raise LookupError
            yield records

    async def _showing(self, records: list[Record], today: date) -> Show:
        if not self._memory.keeps:
            return self.plain(today)
        keys = {key for record in records for key in self._from_bytes.set_aside_in(record)}
        asides = await self._memory.asides_of(keys)
        context = Context(today=today, tables=self._tables, asides=asides)
        return self._from_bytes.showing(self._known, context)

    def plain(self, today: date) -> Show:
        """
        What shows records of which nothing is set aside: the same all day. It raises as `read`
        does, where there is something to tell.
        """
        if self._of_the_day is None or today is not self._day:
            context = Context(today=today, tables=self._tables)
            self._of_the_day = self._from_bytes.showing(self._known, context)
            self._day = today
        return self._of_the_day


def batched(items: list[Any], size: int) -> Iterator[list[Any]]:
    """The items in order, so many at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


def at_once(pack: Pack, memory: Memory, tables: Mapping[str, Any]) -> dict[tuple[str, str], AtOnce]:
    """Those of a pack's endpoints that have such a way, by legacy path and action."""
    encode = (
        partial(strict_json.dump, ascii_escapes=True) if pack.ascii_escapes else strict_json.dump
    )
    # The ids of a kind are asked for once, also before there are any.
    known = {kind: memory.known[kind] for kind in pack.kinds}
    return {
        (row.path, row.action): AtOnce(way, memory, known, tables, encode)
        for row in pack.endpoints
        if isinstance(row, Endpoint)
        and row.owner is None
        and row.action in ("read", "list", "create")
        and (way := _way(row)) is not None
    }


def _way(endpoint: Endpoint) -> FromBytes | None:
    owners = [make.owner for make, _ in endpoint.items.values() if make.owner is not None]
    named = {owner.member: owner.named_in for owner in owners}
    return endpoint.mapping.from_bytes(named, endpoint.list_key)
