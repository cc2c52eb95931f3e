"""What a raw case is, and the pieces of which cases are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ID = b"5f3c0a77-1d2e-4b3c-9a4d-0e1f2a3b4c5d"
"""Whose request a case is; each sending puts a fresh id of the same length in its place."""

OTHER = b"5f3c0a77-ffff-4b3c-9a4d-0e1f2a3b4c5d"
"""The record that only a smuggled or a pipelined request asks for."""

MARK = b"zz-unwanted-zz"
"""What never reaches the upstream, and is never echoed."""

NAME = b"passerelle-name-name"
"""In the place of the gateway's own name in `Via`."""

SILENCE = 0
"""Among the right statuses: the connection may also be closed without an answer."""

RECORD = b"/api/v1/records/" + ID + b".json"
RECORDS = b"/api/v1/records.json"
HOST = b"Host: old.example"
AUTHORIZATION = b"Authorization: Bearer " + ID
BODY = b'{"first_name":"Ondine","last_name":"Farfadet","birth_date":"1971-10-28","gender":"male"}'
SMUGGLED = (
    b"GET /api/v1/records/" + OTHER + b".json HTTP/1.1\r\nHost: old.example\r\n"
    b"Authorization: Bearer " + OTHER + b"\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Case:
    """Bytes that no good client sends, and what is right to do with them."""

    group: str
    name: str
    raw: bytes
    statuses: frozenset[int]
    may_reach: str = ""
    """Why it may reach the upstream; none may without a reason."""
    closes: bool = False
    """Whether the connection must be closed: where its next request begins is in doubt."""
    answers: int = 1
    """How many requests stand in it, hence how many answers there may be at most."""

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"

    def sent(self, own: bytes, other: bytes, name: bytes) -> bytes:
        """Its bytes for one sending, under ids of its own, to a gateway of this name."""
        return self.raw.replace(ID, own).replace(OTHER, other).replace(NAME, name)


@dataclass(frozen=True, slots=True)
class Group:
    """Makes the cases of one group."""

    name: str
    closes: bool = False

    def refused(
        self,
        name: str,
        raw: bytes,
        *statuses: int,
        closes: bool | None = None,
        answers: int = 1,
    ) -> Case:
        """A case that is refused, by default with 400."""
        shut = self.closes if closes is None else closes
        right = frozenset(statuses or {400})
        return Case(self.name, name, raw, right, closes=shut, answers=answers)

    def served(self, name: str, raw: bytes, why: str, *statuses: int, answers: int = 1) -> Case:
        """A case that may reach the upstream, and the reason."""
        right = frozenset(statuses or {200})
        return Case(self.name, name, raw, right, may_reach=why, answers=answers)


def lines(*parts: bytes) -> bytes:
    """A head of these lines."""
    return b"\r\n".join([*parts, b"", b""])


def get(
    *fields: bytes, target: bytes = RECORD, method: bytes = b"GET", version: bytes = b"HTTP/1.1"
) -> bytes:
    """A good request to read, but for what is given."""
    return lines(b"%s %s %s" % (method, target, version), HOST, AUTHORIZATION, *fields)


def post(*fields: bytes, body: bytes = BODY, version: bytes = b"HTTP/1.1") -> bytes:
    """A request to make a record, without a framing of its own, but for what is given."""
    return lines(b"POST %s %s" % (RECORDS, version), HOST, AUTHORIZATION, *fields) + body


def length(of: bytes = BODY) -> bytes:
    """The right Content-Length."""
    return b"Content-Length: %d" % len(of)


def chunked(*chunks: bytes, trailers: Iterable[bytes] = ()) -> bytes:
    """A body in chunks, whole."""
    parts = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    return b"".join(parts) + b"0\r\n" + lines(*trailers)
