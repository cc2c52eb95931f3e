"""Which headers cross the gateway: those named here, and no others."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import quote

from starlette.datastructures import Headers

from mappings.core import pointer as pointers
from mappings.core.context import Loss
from proxy.errors import LoopError, MalformedError

TO_UPSTREAM = ("accept-language",)
"""What goes on as the client sent it. A client cannot strip any by naming it in Connection."""

TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]+)?", re.ASCII
)
"""Where a trace stands (W3C Trace Context, section 3.2); anything else begins no trace."""

TRACESTATE = re.compile(r"[ -~\t]{1,512}", re.ASCII)

VIA = re.compile(r"[ -~\t]{1,1000}", re.ASCII)
"""The hops before this one, as much of them as is told."""

ONCE = frozenset({"authorization", "if-match", "if-none-match"})
"""What must not stand twice: two readers of the request could take different ones."""

LOST = "Passerelle-Lost"
LOST_NAMES = 50
LOST_LENGTH = 100

Pairs = list[tuple[str, str]]


def check(headers: Headers) -> None:
    """Raise `MalformedError` for headers that two readers could read differently."""
    if any(len(headers.getlist(name)) > 1 for name in ONCE):
        raise MalformedError


def to_upstream(
    headers: Headers, request_id: str, *, pseudonym: str, version: str = "1.1"
) -> Pairs:
    """
    The headers that a legacy request's calls share, without its credential.

    `pseudonym` is what this gateway calls itself among the hops, `version` the HTTP of the request.
    Raises `LoopError` for a request that was here before.
    """
    crossing = [(name, value) for name in TO_UPSTREAM for value in headers.getlist(name)]
    return [
        ("x-request-id", request_id),
        ("via", _via(headers.getlist("via"), f"{version} {pseudonym}")),
        *crossing,
        *_trace(headers),
    ]


def _via(told: list[str], hop: str) -> str:
    """The hops that a request took, this one last (RFC 9110, section 7.6.3)."""
    before = ", ".join(told)
    name = hop.partition(" ")[2]
    if any(name in element.split()[1:2] for element in before.split(",")):
        raise LoopError
    return f"{before}, {hop}" if VIA.fullmatch(before) else hop


def _trace(headers: Headers) -> Pairs:
    """The trace that a request is part of, where it tells exactly one."""
    parents, states = headers.getlist("traceparent"), ",".join(headers.getlist("tracestate"))
    if len(parents) != 1 or not TRACEPARENT.fullmatch(parents[0]):
        return []
    more = [("tracestate", states)] if TRACESTATE.fullmatch(states) else []
    return [("traceparent", parents[0]), *more]


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
