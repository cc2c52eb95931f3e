"""One request, told by its parts; its bytes: one framing, and nothing in a line that ends it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

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


_DOTS = re.compile(rb"/\.{1,2}(?:[/?]|$)")

Fields = Sequence[tuple[bytes, bytes]]


class Prepared(httpx.Request):
    """
    A request that is told by its parts, to a path below a base URL.

    The transport reads the parts; what httpx has beside them is made when somebody asks for it,
    as a mock does. Raises `httpx.InvalidURL`.
    """

    def __init__(
        self, method: str, home: httpx.URL, path: str, fields: Fields, content: bytes | None
    ) -> None:
        self.method = method
        self.extensions = {}
        self.home = home
        """The base URL."""
        self.target = home.raw_path.rstrip(b"/") + path.encode() or b"/"
        if not _TARGET.fullmatch(self.target):
            # Not as it is: httpx knows how it is quoted, or that it cannot be.
            self.target = httpx.URL(str(home).rstrip("/") + path).raw_path
        if _DOTS.search(self.target):
            raise httpx.InvalidURL("a path with dots for segments")
        self.fields = [(b"Host", home.netloc), *fields]
        self._content = content or b""

    @cached_property
    def url(self) -> httpx.URL:  # type: ignore[override]  # httpx sets it, and nobody else does
        """Where it goes."""
        return self.home.copy_with(raw_path=self.target)

    @cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]  # as above
        """Its fields, and the length of its body."""
        framed = self._content or self.method in WITH_BODY
        length = [(b"Content-Length", b"%d" % len(self._content))] if framed else []
        return httpx.Headers([*self.fields, *length])

    @cached_property
    def stream(self) -> httpx.ByteStream:  # type: ignore[override]  # as above
        """Its body."""
        return httpx.ByteStream(self._content)


def request_bytes(request: httpx.Request, body: bytes) -> bytes:
    """Head and body; raises `httpx.LocalProtocolError` for what must not be written."""
    fields: Fields
    if isinstance(request, Prepared):
        target, fields = request.target, request.fields
    else:
        target, fields = request.url.raw_path, request.headers.raw
    # As latin-1 what is not ASCII stays one byte, which no token has.
    method = request.method.encode("latin-1", "replace")
    if not _TOKEN.fullmatch(method) or method == b"CONNECT":
        raise httpx.LocalProtocolError("this method cannot be sent")
    if not _TARGET.fullmatch(target):
        raise httpx.LocalProtocolError("the target has a character that cannot be sent")
    lines = [b"%b %b HTTP/1.1\r\n" % (method, target)]
    hosts = 0
    names, values = [], []
    for name, value in fields:
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
