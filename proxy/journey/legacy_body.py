"""The bytes that a legacy client sent, as a document: JSON or a form, in whatever charset."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from email.message import Message
from functools import lru_cache
from typing import Any

from proxy import strict_json
from proxy.errors import MalformedError, TooLargeError, UnsupportedMediaError
from proxy.journey import forms
from proxy.legacy_request import Fields, LegacyRequest

CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"})
"""By the names that Python gives them: `utf8` and `latin1` are among their others."""

BOM = b"\xef\xbb\xbf"
FORM = "application/x-www-form-urlencoded"

USUAL_LENGTH = 100
"""A longer Content-Type is not remembered: a client wrote it."""


async def read(request: LegacyRequest, limit: int, hold: Callable[[int], None]) -> bytes:
    """
    The body, whole; `hold` is told of every byte before it is kept.

    Raises `TooLargeError` as soon as it is larger than `limit` bytes, and `MalformedError` where
    the client leaves before it has come whole.
    """
    if (request.fields.get(b"content-encoding") or "identity").lower() != "identity":
        raise UnsupportedMediaError
    length = (request.fields.get(b"content-length") or "0").lstrip("0")
    if len(length) > len(str(limit)):
        raise TooLargeError
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise MalformedError
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size > limit:
            raise TooLargeError
        hold(len(piece))
        pieces.append(piece)
    return b"".join(pieces)


def is_plain(fields: Fields) -> bool:
    """Whether what begins as JSON behind such a head is read as it is, in UTF-8."""
    content_type = fields.get(b"content-type") or ""
    try:
        _, declared = _declared(content_type)
    except UnsupportedMediaError:
        return False
    return declared in (None, "utf-8") and fields.get(b"content-encoding") is None


def parse(body: bytes, content_type: str, charset: str | None, max_depth: int) -> Any:
    """
    The document in a body. What begins as JSON is JSON, whatever the Content-Type says: real
    clients send none, or a form's.

    `charset` is how a body is read that names none and is not UTF-8. Raises `MalformedError`,
    `UnsupportedMediaError`.
    """
    usual = len(content_type) <= USUAL_LENGTH
    kind, declared = _remembered(content_type) if usual else _declared(content_type)
    raw = body.removeprefix(BOM).strip(b" \t\r\n")
    is_json = raw[:1] in (b"{", b"[")
    if raw and not is_json and kind not in ("", FORM):
        raise MalformedError if kind.endswith("json") else UnsupportedMediaError
    text, read_as = _decoded(raw, declared, charset)
    try:
        if is_json:
            # What is UTF-8 already is parsed as it came.
            return strict_json.parse(raw if read_as == "utf-8" else text.encode(), max_depth)
        return _form(text, read_as, None if declared else charset)
    except (strict_json.NotStrictJsonError, forms.NotAFormError) as error:
        raise MalformedError from error


def _form(text: str, charset: str, otherwise: str | None) -> dict[str, Any]:
    """A form writes its bytes as escapes, so what charset they have shows only there."""
    try:
        return forms.parse(text, charset)
    except forms.NotAFormError:
        if otherwise is None:
            raise
    return forms.parse(text, otherwise)


def _declared(content_type: str) -> tuple[str, str | None]:
    """The media type, and the charset of a Content-Type by the name that Python gives it."""
    header = Message()
    header["content-type"] = content_type
    kind, charset = content_type.partition(";")[0].strip().lower(), header.get_param("charset")
    if not charset or not isinstance(charset, str):
        return kind, None
    try:
        return kind, codecs.lookup(charset).name
    except (LookupError, ValueError) as error:
        raise UnsupportedMediaError from error


_remembered = lru_cache(maxsize=64)(_declared)


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
