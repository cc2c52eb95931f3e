"""Every metric that there is: its name, its labels and what it says."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Family(NamedTuple):
    """One metric; of a counter, the name in a scrape ends with `_total`."""

    kind: Literal["counter", "gauge", "histogram"]
    name: str
    labels: tuple[str, ...]
    sentence: str


REQUESTS = "passerelle_requests"
REQUEST_SECONDS = "passerelle_request_duration_seconds"
CALLS = "passerelle_upstream_calls"
CALL_SECONDS = "passerelle_upstream_call_duration_seconds"
LOST = "passerelle_lost_values"
UNKNOWN = "passerelle_unknown_codes"
PARAMETERS = "passerelle_dropped_parameters"
SPANS_MADE = "passerelle_spans_made"
SPANS_SENT = "passerelle_spans_sent"
BUILD = "passerelle_build_info"
READY = "passerelle_workers_ready"
NOT_READY = "passerelle_workers_not_ready"
BREAKER_OPEN = "passerelle_breaker_open"
TURNS = "passerelle_turns_in_flight"
TURNS_LIMIT = "passerelle_turns_limit"
WAITING = "passerelle_turns_waiting"
HELD = "passerelle_held_bytes"
HELD_LIMIT = "passerelle_held_bytes_limit"
TOKENS = "passerelle_tokens_held"
USED = "passerelle_upstream_connections_used"
IDLE = "passerelle_upstream_connections_idle"
USED_LIMIT = "passerelle_upstream_connections_limit"
CALLS_WAITING = "passerelle_upstream_calls_waiting"
PAIRS = "passerelle_crosswalk_cached_pairs"
OTHERS = "passerelle_other_counts"

COUNTED = {
    "refused": Family(
        "counter",
        "passerelle_refused",
        ("reason",),
        "Requests that the protocol itself refused, before the legacy surface saw them.",
    ),
    "trailers": Family(
        "counter", "passerelle_trailers", (), "Trailers of requests, all of them dropped."
    ),
    "left": Family("counter", "passerelle_clients_left", (), "Requests whose client went away."),
    "overloaded": Family(
        "counter",
        "passerelle_overloaded",
        ("reason",),
        "Requests that were refused because too much was asked at one time.",
    ),
    "breaker": Family(
        "counter",
        "passerelle_breaker_events",
        ("event",),
        "What the breakers did: opened, closed, refused a call, let one through to probe.",
    ),
    "audit": Family(
        "counter",
        "passerelle_audit_failures",
        ("what",),
        "Lines of the audit log that could not be written, and requests refused for that.",
    ),
    "retried": Family(
        "counter", "passerelle_upstream_retries", (), "Reads of the new API tried once more."
    ),
    "opened": Family(
        "counter", "passerelle_upstream_connections_opened", (), "Connections to the new API."
    ),
    "closed": Family(
        "counter",
        "passerelle_upstream_connections_closed",
        ("reason",),
        "Connections to the new API that came to their end.",
    ),
    "reused": Family(
        "counter",
        "passerelle_upstream_connections_reused",
        (),
        "Calls of the new API that went over a kept connection.",
    ),
    "stale_retry": Family(
        "counter",
        "passerelle_upstream_stale_retries",
        (),
        "Reads sent again because a kept connection ended before the answer.",
    ),
}
"""What becomes of the counters of `proxy.observe.counts`, by name."""

FAMILIES = (
    Family("counter", REQUESTS, ("route", "method", "status"), "Requests that were answered."),
    Family("histogram", REQUEST_SECONDS, ("route",), "How long requests took."),
    Family(
        "counter",
        CALLS,
        ("operation", "outcome"),
        "Calls of the new API; the outcome is its status, or why there is none.",
    ),
    Family("histogram", CALL_SECONDS, ("operation",), "How long calls of the new API took."),
    Family(
        "counter",
        LOST,
        ("field", "client"),
        "Values that were lost, by legacy field and by legacy application where it is known.",
    ),
    Family("counter", UNKNOWN, ("field",), "Codes that no table has, by modern field."),
    Family("counter", PARAMETERS, (), "Query parameters that were dropped."),
    Family("counter", SPANS_MADE, (), "Spans that were to be sent to the collector."),
    Family(
        "counter",
        SPANS_SENT,
        (),
        "Spans that arrived there; those between are lost or on their way.",
    ),
    *COUNTED.values(),
    Family("counter", OTHERS, ("name", "label"), "Counters without a metric of their own."),
    Family("gauge", TURNS, (), "Requests that are worked on."),
    Family("gauge", TURNS_LIMIT, (), "How many may be worked on at one time."),
    Family("gauge", WAITING, (), "Requests that wait for their turn."),
    Family("gauge", HELD, (), "Bytes of bodies that are held."),
    Family("gauge", HELD_LIMIT, (), "How many may be held at one time."),
    Family("gauge", USED, (), "Connections to the new API with a call, or being opened."),
    Family("gauge", IDLE, (), "Connections to the new API that wait for a call."),
    Family("gauge", USED_LIMIT, (), "How many connections to the new API there may be."),
    Family("gauge", CALLS_WAITING, (), "Calls of the new API that wait for a connection."),
    Family("gauge", TOKENS, (), "Tokens of clients behind legacy applications in memory."),
    Family("gauge", PAIRS, (), "Pairs of ids in memory that were asked for lately."),
    Family("gauge", BREAKER_OPEN, ("operation",), "Workers in which the breaker is open."),
    Family("gauge", READY, (), "Workers that take requests."),
    Family("gauge", NOT_READY, ("reason",), "Workers that take no requests, and why."),
    Family("gauge", BUILD, ("gateway", "pack", "options"), "Workers of this build."),
)
"""All but those of the processes, which are prometheus-client's own."""


def counted(name: str, label: str) -> tuple[str, tuple[str, ...]]:
    """The metric and the labels of one of the counters of `proxy.observe.counts`."""
    family = COUNTED.get(name)
    if family is None:
        return OTHERS, (name, label)
    return family.name, (label,) if family.labels else ()
