"""Which headers cross the gateway: those named here, and no others."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import quote

from starlette.datastructures import Headers

from mappings.core import pointer as pointers
from mappings.core.context import Loss
from proxy.errors import MalformedError

TO_UPSTREAM = ("accept-language", "traceparent", "tracestate")
"""What goes on as the client sent it. A client cannot strip any by naming it in Connection."""

ONCE = frozenset({"authorization", "if-match", "if-none-match"})
"""What must not stand twice: two readers of the request could take different ones."""

LOST = "Passerelle-Lost"
LOST_NAMES = 50
LOST_LENGTH = 100

Pairs = list[tuple[str, str]]


def to_upstream(headers: Headers, request_id: str) -> Pairs:
    """The headers that a legacy request's calls share, without its credential."""
    for name in ONCE:
        if len(headers.getlist(name)) > 1:
            raise MalformedError
    crossing = [(name, value) for name in TO_UPSTREAM for value in headers.getlist(name)]
    return [("x-request-id", request_id), *crossing]


def entity_tag(body: bytes) -> str:
    """The gateway's own strong validator: the answer depends on more than the modern record."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def strong(tag: str | None) -> str | None:
    """An upstream's validator, where a write can be made conditional on it."""
    return tag if tag is not None and re.fullmatch(r'"[\x21\x23-\x7e]*"', tag) else None


def matches(condition: str, tag: str, *, weakly: bool) -> bool:
    """Whether a list of entity tags, or `*`, names this one (RFC 9110, 8.8.3.2)."""
    tags = [part.strip() for part in condition.split(",")]
    if weakly:
        tags = [part.removeprefix("W/") for part in tags]
    return "*" in tags or tag in tags


def lost(losses: Iterable[Loss]) -> str:
    """The fields that were not carried over, as a client reads them: `email, home_phone`."""
    names = list(dict.fromkeys(pointers.field_path(loss.pointer) for loss in losses))
    told = [quote(name, safe="[].:@!$'()*+")[:LOST_LENGTH] for name in names[:LOST_NAMES]]
    more = len(names) - LOST_NAMES
    return ", ".join(told) + (f", and {more} more" if more > 0 else "")
