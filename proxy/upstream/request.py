"""One request, told by its parts; its bytes: one framing, and nothing in a line that ends it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Container, Hashable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any

import httpx
import msgspec

OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Fields that say how this connection is used: the transport's own, whatever a caller gives."""

WITH_BODY = frozenset({"PATCH", "POST", "PUT"})
"""Methods whose empty body is announced as such (RFC 9110, 8.6)."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(r"/[\x21-\x22\x24-\x7e]*")
_DOTS = re.compile(r"/\.{1,2}(?:[/?]|$)")
_TEXT = bytes({0x09, *range(0x20, 0x7F), *range(0x80, 0x100)})
"""What a line may have: no control character but the tabulator."""

Fields = Sequence[tuple[str, str]]


class Home:
    """A base URL, and the fields of every request below it that has none of the same name."""

    def __init__(self, url: httpx.URL, always: Fields = ()) -> None:
        self.url = url
        self.host = url.netloc.decode("ascii")
        self.path = url.raw_path.rstrip(b"/").decode("ascii")
        self._always = always

    def beside(self, names: Container[str]) -> Fields:
        """What goes with fields of these names."""
        return [field for field in self._always if field[0] not in names]

    def target(self, path: str) -> str:
        """A path below it as it is sent; raises `httpx.InvalidURL`."""
        target = self.path + path or "/"
        if not _TARGET.fullmatch(target):
            # Not as it is: httpx knows how it is quoted, or that it cannot be.
            target = httpx.URL(str(self.url).rstrip("/") + path).raw_path.decode("ascii")
        if "/." in target and _DOTS.search(target):
            raise httpx.InvalidURL("a path with dots for segments")
        return target


class Call(msgspec.Struct, gc=False):
    """A request that is told by its parts, to a path below a base URL."""

    method: str
    home: Home
    target: str
    fields: Fields
    content: bytes
    until: float
    """When its answer must be there, by the clock of the event loop."""
    affinity: Hashable = None

    def written(self) -> bytes:
        """Its bytes; raises `httpx.LocalProtocolError`."""
        names, values = zip(*self.fields, strict=True) if self.fields else ((), ())
        return _form(self.method, self.home, names).written(self.target, values, self.content)


class Prepared(httpx.Request):
    """A call as httpx has it, of which the parts are made when somebody asks, as a mock does."""

    def __init__(self, call: Call) -> None:
        self.method = call.method
        self.call = call
        self._content = call.content

    @cached_property
    def url(self) -> httpx.URL:  # type: ignore[override]  # httpx sets it, and nobody else does
        """Where it goes."""
        return self.call.home.url.copy_with(raw_path=self.call.target.encode())

    @cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]  # as above
        """Its fields, and the length of its body."""
        framed = self.call.content or self.method in WITH_BODY
        length = [("Content-Length", str(len(self.call.content)))] if framed else []
        beside = self.call.home.beside({name for name, _ in self.call.fields})
        fields = [("Host", self.call.home.host), *beside, *self.call.fields, *length]
        # As bytes: httpx would refuse what is not ASCII; HTTP allows it (RFC 9110, 5.5).
        return httpx.Headers(
            [(name.encode("ascii"), value.encode("latin-1")) for name, value in fields]
        )

    @cached_property
    def stream(self) -> httpx.ByteStream:  # type: ignore[override]  # as above
        """Its body."""
        return httpx.ByteStream(self.call.content)

    @cached_property
    def extensions(self) -> dict[str, Any]:  # type: ignore[override]  # as above
        """What a transport is told beside it."""
        seconds = self.call.until - asyncio.get_running_loop().time()
        return {"affinity": self.call.affinity, "timeout": {"total": max(0.0, seconds)}}


def request_bytes(request: httpx.Request, body: bytes) -> bytes:
    """Head and body; raises `httpx.LocalProtocolError` for what must not be written."""
    target = request.url.raw_path.decode("latin-1")
    if not _TARGET.fullmatch(target):
        raise httpx.LocalProtocolError("the target has a character that cannot be sent")
    # As latin-1 what is not ASCII stays one byte, which no token has.
    fields = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    ]
    hosts = [value for name, value in fields if name.lower() == "host"]
    if len(hosts) != 1:
        raise httpx.LocalProtocolError("a request has exactly one Host")
    others = [field for field in fields if field[0].lower() != "host"]
    form = Form(request.method, [("Host", hosts[0])], [name for name, _ in others])
    return form.written(target, [value for _, value in others], body)


class Form:
    """
    What requests have in common whose method, names of fields and constant fields are the same.

    Raises `httpx.LocalProtocolError` for what must not be written.
    """

    def __init__(self, method: str, constant: Fields, names: Iterable[str]) -> None:
        if not _TOKEN.fullmatch(method) or method == "CONNECT":
            raise httpx.LocalProtocolError("this method cannot be sent")
        lines = [f"{method.replace('%', '%%')} %s HTTP/1.1\r\n"]
        lines += [
            _line(name, value.replace("%", "%%")) for name, value in constant if _is_sent(name)
        ]
        # A field that is not sent has a place that shows nothing of its value.
        lines += [_line(name, "%s") if _is_sent(name) else "%.0s" for name in names]
        self._text = "".join([*lines, "%sAccept-Encoding: identity\r\n\r\n"])
        self._ends = 2 * self._text.count("\r\n")
        self._framed = method in WITH_BODY

    def template(self, base: str, values: Iterable[str | None]) -> bytes:
        """
        The bytes of a head, to be filled with what stands behind `base` in the target, a value for
        each that is none here, and the line of the length of a body, in this order.
        """
        text = self._text.replace("%%", "%%%%")
        given = ["%b" if value is None else value.replace("%", "%%") for value in values]
        head = (text % (f"{base.replace('%', '%%')}%b", *given, "%b")).encode("latin-1")
        if len(head.translate(None, _TEXT)) != self._ends:
            raise httpx.LocalProtocolError("a field's value has a control character")
        return head

    def written(self, target: str, values: Iterable[str], body: bytes) -> bytes:
        """The bytes of one of them."""
        length, ends = "", self._ends
        if body or self._framed:
            length, ends = f"Content-Length: {len(body)}\r\n", ends + 2
        head = (self._text % (target, *values, length)).encode("latin-1")
        # Every line has the end that was written here, and no other control character.
        if len(head.translate(None, _TEXT)) != ends:
            raise httpx.LocalProtocolError("a field's value has a control character")
        return head + body


def template(method: str, home: Home, fields: Iterable[tuple[str, str | None]]) -> bytes:
    """
    What calls have in common whose fields are these, but for those without a value here: see
    `Form.template`. Raises `httpx.LocalProtocolError`.
    """
    names, values = zip(*fields, strict=True)
    return _form(method, home, names).template(home.path, values)


@lru_cache(maxsize=256)
def _form(method: str, home: Home, names: tuple[str, ...]) -> Form:
    if "host" in (name.lower() for name in names):
        raise httpx.LocalProtocolError("a request has exactly one Host")
    return Form(method, [("Host", home.host), *home.beside(names)], names)


def _is_sent(name: str) -> bool:
    if not _TOKEN.fullmatch(name):
        raise httpx.LocalProtocolError("a field's name is no token")
    return name.lower() not in OURS


def _line(name: str, value: str) -> str:
    return f"{name.replace('%', '%%')}: {value}\r\n"
