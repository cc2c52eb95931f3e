"""A caller who leaves, at any point: the place is free at once, and nothing stays behind."""

from __future__ import annotations

import asyncio
import os
from collections import Counter

import httpx
import pytest

from proxy.upstream.transport import Transport, TransportLimits
from tests.wire.loops import anyio_backend
from tests.wire.scripted import (
    FOREVER,
    HEAD,
    HOLD,
    REQUEST,
    STALL,
    Script,
    echo,
    scripted,
)

__all__ = ["anyio_backend"]

GOOD: Script = [REQUEST, echo] * FOREVER
ONE = TransportLimits(connections=1)


async def get(transport: Transport, origin: str, content: bytes = b"") -> bytes:
    """One call; its body."""
    request = httpx.Request("GET", origin, content=content)
    response = await transport.handle_async_request(request)
    return await response.aread()


def open_files() -> int:
    """How many this process has."""
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize(
    ("script", "content"),
    [
        ([REQUEST, HOLD], b""),
        ([REQUEST, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", HOLD], b""),
        ([HEAD, STALL], b"x" * 2**24),
    ],
    ids=["before the answer", "within the answer", "while writing"],
)
async def test_a_caller_who_leaves_a_call_frees_its_place_and_ends_its_connection(
    script: Script, content: bytes
) -> None:
    counted: Counter[str] = Counter()
    async with scripted(script, GOOD) as upstream:
        transport = Transport(upstream.origin, ONE, count=lambda *told: counted.update(told))
        call = asyncio.create_task(get(transport, upstream.origin, content))
        await asyncio.wait([call], timeout=0.05)

        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

        assert await get(transport, upstream.origin) == b"nobody"
        assert upstream.connections == 2
        await transport.aclose()
    assert counted["cancelled"] == counted["shutdown"] == 1


async def test_a_caller_who_leaves_while_connecting_frees_the_place() -> None:
    async with scripted([HOLD]) as upstream:
        origin = upstream.origin.replace("http", "https")
        transport = Transport(origin, ONE)
        for _ in range(3):
            call = asyncio.create_task(get(transport, origin))
            await asyncio.wait([call], timeout=0.02)

            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

        assert {await upstream.ended.get() for _ in range(3)} == {0, 1, 2}


async def test_a_caller_who_leaves_before_a_connection_is_made_leaves_none() -> None:
    counted: list[str] = []
    async with scripted(GOOD) as upstream:
        transport = Transport(upstream.origin, ONE, count=lambda name, _: counted.append(name))
        call = asyncio.create_task(get(transport, upstream.origin))
        await asyncio.sleep(0)

        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

        assert counted == []
        assert await get(transport, upstream.origin) == b"nobody"
        await transport.aclose()


async def test_a_caller_who_leaves_the_line_is_passed_over() -> None:
    held = asyncio.Event()
    async with scripted([REQUEST, held, echo, *GOOD]) as upstream:
        transport = Transport(upstream.origin, ONE)
        calls = [asyncio.create_task(get(transport, upstream.origin)) for _ in range(4)]
        await upstream.came.get()
        for call in calls[1:3]:
            call.cancel()
        held.set()

        assert await calls[0] == await calls[3] == b"nobody"
        assert upstream.connections == 1
        await transport.aclose()


async def test_a_storm_of_callers_who_leave_does_no_harm() -> None:
    """2,400 calls over 20 connections to a server that answers none, each left after a while."""
    counted: Counter[str] = Counter()
    slow = asyncio.Event()
    script = [REQUEST, slow, echo, *GOOD]
    limits = TransportLimits(connections=20)
    async with scripted(GOOD) as warm:
        # uvloop opens a file of its own with its first server.
        transport = Transport(warm.origin)
        await get(transport, warm.origin)
        await transport.aclose()
        await warm.ended.get()
    files, tasks = open_files(), len(asyncio.all_tasks())
    async with scripted(script) as upstream:
        transport = Transport(upstream.origin, limits, count=lambda name, _: counted.update([name]))

        async def leave() -> None:
            async with asyncio.timeout(0.25):
                await get(transport, upstream.origin)

        for _ in range(4):
            calls = [leave() for _ in range(600)]
            ended = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(error) for error in ended} == {TimeoutError}

        slow.set()
        async with asyncio.timeout(1):
            bodies = await asyncio.gather(*[get(transport, upstream.origin) for _ in range(20)])
        assert bodies == [b"nobody"] * 20
        assert counted["opened"] - counted["closed"] <= limits.connections
        await transport.aclose()
        assert counted["opened"] == counted["closed"]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert open_files() <= files
    assert len(asyncio.all_tasks()) == tasks
