"""The legacy client's answers: own length, own validator, the legacy form of every error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Scope, Send

from mappings.core.pack import Pack
from proxy import strict_json
from proxy.errors import InvalidDocumentError, PartialError, ProxyError
from proxy.journey.headers import entity_tag, matches
from proxy.legacy_request import LegacyRequest

PRIVATE = (b"cache-control", b"no-store")
"""Every answer is about a person: no cache on the way may keep it."""

JSON = (b"content-type", b"application/json; charset=utf-8")

BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


@dataclass(slots=True)
class Answer:
    """What a client gets, whole; an ASGI application that gives it."""

    status: int
    fields: list[tuple[bytes, bytes]]
    body: bytes = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.fields})
        await send({"type": "http.response.body", "body": self.body})


def encode(document: Any, pack: Pack) -> bytes:
    """A legacy document as the old API wrote it."""
    return strict_json.dump(document, ascii_escapes=pack.ascii_escapes)


def answer(status: int, body: bytes, headers: Mapping[str, str], *, head: bool) -> Answer:
    """An answer with its exact length. To HEAD it has the headers of GET and no body."""
    fields = [PRIVATE]
    if status not in BODILESS:
        fields += (JSON, (b"content-length", b"%d" % len(body)))
    for name, value in headers.items():
        fields.append((name.lower().encode("latin-1"), value.encode("latin-1")))
    return Answer(status, fields, b"" if head or status in BODILESS else body)


def shown(
    request: LegacyRequest,
    status: int,
    body: bytes,
    headers: Mapping[str, str],
    *,
    reads: bool,
    tag: str = "",
) -> Answer:
    """A document with its own validator, or 304 where the client has it already."""
    head, tag = request.method == "HEAD", tag or entity_tag(body)
    have = request.fields.get(b"if-none-match") if reads else None
    if have is not None and matches(have, tag, weakly=True):
        return answer(HTTPStatus.NOT_MODIFIED, b"", {"ETag": tag}, head=head)
    told = answer(status, body, headers, head=head)
    told.fields.append((b"etag", tag.encode("ascii")))
    return told


def failure(error: ProxyError, pack: Pack, *, head: bool, made_at: str = "") -> Answer:
    """
    The legacy form of an error. Nothing of the new API is in it; a record that was made all the
    same is told by its place.
    """
    if isinstance(error, InvalidDocumentError):
        document = pack.errors.invalid(error.problems)
    elif isinstance(error, PartialError):
        document = pack.errors.partial(error.status, error.pointer, error.reason)
    else:
        document = pack.errors.error(error.status, error.reason)
    told = {"Location": made_at} if made_at else {}
    headers = {**pack.errors.headers(error.status), **error.headers, **told}
    return answer(error.status, encode(document, pack), headers, head=head)
