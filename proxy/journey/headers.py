"""Which headers cross the gateway: those named here, and no others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from urllib.parse import quote

from xxhash import xxh3_128_hexdigest

from mappings.core import pointer as pointers
from mappings.core.context import Loss
from proxy.errors import LoopError, MalformedError
from proxy.legacy_request import Fields

TO_UPSTREAM = ("accept-language",)
"""What goes on as the client sent it. A client cannot strip any by naming it in Connection."""

CROSSING = frozenset({b"via", b"traceparent", *(name.encode() for name in TO_UPSTREAM)})
"""The fields of a request that its calls depend on."""

TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]+)?", re.ASCII
)
"""Where a trace stands (W3C Trace Context, section 3.2); anything else begins no trace."""

TRACESTATE = re.compile(r"[ -~\t]{1,512}", re.ASCII)

VIA = re.compile(r"[ -~\t]{1,1000}", re.ASCII)
"""The hops before this one, as much of them as is told."""

ONCE = frozenset({b"authorization", b"if-match", b"if-none-match"})
"""What must not stand twice: two readers of the request could take different ones."""

LOST = "Passerelle-Lost"
LOST_NAMES = 50
LOST_LENGTH = 100

Pairs = list[tuple[str, str]]


def check(fields: Fields) -> None:
    """Raise `MalformedError` for headers that two readers could read differently."""
    if fields.stands_twice(ONCE):
        raise MalformedError


def to_upstream(
    fields: Fields,
    request_id: str,
    *,
    pseudonym: str,
    version: str = "1.1",
    traced: bool = False,
) -> Pairs:
    """
    The headers that a legacy request's calls share, without its credential.

    `pseudonym` is what this gateway calls itself among the hops, `version` the HTTP of the request;
    `traced`, that each call tells the trace by itself.
    Raises `LoopError` for a request that was here before.
    """
    hop = f"{version} {pseudonym}"
    if fields.has_none_of(CROSSING):
        return [("x-request-id", request_id), ("via", hop)]
    return [
        ("x-request-id", request_id),
        ("via", _via(fields.every(b"via"), hop)),
        *[(name, value) for name in TO_UPSTREAM for value in fields.every(name.encode())],
        *([] if traced else trace(fields)),
    ]


def _via(told: list[str], hop: str) -> str:
    """The hops that a request took, this one last (RFC 9110, section 7.6.3)."""
    before = ", ".join(told)
    name = hop.partition(" ")[2]
    if any(name in element.split()[1:2] for element in before.split(",")):
        raise LoopError
    return f"{before}, {hop}" if VIA.fullmatch(before) else hop


def trace(fields: Fields) -> Pairs:
    """The trace that a request is part of, where it tells exactly one."""
    parents = fields.every(b"traceparent")
    if len(parents) != 1 or not TRACEPARENT.fullmatch(parents[0]):
        return []
    states = ",".join(fields.every(b"tracestate"))
    more = [("tracestate", states)] if TRACESTATE.fullmatch(states) else []
    return [("traceparent", parents[0]), *more]


def entity_tag(body: bytes) -> str:
    """
    The gateway's own strong validator: the answer depends on more than the modern record.

    It tells bodies apart, and hides nothing: whoever has it has the body.
    """
    return f'"{xxh3_128_hexdigest(body)}"'


def strong(tag: str | None) -> str | None:
    """An upstream's validator, where a write can be made conditional on it."""
    return tag if tag is not None and re.fullmatch(r'"[\x21\x23-\x7e]*"', tag) else None


def matches(condition: str, tag: str, *, weakly: bool) -> bool:
    """Whether a list of entity tags, or `*`, names this one (RFC 9110, 8.8.3.2)."""
    tags = [part.strip() for part in condition.split(",")]
    if weakly:
        tags = [part.removeprefix("W/") for part in tags]
    return "*" in tags or tag in tags


def lost(losses: Collection[Loss]) -> str:
    """The fields that were not carried over, as a client reads them: `email, home_phone`."""
    places = [loss.pointer for loss in losses]
    if len(places) <= LOST_NAMES and all(loss.declared for loss in losses):
        # Fields of the mapping, and no long list of places: few and always the same.
        return _lost_fields(tuple(places))
    return _listed(places)


def _listed(places: Iterable[str]) -> str:
    names = list(dict.fromkeys(map(pointers.field_path, places)))
    told = [quote(name, safe="[].:@!$'()*+")[:LOST_LENGTH] for name in names[:LOST_NAMES]]
    more = len(names) - LOST_NAMES
    return ", ".join(told) + (f", and {more} more" if more > 0 else "")


_lost_fields = lru_cache(maxsize=256)(_listed)
