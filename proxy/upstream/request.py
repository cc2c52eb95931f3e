"""The bytes of one request: one framing, and nothing in a line that would end it."""

from __future__ import annotations

import re

import httpx

OURS = frozenset(
    {
        b"accept-encoding",
        b"connection",
        b"content-length",
        b"expect",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Fields that say how this connection is used: the transport's own, whatever a caller gives."""

WITH_BODY = frozenset({"PATCH", "POST", "PUT"})
"""Methods whose empty body is announced as such (RFC 9110, 8.6)."""

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_TARGET = re.compile(rb"/[\x21-\x22\x24-\x7e]*")


def request_bytes(request: httpx.Request, body: bytes) -> bytes:
    """Head and body; raises `httpx.LocalProtocolError` for what must not be written."""
    # As latin-1 what is not ASCII stays one byte, which no token has.
    method = request.method.encode("latin-1", "replace")
    target = request.url.raw_path
    if not _TOKEN.fullmatch(method) or method == b"CONNECT":
        raise httpx.LocalProtocolError("this method cannot be sent")
    if not _TARGET.fullmatch(target):
        raise httpx.LocalProtocolError("the target has a character that cannot be sent")
    lines = [b"%b %b HTTP/1.1\r\n" % (method, target)]
    hosts = 0
    names, values = [], []
    for name, value in request.headers.raw:
        lowered = name.lower()
        if lowered in OURS:
            continue
        hosts += lowered == b"host"
        names.append(name)
        values.append(value)
        lines.append(b"%b: %b\r\n" % (name, value))
    if hosts != 1:
        raise httpx.LocalProtocolError("a request has exactly one Host")
    if b"" in names or not _TOKEN.fullmatch(b"".join(names)):
        raise httpx.LocalProtocolError("a field's name is no token")
    if _CONTROL.search(b"".join(values)):
        raise httpx.LocalProtocolError("a field's value has a control character")
    if body or request.method in WITH_BODY:
        lines.append(b"Content-Length: %d\r\n" % len(body))
    lines.append(b"Accept-Encoding: identity\r\n\r\n")
    lines.append(body)
    return b"".join(lines)
