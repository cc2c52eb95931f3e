"""The legacy client's answers: own length, own validator, the legacy form of every error."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from mappings.core.pack import Pack
from proxy import strict_json
from proxy.errors import InvalidDocumentError, ProxyError

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


def failure(error: ProxyError, pack: Pack, *, head: bool) -> Response:
    """The legacy form of an error. Nothing of the new API is in it."""
    if isinstance(error, InvalidDocumentError):
        document = pack.errors.invalid(error.problems)
    else:
        document = pack.errors.error(error.status)
    headers = {**pack.errors.headers(error.status), **error.headers}
    return answer(error.status, encode(document, pack), headers, head=head)
