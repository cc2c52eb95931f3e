"""A call that tells when it is over counts as any other."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from proxy.observe.counts import Counts
from proxy.settings import Settings
from proxy.upstream.budget import RetryBudget
from proxy.upstream.client import Flight, Upstream
from proxy.upstream.request import Home, template
from tests.wire.loops import anyio_backend
from tests.wire.scripted import FOREVER, HOLD, REQUEST, Step, answer, scripted

__all__ = ["anyio_backend"]

GOOD: list[Step] = [REQUEST, answer(b"{}")]


def begun(upstream: Upstream, url: str, over: asyncio.Event) -> Flight | None:
    """A read of /x, where nothing stands in its way."""
    payload = template("GET", Home(httpx.URL(url)), [("x-request-id", None)])
    return upstream.begin(
        upstream.breakers.of("GET /x"),
        payload % (b"/x", b"7", b""),
        "GET",
        None,
        until=asyncio.get_running_loop().time() + 5,
        when_over=over.set,
    )


def upstream_of(url: str, counts: Counts) -> Upstream:
    return Upstream(Settings(upstream_url=url, upstream_reuse="any"), None, counts.add)


async def test_without_a_kept_connection_nothing_is_begun() -> None:
    async with scripted(GOOD * FOREVER) as served:
        upstream = upstream_of(served.origin, Counts())

        assert begun(upstream, served.origin, asyncio.Event()) is None

        assert served.connections == 0
        await upstream.close()


async def test_what_went_well_pays_for_retries_as_any_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paid: list[None] = []
    async with scripted(GOOD * FOREVER) as served:
        upstream, over = upstream_of(served.origin, Counts()), asyncio.Event()
        await upstream.ask("GET", "/x", [], operation="GET /x")
        monkeypatch.setattr(RetryBudget, "deposit", lambda budget: paid.append(None))

        flight = begun(upstream, served.origin, over)
        assert flight is not None
        await over.wait()
        assert flight.answer().body == b"{}"
        upstream.went_well(flight)

        assert len(paid) == 1
        await upstream.close()


async def test_one_that_is_abandoned_leaves_its_place_and_is_counted() -> None:
    async with scripted([*GOOD, REQUEST, HOLD]) as served:
        counts, over = Counts(), asyncio.Event()
        upstream = upstream_of(served.origin, counts)
        await upstream.ask("GET", "/x", [], operation="GET /x")
        flight = begun(upstream, served.origin, over)
        assert flight is not None
        assert upstream.connections.used == 1

        flight.abandon()
        await served.ended.get()

        assert counts.of["closed", "cancelled"] == 1
        assert (upstream.connections.used, upstream.connections.idle) == (0, 0)
        assert not over.is_set()
        await upstream.close()
