"""The bytes that a legacy client sent, as a document: JSON or a form, in whatever charset."""

from __future__ import annotations

from email.message import Message
from typing import Any

from starlette.requests import Request

from proxy.errors import MalformedError, TooLargeError, UnsupportedMediaError
from proxy.journey import forms, strict_json

CHARSETS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})
BOM = b"\xef\xbb\xbf"
FORM = "application/x-www-form-urlencoded"


async def read(request: Request, limit: int) -> bytes:
    """The body, whole. Raises `TooLargeError` as soon as it is larger than `limit` bytes."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaError
    if len(request.headers.get("content-length", "0")) > len(str(limit)):
        raise TooLargeError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLargeError
    return bytes(body)


def parse(body: bytes, content_type: str, charset: str | None, max_depth: int) -> Any:
    """
    The document in a body. What begins as JSON is JSON, whatever the Content-Type says: real
    clients send none, or a form's.

    `charset` is how a body is read that names none and is not UTF-8. Raises `MalformedError`,
    `UnsupportedMediaError`.
    """
    kind, declared = _declared(content_type)
    raw = body.removeprefix(BOM).strip(b" \t\r\n")
    text, read_as = _decoded(raw, declared, charset)
    try:
        if text[:1] in ("{", "["):
            return strict_json.parse(text.encode(), max_depth)
        if not text:
            return {}
        if kind in ("", FORM):
            return forms.parse(text, read_as)
    except (strict_json.NotStrictJsonError, forms.NotAFormError) as error:
        raise MalformedError from error
    if kind.endswith("json"):
        raise MalformedError
    raise UnsupportedMediaError


def _declared(content_type: str) -> tuple[str, str | None]:
    """The media type and the charset of a Content-Type, both in lower case."""
    header = Message()
    header["content-type"] = content_type
    charset = header.get_param("charset")
    kind = content_type.partition(";")[0].strip().lower()
    return kind, charset.lower() if isinstance(charset, str) else None


def _decoded(raw: bytes, declared: str | None, otherwise: str | None) -> tuple[str, str]:
    if declared is not None and declared not in CHARSETS:
        raise UnsupportedMediaError
    try:
        return raw.decode(declared or "utf-8"), declared or "utf-8"
    except UnicodeDecodeError as error:
        if declared is not None or otherwise is None:
            raise MalformedError from error
    try:
        return raw.decode(otherwise), otherwise
    except UnicodeDecodeError as error:
        raise MalformedError from error
