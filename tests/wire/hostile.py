"""Answers that no new API should give: what each makes of the right answer, as bytes."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from tests.wire.modern_api import Good, head

STRANGER = str(UUID(int=0x57A46E5))
"""The id of a record for which nobody asked."""

ELSEWHERE = "https://evil.example/health_records"
UNTOLD = b"Nepetita"
"""Stands in every answer that was not asked for, so that it is found wherever it comes out."""


def stray(good: Good) -> bytes:
    """
    An answer that nobody asked for, as right as the one before it: a record with another id, or
    the same list once more, which nothing but its caller tells from another list.
    """
    return good.raw if isinstance(good.document, list) else other_record(good)


def other_record(good: Good) -> bytes:
    """A record for which nobody asked, with all that its caller may see."""
    document = {**_one(good), "id": STRANGER, "first_name": UNTOLD.decode()}
    return Good(200, document).raw


def _one(good: Good) -> dict[str, Any]:
    document = good.document
    return document[0] if isinstance(document, list) else document or {"id": STRANGER}


def _framed(*fields: tuple[str, str]) -> Callable[[Good], bytes]:
    """The right body under these fields, in which `N` stands for its length."""

    def framed(good: Good) -> bytes:
        length = str(len(good.body))
        said = [(name, value.replace("N", length)) for name, value in fields]
        return head(good.status, *said) + good.body

    return framed


def _with(*fields: tuple[str, str]) -> Callable[[Good], bytes]:
    """The right answer, with more fields."""
    return lambda good: Good(good.status, good.document, (*good.fields, *fields)).raw


def _line(line: bytes) -> Callable[[Good], bytes]:
    """The right answer, under another status line."""
    return lambda good: line + good.raw[good.raw.index(b"\r\n") :]


def _said(status: int, *fields: tuple[str, str], document: Any = None) -> Callable[[Good], bytes]:
    """Another status, whatever was asked."""
    told = {"detail": "sandbox uvicorn about:blank"} if document is None else document
    return lambda good: Good(status, told, fields).raw


def _body(make: Callable[[Good], bytes], *fields: tuple[str, str]) -> Callable[[Good], bytes]:
    """Another body, with its right length."""

    def answer(good: Good) -> bytes:
        body = make(good)
        return head(good.status, *fields, ("Content-Length", str(len(body)))) + body

    return answer


def _member(text: str) -> Callable[[Good], bytes]:
    """The right document, with one more member in it."""
    return _body(lambda good: b"{" + text.encode() + b", " + json.dumps(_one(good)).encode()[1:])


def _chunked(make: Callable[[bytes], bytes], coding: str = "chunked") -> Callable[[Good], bytes]:
    """The right body in chunks, or in what looks like some."""
    return lambda good: head(good.status, ("Transfer-Encoding", coding)) + make(good.body)


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


FRAMING: Mapping[str, Callable[[Good], bytes]] = {
    "extra_bytes": lambda good: good.raw + b"\r\n" + UNTOLD,
    "second_answer": lambda good: good.raw + stray(good),
    "body_204": lambda good: b"HTTP/1.1 204 No Content\r\n\r\n" + stray(good),
    "body_204_length": lambda good: head(204, ("Content-Length", str(len(good.body)))) + good.body,
    "body_304": lambda good: head(304, ("Content-Length", str(len(good.body)))) + good.body,
    "flood_1xx": lambda good: b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + good.raw,
    "early_hints": lambda good: b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + good.raw,
    "switching": lambda good: (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        + good.raw
    ),
    "cl_te": lambda good: (
        head(200, ("Content-Length", str(len(good.body))), ("Transfer-Encoding", "chunked"))
        + _chunk(good.body)
        + b"0\r\n\r\n"
    ),
    "two_lengths": _framed(("Content-Length", "N"), ("Content-Length", "5")),
    "same_lengths": _framed(("Content-Length", "N"), ("Content-Length", "N")),
    "length_list": _framed(("Content-Length", "N, N")),
    "length_negative": _framed(("Content-Length", "-1")),
    "length_plus": _framed(("Content-Length", "+N")),
    "length_hex": _framed(("Content-Length", "0x7f")),
    "length_huge": _framed(("Content-Length", "9" * 40)),
    "length_short": _framed(("Content-Length", "20")),
    "chunk_size": _chunked(lambda body: b"zz\r\n" + body),
    "chunk_overflow": _chunked(lambda body: b"f" * 17 + b"1\r\n" + body),
    "chunk_negative": _chunked(lambda body: b"-5\r\n" + body),
    "chunk_end": _chunked(lambda body: b"%x\r\n%sXX0\r\n\r\n" % (len(body), body)),
    "chunk_extension": _chunked(lambda body: b"5;" + b"x" * 100_000 + b"\r\n" + body),
    "coding_gzip": _chunked(lambda body: _chunk(body) + b"0\r\n\r\n", "gzip, chunked"),
    "coding_unknown": _chunked(lambda body: _chunk(body) + b"0\r\n\r\n", "cow"),
    "coding_1_0": lambda good: (
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + _chunk(good.body) + b"0\r\n\r\n"
    ),
    "trailers": _chunked(
        lambda body: _chunk(body) + b"0\r\nSet-Cookie: a=1\r\nContent-Length: 5\r\n\r\n"
    ),
}

CLOSING: Mapping[str, Callable[[Good], bytes]] = {
    "cut_length": lambda good: good.raw[: -len(good.body) // 2],
    "cut_chunk": _chunked(lambda body: _chunk(body)[: len(body) // 2]),
    "cut_last_chunk": _chunked(_chunk),
    "cut_head": lambda good: good.raw[:40],
    "no_length": lambda good: head(good.status) + good.body,
    "no_length_half": lambda good: head(good.status) + good.body[: len(good.body) // 2],
    "http_0_9": lambda good: good.body,
    "garbage": lambda good: bytes(range(256)) * 16,
    "tls": lambda good: b"\x15\x03\x03\x00\x02\x02\x28",
}
"""After these the connection is closed."""

HEADS: Mapping[str, Callable[[Good], bytes]] = {
    "folded": _framed(("Content-Length", "N"), ("X-Folded", "one\r\n two")),
    "folded_length": _framed(("Content-Length", "\r\n N")),
    "bare_lf": lambda good: (
        head(200, ("Content-Length", str(len(good.body)))).replace(b"\r", b"") + good.body
    ),
    "space_before_colon": _framed(("Content-Length ", "N")),
    "no_colon": _framed(("Content-Length", "N\r\nno colon here")),
    "no_name": _framed(("Content-Length", "N"), ("", "nameless")),
    "nul": _framed(("Content-Length", "N"), ("X-Nul", "a\0b")),
    "bare_cr": _framed(("Content-Length", "N"), ("X-Cr", "a\rSet-Cookie: b=1")),
    "http_2": _line(b"HTTP/2.0 200 OK"),
    "http_lower": _line(b"http/1.1 200 OK"),
    "http_1_9": _line(b"HTTP/1.9 200 OK"),
    "status_999": _line(b"HTTP/1.1 999 Never"),
    "status_600": _line(b"HTTP/1.1 600 Never"),
    "status_099": _line(b"HTTP/1.1 099 Never"),
    "status_20": _line(b"HTTP/1.1 20 Never"),
    "status_2000": _line(b"HTTP/1.1 2000 Never"),
    "long_reason": _line(b"HTTP/1.1 200 " + b"x" * 100_000),
    "big_header": _with(("X-Big", "x" * 2**20)),
    "many_fields": _with(*((f"X-{number}", "x") for number in range(5000))),
}

CONTENT: Mapping[str, Callable[[Good], bytes]] = {
    "bad_gzip": _body(lambda good: b"\x1f\x8b\x08" + UNTOLD, ("Content-Encoding", "gzip")),
    "gzip": _body(lambda good: gzip.compress(good.body), ("Content-Encoding", "gzip")),
    "deflate": _body(lambda good: zlib.compress(good.body), ("Content-Encoding", "deflate")),
    "other_record": other_record,
    "half_document": _body(lambda good: good.body[: len(good.body) // 2]),
    "two_documents": _body(lambda good: good.body * 2),
    "no_document": _body(lambda good: b""),
    "page": _body(lambda good: b"<html>sandbox uvicorn</html>", ("Content-Type", "text/html")),
    "nan": _member('"weight": NaN'),
    "infinity": _member('"weight": -Infinity'),
    "huge_number": _member('"weight": 1e999'),
    "long_integer": _member(f'"weight": {"9" * 5000}'),
    "duplicate_keys": _member(f'"id": "{STRANGER}"'),
    "deep": _member(f'"deep": {"[" * 100_000}{"]" * 100_000}'),
    "deep_objects": _body(lambda good: b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "lone_surrogate": _member(r'"said": "\ud800"'),
    "nul_text": _member(r'"said": "\u0000"'),
    "utf_16": _body(lambda good: good.body.decode().encode("utf-16")),
    "bom": _body(lambda good: b"\xef\xbb\xbf" + good.body),
    "latin_1": lambda good: _member('"said": "~"')(good).replace(b"~", b"\xe9"),
    "number": _body(lambda good: b"1"),
    "nothing": _body(lambda good: b"null"),
    "list": _body(lambda good: b"[" + good.body + b"]"),
    "empty": _body(lambda good: b"{}"),
    "wrong_types": _body(
        lambda good: json.dumps({**_one(good), "first_name": {}, "birth_date": 5}).encode()
    ),
}

FIELDS: Mapping[str, Callable[[Good], bytes]] = {
    "crlf_location": _with(("Location", "/x\r\nSet-Cookie: stolen=1\r\nX-Split: yes")),
    "escaped_location": _with(("Location", "/x%0d%0aSet-Cookie:%20stolen=1")),
    "crlf_etag": _with(("ETag", '"x\r\nSet-Cookie: stolen=1"')),
    "escape_etag": _with(("ETag", '"\x1b[31mred\x7f"')),
    "set_cookie": _with(("Set-Cookie", "session=sandbox"), ("Set-Cookie", "other=1")),
    "names": _with(("Server", "uvicorn"), ("Via", "1.1 sandbox"), ("X-Powered-By", "sandbox")),
    "keep_or_close": _with(("Connection", "close"), ("Connection", "keep-alive")),
    "redirect_302": _said(302, ("Location", ELSEWHERE)),
    "redirect_307": _said(307, ("Location", ELSEWHERE)),
    "redirect_308": _said(308, ("Location", "//evil.example/x")),
    "retry_after_huge": _said(503, ("Retry-After", "9" * 5000)),
    "retry_after_text": _said(503, ("Retry-After", "sandbox; drop table")),
    "retry_after_negative": _said(429, ("Retry-After", "-1")),
    "unauthorized": _said(401, ("WWW-Authenticate", 'Bearer realm="sandbox"')),
    "proxy_auth": _said(407, ("Proxy-Authenticate", 'Basic realm="sandbox"')),
    "partial": _said(206, ("Content-Range", "bytes 0-1/9")),
    "not_modified": lambda good: b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
    "error_page": _said(500),
    "teapot": _said(418),
    "invalid_deep": _said(422, document={"errors": [{"pointer": "#/x" * 5000}] * 50}),
    "next_elsewhere": _with(("Link", f'<{ELSEWHERE}?page=2>; rel="next"')),
    "next_forever": _with(("Link", '<?page=2>; rel="next"')),
    "next_strange": _with(("Link", '<http://[?page=2>; rel="next"')),
}

HOSTILE: Mapping[str, Callable[[Good], bytes]] = {
    **FRAMING,
    **CLOSING,
    **HEADS,
    **CONTENT,
    **FIELDS,
}
