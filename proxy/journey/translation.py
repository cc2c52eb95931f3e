"""
The journey of a request: from the legacy client to the new API and back.

Each endpoint's action is one method below, one line a step. Each step raises its own error and
none catches another's, but for the reading after a write. The steps stand under the actions, in
the order in which a request walks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mappings.core import pointer as pointers
from mappings.core.context import Context, Document, Json, Loss
from mappings.core.endpoint import ID, UpstreamCall
from mappings.core.errors import DocumentError, Problem
from mappings.core.record_mapping import Upgraded
from proxy import strict_json
from proxy.errors import (
    ConflictError,
    InvalidDocumentError,
    PreconditionFailedError,
    ProxyError,
    UpstreamContractError,
    UpstreamStatusError,
)
from proxy.journey import answers, headers, legacy_body, rejections
from proxy.journey.gateway import Gateway
from proxy.journey.routing import Route
from proxy.upstream import policy
from proxy.upstream.client import Reply


@dataclass(slots=True)
class Journey:
    """One request on its way, and what it leaves for the log."""

    gateway: Gateway
    request: Request
    route: Route
    request_id: str
    upstream_status: int | None = None
    upstream_milliseconds: float = 0.0
    unknown: list[str] = field(default_factory=list)
    lost: list[Loss] = field(default_factory=list)

    @property
    def dropped_parameters(self) -> int:
        """How many query parameters the client sent: the legacy paths have none."""
        return len([part for part in self.request.scope["query_string"].split(b"&") if part])

    async def answer(self) -> Response:
        """Carry the request to the new API and its answer back."""
        actions = {
            "read": self.read,
            "list": self.read_all,
            "create": self.create,
            "update": self.update,
            "delete": self.delete,
        }
        return await actions[self.route.endpoint.action]()

    async def read(self) -> Response:
        """One record."""
        reply = await self.ask(self.route.endpoint.call)
        record = self.record_in(reply)
        return self.shown(self.downgraded(record))

    async def read_all(self) -> Response:
        """Every record that the caller may see, as a bare array."""
        reply = await self.ask(self.route.endpoint.call)
        records = self.records_in(reply)
        return self.shown([self.downgraded(record) for record in records])

    async def create(self) -> Response:
        """A record that is not there yet."""
        written = await self.written()
        upgraded = self.upgraded(written, base=None)
        reply = await self.send(written, upgraded.document)
        record = self.record_in(reply)
        return self.shown(self.downgraded(record), {"Location": self.location_of(record)})

    async def update(self) -> Response:
        """A record that is: what the client did not change stays as it is stored."""
        written = await self.written()
        stored, base = await self.stored()
        self.check_condition(base)
        upgraded = self.upgraded(written, base)
        sent = upgraded.document if self.route.endpoint.whole else upgraded.changes
        # Sent even when nothing changed: who may write is the new API's decision.
        reply = await self.send(written, sent, headers.strong(stored.etag))
        record = self.record_in(reply) if reply.body else await self.read_again(upgraded)
        return self.shown(self.downgraded(record))

    async def delete(self) -> Response:
        """A record that shall not be any more."""
        tag = None
        if "if-match" in self.request.headers:
            stored, base = await self.stored()
            self.check_condition(base)
            tag = headers.strong(stored.etag)
        await self.ask(self.route.endpoint.call, if_match=tag)
        return answers.answer(self.route.endpoint.status, self.encoded({}), {}, head=False)

    async def written(self) -> Document:
        """What the client wrote, taken out of its wrapper."""
        settings, endpoint = self.gateway.settings, self.route.endpoint
        body = await legacy_body.read(self.request, settings.max_body_bytes)
        document = legacy_body.parse(
            body,
            self.request.headers.get("content-type", ""),
            self.gateway.loaded.pack.charset,
            settings.max_depth,
        )
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

    async def stored(self) -> tuple[Reply, Document]:
        """The base: the record as the new API has it now."""
        reply = await self.ask(self.route.endpoint.read)
        record = self.record_in(reply)
        misfits = self.route.endpoint.mapping.misfits(record, "")
        if misfits:
            raise UpstreamContractError(misfits)
        return reply, record

    async def read_again(self, upgraded: Upgraded) -> Document:
        """
        The record after a write that was answered with no body.

        A write that succeeded must not look like one that failed: where the record cannot be
        read, it is shown as it was sent.
        """
        try:
            return (await self.stored())[1]
        except ProxyError:
            return upgraded.document

    def check_condition(self, base: Document) -> None:
        """Hold the client to its own If-Match, which is about the legacy document."""
        condition = self.request.headers.get("if-match")
        if condition is not None:
            tag = headers.entity_tag(self.encoded(self.downgraded(base)))
            if not headers.matches(condition, tag, weakly=False):
                raise PreconditionFailedError

    def upgraded(self, written: Document, base: Document | None) -> Upgraded:
        """The modern side of what the client wrote; the losses are noted."""
        endpoint = self.route.endpoint
        try:
            upgraded = endpoint.mapping.upgrade(written, self.context(base))
        except DocumentError as error:
            raise InvalidDocumentError(error.problems) from error
        if upgraded.stale and endpoint.stale_writes == "conflict":
            raise ConflictError
        self.lost += upgraded.lost_unless_kept
        return upgraded

    async def send(
        self, written: Document, document: Document, if_match: str | None = None
    ) -> Reply:
        """The write itself; what the new API refuses is told in the client's own names."""
        call = self.route.endpoint.call
        reply = await self.exchange(call, strict_json.dump(dict(document)), if_match)
        if reply.status not in call.success and policy.legacy_status(reply.status) == 422:
            raise InvalidDocumentError(
                rejections.walked_back(
                    reply.body,
                    self.route.endpoint.mapping,
                    written,
                    self.gateway.settings.max_depth,
                )
            )
        return self.succeeded(call, reply)

    async def ask(self, call: UpstreamCall, if_match: str | None = None) -> Reply:
        """A call without a body."""
        return self.succeeded(call, await self.exchange(call, None, if_match))

    async def exchange(
        self, call: UpstreamCall, content: bytes | None, if_match: str | None
    ) -> Reply:
        """One call of the new API with the caller's own credential, timed for the log."""
        sent = headers.to_upstream(self.request.headers, self.request_id)
        if content is not None:
            sent.append(("content-type", "application/json"))
        if if_match is not None:
            sent.append(("if-match", if_match))
        path = call.path.replace(ID, self.route.id)
        reply = await self.gateway.upstream.ask(call.method, path, sent, content)
        self.upstream_status = reply.status
        self.upstream_milliseconds += reply.milliseconds
        return reply

    @staticmethod
    def succeeded(call: UpstreamCall, reply: Reply) -> Reply:
        """The reply, if its status is one that the endpoint lists."""
        if reply.status in call.success:
            return reply
        if policy.legacy_status(reply.status) == 422:
            raise InvalidDocumentError([Problem("", rejections.REFUSED)])
        status, after = policy.legacy_status(reply.status), policy.retry_after(reply.retry_after)
        raise UpstreamStatusError(status, reply.status, after)

    def record_in(self, reply: Reply) -> Document:
        """The record in a reply; its id must be the one that was asked for."""
        record = self.document_in(reply)
        if not isinstance(record, Mapping):
            raise UpstreamContractError([Problem("", "not_an_object")])
        identity = str(record.get(self.route.endpoint.identity)).lower()
        if self.route.id and identity != self.route.id:
            raise UpstreamContractError([Problem(f"/{self.route.endpoint.identity}", "mismatch")])
        return record

    def records_in(self, reply: Reply) -> list[Document]:
        """The list of records in a reply."""
        if reply.has_more:
            # Until pages are followed: never one page as if it were the whole list.
            raise UpstreamContractError([Problem("", "paged")])
        key, document = self.route.endpoint.list_key, self.document_in(reply)
        records = document.get(key) if key and isinstance(document, Mapping) else document
        if not isinstance(records, list):
            raise UpstreamContractError([Problem("", "not_a_list")])
        return records

    def document_in(self, reply: Reply) -> Json:
        """The reply's body as a document."""
        try:
            return strict_json.parse(reply.body, self.gateway.settings.max_depth)
        except strict_json.NotStrictJsonError as error:
            raise UpstreamContractError([Problem("", "not_json")]) from error

    def downgraded(self, record: Document) -> Document:
        """The legacy side of a modern record; unknown codes are noted."""
        try:
            downgraded = self.route.endpoint.mapping.downgrade(record, self.context(None))
        except DocumentError as error:
            raise UpstreamContractError(error.problems) from error
        self.unknown += downgraded.unknown
        return downgraded.document

    def context(self, base: Document | None) -> Context:
        """What a translation of this request may know."""
        gateway = self.gateway
        return Context(today=gateway.today, base=base, tables=gateway.loaded.tables)

    def location_of(self, record: Document) -> str:
        """Where a legacy client finds the record that it made."""
        pack, endpoint = self.gateway.loaded.pack, self.route.endpoint
        identity = str(record[endpoint.identity])
        path = endpoint.located_at.replace(ID, identity) + pack.suffix
        return f"{self.gateway.settings.public_url or ''}{self.route.prefix}{path}"

    def encoded(self, document: Any) -> bytes:
        """A legacy document as bytes."""
        return answers.encode(document, self.gateway.loaded.pack)

    def shown(self, document: Any, extra: Mapping[str, str] | None = None) -> Response:
        """The answer, or 304 where the client has it already."""
        body, head = self.encoded(document), self.request.method == "HEAD"
        told = {headers.LOST: headers.lost(self.lost)} if self.lost else {}
        tag = {"ETag": headers.entity_tag(body)}
        have = self.request.headers.get("if-none-match") if self.route.reads else None
        if have is not None and headers.matches(have, tag["ETag"], weakly=True):
            return answers.answer(304, b"", tag, head=head)
        return answers.answer(
            self.route.endpoint.status, body, {**tag, **told, **(extra or {})}, head=head
        )
