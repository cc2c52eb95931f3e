"""
Plain requests: from a client's bytes to those of a call, and from its answer's to the client's.

They accept, and the journey explains: where anything is unusual they give nothing, and the journey
does it over.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from os import urandom
from typing import NamedTuple, Protocol

from mappings.core import pointer as pointers
from mappings.core.compiled.source import DECLINED
from mappings.core.context import Context, is_blank
from mappings.core.endpoint import ID, Endpoint, UpstreamCall, filled
from mappings.core.results import Upgraded
from proxy import strict_json
from proxy.credentials import PARAMETERS
from proxy.errors import ProxyError
from proxy.journey import headers, legacy_body
from proxy.journey.at_once import AtOnce
from proxy.journey.gateway import Gateway
from proxy.journey.routing import Route, location
from proxy.legacy_request import Fields
from proxy.observe.access_log import Alike

AT_MOST = 256
"""So many sets of lost fields are remembered: few, and always the same."""


class LostFields(NamedTuple):
    """What a creation loses of the fields that the legacy model has."""

    fields: tuple[str, ...]
    """Of each value."""
    line: bytes
    """The end of the line before it, and the field by which the client is told."""
    told: Alike
    """As the log tells it."""


class Asked(NamedTuple):
    """The call that a request asks for, and what is to be known when it is answered."""

    route: Route
    path: str
    today: date
    """The day on the legacy side."""
    content: bytes = b""
    lost: LostFields | None = None


class Shown(NamedTuple):
    """What the client gets."""

    body: bytes
    place: bytes = b""
    """Of a record that was made, the end of the line before and the field that tells its place."""


class Direct(Protocol):
    """One endpoint's way for plain requests."""

    endpoint: Endpoint
    call: UpstreamCall
    method: str
    """The legacy one."""
    writes: bool
    told: Alike
    """How the log tells of those that lose nothing."""

    def takes(self, fields: Fields) -> bool:
        """Whether requests with such a head can be plain."""
        ...

    def asked(self, route: Route, body: bytes) -> Asked | None:
        """What a request asks for."""
        ...

    def shown(self, asked: Asked, answer: bytes) -> Shown | None:
        """What the client gets of the body of an answer."""
        ...


class DirectReading:
    """One record is read."""

    method, writes = "GET", False

    def __init__(self, gateway: Gateway, endpoint: Endpoint, at_once: AtOnce) -> None:
        self.endpoint, self.call = endpoint, endpoint.read
        self.told = Alike.of(self.method, endpoint.path, endpoint.status)
        self._gateway, self._at_once = gateway, at_once

    def takes(self, fields: Fields) -> bool:
        """Whoever has a record already may be told that it is the same."""
        return fields.get(b"if-none-match") is None

    def asked(self, route: Route, body: bytes) -> Asked | None:
        """The record; whoever sends a body with it may have put a credential there."""
        if body:
            return None
        return Asked(route, filled(self.call.path, route.ids), self._gateway.today)

    def shown(self, asked: Asked, answer: bytes) -> Shown | None:
        """The record, if it is the one that was asked for."""
        at_once = self._at_once
        try:
            record = at_once.read(answer)
            if at_once.identity(record) != asked.route.ids[ID]:
                return None
            return Shown(at_once.encode(at_once.plain(asked.today)(record)))
        except DECLINED:
            return None


class DirectCreation:
    """A record is made of which nothing is to be remembered."""

    method, writes = "POST", True

    def __init__(self, gateway: Gateway, endpoint: Endpoint, at_once: AtOnce) -> None:
        self.endpoint, self.call = endpoint, endpoint.call
        self.told = Alike.of(self.method, endpoint.path, endpoint.status)
        self._gateway, self._at_once = gateway, at_once
        self._lost: dict[tuple[str, ...], LostFields | None] = {}
        """By the legacy-only fields that say something; fields of the mapping alone."""
        self._unlike = frozenset({*PARAMETERS, endpoint.wrapper})
        """Members of a body that is more than the record alone."""
        alone = self._unlike.isdisjoint(endpoint.mapping.legacy.model_fields)
        self._written = endpoint.mapping.from_client() if alone else None

    def takes(self, fields: Fields) -> bool:
        """The body must be in UTF-8 where it is nothing else."""
        return legacy_body.is_plain(fields)

    def asked(self, route: Route, body: bytes) -> Asked | None:
        """The record as the new API has it, where what is lost of it is declared."""
        gateway, by_calls = self._gateway, self.endpoint.mapping.by_calls
        today = gateway.today
        try:
            upgraded = self._upgraded(body, Context(today, tables=gateway.loaded.tables))
            # What goes out by calls of its own is more than one call.
            if upgraded is None or upgraded.items or not by_calls.isdisjoint(upgraded.document):
                return None
            lost = self._lost_of(upgraded)
        except (ProxyError, LookupError, strict_json.NotStrictJsonError):
            return None
        content = strict_json.dump(upgraded.document)
        return Asked(route, self.call.path, today, content, lost)

    def _upgraded(self, body: bytes, context: Context) -> Upgraded | None:
        max_depth, mapping = self._gateway.settings.max_depth, self.endpoint.mapping
        if self._written is not None:
            with suppress(*DECLINED):
                return self._written.upgraded(body, context, max_depth)
        if not body.startswith(b"{"):
            return None
        document = strict_json.parse(body, max_depth)
        return mapping.in_line(document, context) if self._unlike.isdisjoint(document) else None

    def _lost_of(self, upgraded: Upgraded) -> LostFields | None:
        """What is lost; raises `ProxyError`, and `LookupError` for a field that a client named."""
        if upgraded.lost:
            return self._told(upgraded)
        aside = upgraded.aside
        said = tuple([name for name in aside if not is_blank(aside[name])])
        if said not in self._lost:
            if len(self._lost) >= AT_MOST:
                self._lost.clear()
            self._lost[said] = self._told(upgraded)
        return self._lost[said]

    def _told(self, upgraded: Upgraded) -> LostFields | None:
        losses = (*upgraded.lost, *self._gateway.memory.judge(upgraded))
        if not all(loss.declared for loss in losses):
            raise LookupError
        fields = tuple(pointers.field_path(loss.pointer) for loss in losses)
        if not fields:
            return None
        line = f"\r\n{headers.LOST.lower()}: {headers.lost(losses)}".encode("latin-1")
        method, route, status, *_ = self.told
        told = Alike.of(method, route, status, (frozenset(fields), 0, frozenset()))
        return LostFields(fields, line, told)

    def shown(self, asked: Asked, answer: bytes) -> Shown | None:
        """The record that was made, and its place."""
        at_once = self._at_once
        try:
            document = at_once.plain(asked.today)(at_once.read(answer))
            loaded, base = self._gateway.loaded, self._gateway.settings.public_url or ""
            place = location(asked.route, self.endpoint, document, loaded.pack, base)
            return Shown(at_once.encode(document), f"\r\nlocation: {place}".encode("latin-1"))
        except DECLINED:
            return None


def direct(gateway: Gateway, row: Endpoint) -> Direct | None:
    """The way for plain requests of an endpoint, where it has one."""
    at_once, memory = gateway.at_once.get((row.path, row.action)), gateway.memory
    # Where ids are looked up, or values remembered, somebody has to wait.
    if at_once is None or row.kinds or row.patterns or memory.keeps:
        return None
    if row.action == "read" and row.methods == (DirectReading.method,):
        return DirectReading(gateway, row, at_once)
    alone = row.methods == (DirectCreation.method,) and ID not in row.call.path
    if row.action == "create" and alone and not memory.remembers_creations:
        return DirectCreation(gateway, row, at_once)
    return None


def fresh_key() -> bytes:
    """An idempotency key that no other call has: a random UUID, made by hand for its price."""
    bits = urandom(16).hex()
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}".encode()
