"""The numbers of one worker at one moment, as they are told to the process that adds them up."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.metadata import version
from typing import Literal, get_args

import msgspec

from mappings.core.context import Key
from mappings.core.endpoint import Endpoint
from mappings.core.pack import Pack
from proxy.errors import StoreError
from proxy.journey.gateway import Gateway
from proxy.observe import families
from proxy.observe.metrics import Metrics, Row, Rows, add, count_of

Reason = Literal["draining", "store", "audit", "silent"]
"""
Why a worker takes no requests: it ends, its store cannot be used, its audit log cannot be written,
or it does not answer.
"""

REASONS: tuple[Reason, ...] = get_args(Reason)

Sample = tuple[str, tuple[str, ...], float]
"""A metric, the values of its labels, and its number."""

Timing = tuple[str, tuple[str, ...], Row]

ASKED: Key = ("", "")
"""A record that no store knows: to look for it is one read of the database."""

PATIENCE_SECONDS = 1.0
"""How long that read may take: who waits for the store must not wait for the metrics too."""


class Snapshot(msgspec.Struct, frozen=True):
    """What one worker tells."""

    process: int
    build: tuple[str, str, str]
    """The gateway's version, the pack's name and the digest of its options."""
    not_ready: tuple[Reason, ...]
    counters: list[Sample]
    timings: list[Timing]
    gauges: list[Sample]


GAUGES: tuple[tuple[str, Callable[[Gateway], float]], ...] = (
    (families.TURNS, lambda gateway: gateway.turns.in_flight),
    (families.TURNS_LIMIT, lambda gateway: gateway.settings.max_requests),
    (families.WAITING, lambda gateway: gateway.turns.waiting),
    (families.HELD, lambda gateway: gateway.room.held),
    (families.HELD_LIMIT, lambda gateway: gateway.settings.max_held_bytes),
    (families.USED, lambda gateway: gateway.upstream.connections.used),
    (families.IDLE, lambda gateway: gateway.upstream.connections.idle),
    (families.USED_LIMIT, lambda gateway: gateway.settings.upstream_connections),
    (families.CALLS_WAITING, lambda gateway: gateway.upstream.connections.waiting),
    (families.TOKENS, lambda gateway: 0 if (it := gateway.credentials.tokens) is None else it.held),
    (families.PAIRS, lambda gateway: sum(map(len, gateway.memory.known.values()))),
)
"""What is read when somebody asks; one row is one metric."""


async def snapshot(
    gateway: Gateway,
    metrics: Metrics,
    *,
    draining: bool,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Snapshot:
    """The numbers of this process now."""
    reasons: list[Reason] = ["draining"] if draining else []
    if not await _store_can_be_used(gateway, patience_seconds):
        reasons.append("store")
    if gateway.audit is not None and gateway.audit.refuses_all:
        reasons.append("audit")
    return Snapshot(
        os.getpid(),
        build_of(gateway.loaded.pack),
        tuple(reasons),
        list(_counters(gateway, metrics)),
        [
            *_timings(families.REQUEST_SECONDS, metrics.requests),
            *_timings(families.CALL_SECONDS, metrics.calls),
        ],
        list(_gauges(gateway)),
    )


def operations(pack: Pack) -> list[str]:
    """Every operation of the new API that a pack asks for: methods, and paths without ids."""
    found: set[str] = set()
    for row in pack.endpoints:
        if isinstance(row, Endpoint):
            calls = [row.call, row.read, *([row.owner.read] if row.owner else [])]
            calls += [one.call for pair in row.items.values() for one in pair]
            found.update(f"{call.method} {call.path}" for call in calls)
    return sorted(found)


async def _store_can_be_used(gateway: Gateway, patience_seconds: float) -> bool:
    try:
        async with asyncio.timeout(patience_seconds):
            await gateway.memory.store.known_legacy_ids([ASKED])
    except (StoreError, TimeoutError):
        return False
    return True


def build_of(pack: Pack) -> tuple[str, str, str]:
    """The gateway's version, the pack's name and the digest of its options."""
    options = hashlib.sha256(pack.options.model_dump_json().encode()).hexdigest()
    return _version(), pack.name, options[:12]


@cache
def _version() -> str:
    """It is read from a file, and stays the same."""
    return version("passerelle")


def _counters(gateway: Gateway, metrics: Metrics) -> Iterator[Sample]:
    for (route, method, status), row in metrics.requests.items():
        yield families.REQUESTS, (route, method, str(status)), count_of(row)
    for call, row in metrics.calls.items():
        yield families.CALLS, call, count_of(row)
    for lost, number in gateway.losses.by_field_and_client().items():
        yield families.LOST, lost, number
    for field, number in gateway.losses.unknown.items():
        yield families.UNKNOWN, (field,), number
    yield families.PARAMETERS, (), gateway.losses.parameters
    if gateway.spans is not None:
        yield families.SPANS_MADE, (), gateway.spans.made
        yield families.SPANS_SENT, (), gateway.spans.sent
    for (name, label), number in gateway.counts.of.items():
        yield *families.counted(name, label), number


def _timings(
    name: str, rows: Rows[tuple[str, str, int]] | Rows[tuple[str, str]]
) -> Iterable[Timing]:
    """The rows of each route or operation, whatever came of it, as one."""
    together: Rows[str] = Rows()
    for key, row in rows.items():
        add(together[key[0]], row)
    return [(name, (first,), row) for first, row in together.items()]


def _gauges(gateway: Gateway) -> Iterator[Sample]:
    for name, read in GAUGES:
        yield name, (), read(gateway)
    breakers = gateway.upstream.breakers
    for operation in operations(gateway.loaded.pack):
        yield families.BREAKER_OPEN, (operation,), float(breakers.of(operation).is_open)
