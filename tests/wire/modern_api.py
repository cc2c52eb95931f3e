"""A new API that remembers nothing: its answer follows from the request and its token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4, uuid5

from tests.sockets.people import modern_document

ACT = 0xAC7 << 64
REQUEST = 0x5EA << 64
"""An id within a record is the record's with these bits turned: so either tells the other."""

RPPS = "10003810669"
FULL = "c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6d2"
"""The one record with a vaccination and a request to share it; all others have neither."""

LISTED = 3

UUID_TEXT = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PATH = re.compile(rf"/(?P<kind>\w+)(?:/(?P<id>{UUID_TEXT})(?:/(?P<below>\w+))?)?")


@dataclass(frozen=True, slots=True)
class Good:
    """The right answer to a request."""

    status: int
    document: Any
    """None where it has no body."""
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        """The document as bytes."""
        return b"" if self.document is None else json.dumps(self.document).encode()

    @property
    def raw(self) -> bytes:
        """The answer as it goes on the wire."""
        framed = [] if self.document is None else [("Content-Length", str(len(self.body)))]
        return head(self.status, *self.fields, *framed) + self.body


def head(status: int | str, *fields: tuple[str, str]) -> bytes:
    """The head of an answer; the fields go out as they are given, whatever they hold."""
    lines = [f"HTTP/1.1 {status} Said", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in fields]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def digest(token: str) -> str:
    """What every record holds of the token that it was shown to."""
    return sha256(token.encode()).hexdigest()[:16]


def turned(identity: str, bits: int) -> str:
    """The id of what lies in a record, or of the record around it."""
    return str(UUID(int=UUID(identity).int ^ bits))


def record(identity: str, token: str) -> dict[str, Any]:
    """A health record, which says whom it was shown to."""
    whole = modern_document(identity, zip_code=digest(token))
    (act,) = whole["vaccination_acts"]
    act["id"] = turned(identity, ACT)
    if identity != FULL:
        return {**whole, "vaccination_acts": []}
    return {**whole, "sharing_requests": [sharing_request(turned(identity, REQUEST))]}


def sharing_request(identity: str) -> dict[str, Any]:
    """A request to share a record, which nobody has answered."""
    return {
        "id": identity,
        "to_pro_external_account_id": RPPS,
        "status": "PENDING",
        "health_record": turned(identity, REQUEST),
        "created_at": "2023-07-03T16:45:10.500Z",
    }


def listed(token: str) -> list[dict[str, Any]]:
    """The records of a caller, the same each time."""
    names = (uuid5(UUID(int=0), f"{digest(token)} {place}") for place in range(LISTED))
    return [record(str(name), token) for name in names]


def answer(method: str, path: str, token: str, written: Mapping[str, Any]) -> Good:
    """The answer to a request for whatever record it names; all are there, and anybody's."""
    found = PATH.fullmatch(path.partition("?")[0])
    if found is None:
        return Good(404, {})
    kind, identity, below = found["kind"], found["id"], found["below"]
    if method == "DELETE":
        return Good(204, None)
    if method == "GET" and identity is None:
        return Good(200, listed(token))
    if method == "POST" and below not in ("accept", "refuse"):
        return _made(identity, below, token, written)
    if kind == "vaccination_acts":
        (stored,) = record(FULL, token)["vaccination_acts"]
    elif kind == "sharing_requests":
        stored = sharing_request(identity)
        written = {"status": "REFUSED" if below == "refuse" else "ACCEPTED"} if below else {}
    else:
        stored = record(identity, token)
    return Good(200, {**stored, **written}, (("ETag", '"1"'),))


def _made(owner: str | None, below: str | None, token: str, written: Mapping[str, Any]) -> Good:
    fresh = str(uuid4())
    if owner is None:
        whole = modern_document(fresh, zip_code=digest(token), vaccination_acts=[])
        return Good(201, {**whole, **written}, (("Location", f"/health_records/{fresh}"),))
    if below == "vaccination_acts":
        return Good(201, {"id": fresh, "health_record_id": owner, **written})
    return Good(201, {**sharing_request(fresh), "health_record": owner})
