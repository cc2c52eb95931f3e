"""Work under way: shared by all who ask for it, and brought to its end."""

from __future__ import annotations

import asyncio

import pytest

from proxy.credentials.flights import Flights


async def test_who_asks_for_the_same_meanwhile_gets_the_same() -> None:
    flights: Flights[object] = Flights()

    async def work() -> object:
        await asyncio.sleep(0)
        return object()

    first, second, other = await asyncio.gather(
        flights.join(b"a", work), flights.join(b"a", work), flights.join(b"b", work)
    )

    assert first is second
    assert other is not first
    assert await flights.join(b"a", work) is not first


async def test_an_error_is_everybodys_who_waits() -> None:
    flights: Flights[None] = Flights()

    async def fail() -> None:
        raise LookupError

    outcomes = await asyncio.gather(
        *(flights.join(b"a", fail) for _ in range(2)), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [LookupError, LookupError]


async def test_work_that_is_cancelled_with_the_loop_is_forgotten() -> None:
    flights: Flights[bool] = Flights()
    task = flights.start(b"a", asyncio.Event().wait)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await flights.close()
