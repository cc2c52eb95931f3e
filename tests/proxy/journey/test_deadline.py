"""One deadline for a request that has arrived, and a bounded number of them at one time."""

import asyncio
import contextlib
from collections.abc import Collection

import httpx
import pytest

from mappings.core.context import Json, Key
from tests.proxy.conftest import KEYS, Gateways, WatchedStore
from tests.proxy.documents import RECORD, RECORDS, legacy_document, modern_document

SHORT = 0.1
BUSY = {"error": "Le service est momentanément indisponible : réessayez plus tard."}


class Slow(httpx.AsyncBaseTransport):
    """A new API that takes its time for every call."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.method)
        await asyncio.sleep(self.seconds)
        return httpx.Response(200 if request.method != "POST" else 201, json=modern_document())


class StuckStore(WatchedStore):
    """A store that takes for ever to read, and a while to write."""

    async def asides(self, asked: Collection[Key]) -> dict[Key, dict[str, Json]]:
        await asyncio.sleep(30)
        return await super().asides(asked)


async def test_all_calls_of_a_request_share_its_deadline(gateways: Gateways) -> None:
    """A PUT reads first; what that takes is not there for the write."""
    slow = Slow(seconds=SHORT * 2.8)
    client = gateways.client(upstream=slow, deadline_seconds=SHORT * 3)

    response = await client.put(RECORD, json=legacy_document())

    assert response.status_code == 504
    assert slow.asked == ["GET", "PATCH"]


async def test_a_read_that_is_stuck_anywhere_is_given_up(gateways: Gateways) -> None:

    client = gateways.client(upstream=Slow(0), store=StuckStore, keys=KEYS, deadline_seconds=SHORT)

    async with asyncio.timeout(5):
        response = await client.get(RECORD)

    assert response.status_code == 504
    assert response.json() == {"error": "Le service n'a pas répondu à temps."}


async def test_past_those_who_may_wait_a_request_is_refused_at_once(gateways: Gateways) -> None:
    slow = Slow(seconds=SHORT)
    app = gateways.app(upstream=slow, max_requests=1, max_waiting=1)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://legacy.example"
    ) as client:
        answers = await asyncio.gather(*(client.get(RECORD) for _ in range(4)))
        health = await client.get("/healthz")

    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert all(answer.json() == BUSY for answer in refused)
    assert all(answer.headers["retry-after"] == "1" for answer in refused)
    assert health.status_code == 200
    assert len(slow.asked) == 2
    assert app.state.gateway.counts.of[("overloaded", "full")] == 2


async def test_who_waits_too_long_for_its_turn_is_refused(gateways: Gateways) -> None:
    client = gateways.client(upstream=Slow(seconds=SHORT), max_requests=1, wait_seconds=SHORT / 10)

    answers = await asyncio.gather(*(client.get(RECORD) for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [200, 503]


@pytest.mark.parametrize(("method", "path"), [("GET", RECORD), ("POST", RECORDS)])
async def test_a_turn_is_given_back_whatever_comes_of_it(
    method: str, path: str, gateways: Gateways
) -> None:
    app = gateways.app(upstream=Slow(seconds=30), deadline_seconds=SHORT / 10)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://legacy.example"
    ) as client:
        response = await client.request(method, path, json=legacy_document())

    assert response.status_code == 504
    assert app.state.gateway.turns.in_flight == 0


async def test_the_bodies_that_are_held_at_one_time_are_bounded(gateways: Gateways) -> None:
    slow = Slow(seconds=SHORT)
    app = gateways.app(upstream=slow, max_held_bytes=300)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://legacy.example"
    ) as client:
        answers = await asyncio.gather(
            *(client.post(RECORDS, json=legacy_document(zip_code=f"{n:05}")) for n in range(4))
        )
        afterwards = await client.post(RECORDS, json=legacy_document(zip_code="00009"))

    assert {answer.status_code for answer in answers} == {201, 503}
    assert next(it.json() for it in answers if it.status_code == 503) == BUSY
    assert afterwards.status_code == 201
    assert app.state.gateway.room.held == 0
    assert app.state.gateway.counts.of[("overloaded", "bodies")] > 0


class Stubborn(httpx.AsyncBaseTransport):
    """A new API whose answer has come in the very moment in which its request is too late."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(30)
        return httpx.Response(200, json=modern_document())


async def test_an_answer_that_comes_in_the_last_moment_is_given(gateways: Gateways) -> None:
    client = gateways.client(upstream=Stubborn(), deadline_seconds=SHORT)

    response = await client.get(RECORD)

    assert response.status_code == 200
