"""The legacy client's answers: own length, own validator, the legacy form of every error."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mappings.core.pack import Pack
from proxy import strict_json
from proxy.errors import InvalidDocumentError, PartialError, ProxyError
from proxy.journey.headers import entity_tag, matches

JSON = "application/json; charset=utf-8"
PRIVATE = {"Cache-Control": "no-store"}
"""Every answer is about a person: no cache on the way may keep it."""

BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


def encode(document: Any, pack: Pack) -> bytes:
    """A legacy document as the old API wrote it."""
    return strict_json.dump(document, ascii_escapes=pack.ascii_escapes)


def answer(status: int, body: bytes, headers: Mapping[str, str], *, head: bool) -> Response:
    """An answer with its exact length. To HEAD it has the headers of GET and no body."""
    if status in BODILESS:
        return Response(status_code=status, headers={**PRIVATE, **headers})
    framed = {**PRIVATE, "Content-Type": JSON, "Content-Length": str(len(body)), **headers}
    return Response(b"" if head else body, status_code=status, headers=framed)


def shown(
    request: Request, status: int, body: bytes, headers: Mapping[str, str], *, reads: bool
) -> Response:
    """A document with its own validator, or 304 where the client has it already."""
    head, tag = request.method == "HEAD", {"ETag": entity_tag(body)}
    have = request.headers.get("if-none-match") if reads else None
    if have is not None and matches(have, tag["ETag"], weakly=True):
        return answer(HTTPStatus.NOT_MODIFIED, b"", tag, head=head)
    return answer(status, body, {**tag, **headers}, head=head)


def failure(error: ProxyError, pack: Pack, *, head: bool, made_at: str = "") -> Response:
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
