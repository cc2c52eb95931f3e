"""Things that come in one turn of the loop, in the order that no server can be made to keep."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from proxy.upstream.connection import Connection
from proxy.upstream.head import Heads
from proxy.upstream.pool import Pool
from proxy.upstream.transport import TransportLimits
from tests.wire.loops import anyio_backend
from tests.wire.scripted import HOLD, Upstream, answer, scripted

__all__ = ["anyio_backend"]

ONE = TransportLimits(connections=1)


async def connected(upstream: Upstream) -> Connection:
    """A connection that belongs to nobody yet."""
    loop = asyncio.get_running_loop()
    connection = Connection(ONE, None, lambda *_: None, lambda _: None, Heads(ONE))
    await loop.create_connection(lambda: connection, upstream.host, upstream.port)
    return connection


def soon() -> float:
    """A deadline that no test reaches."""
    return asyncio.get_running_loop().time() + 5


@pytest.mark.parametrize("stray", [answer(b"stray"), b"\r\n"], ids=["answer", "blank"])
async def test_bytes_before_the_caller_has_taken_his_answer_are_left_over(stray: bytes) -> None:
    async with scripted([HOLD]) as upstream:
        connection = await connected(upstream)
        call = asyncio.create_task(connection.exchange(b"x", "GET", soon(), soon()))
        await asyncio.sleep(0)

        connection.data_received(answer(b"good"))
        connection.data_received(stray)

        taken = await call
        assert taken.body == b"good"
        assert connection.unfit_after(taken) == "leftover"
        connection.close("leftover")


async def test_an_end_before_the_caller_has_taken_his_answer_takes_nothing_from_it() -> None:
    async with scripted([HOLD]) as upstream:
        connection = await connected(upstream)
        call = asyncio.create_task(connection.exchange(b"x", "GET", soon(), soon()))
        await asyncio.sleep(0)

        connection.data_received(answer(b"good"))
        connection.connection_lost(ConnectionResetError())

        assert (await call).body == b"good"
        assert connection.closed == "ended"


async def test_an_answer_that_comes_as_its_caller_leaves_is_let_go() -> None:
    async with scripted([HOLD]) as upstream:
        connection = await connected(upstream)
        call = asyncio.create_task(connection.exchange(b"x", "GET", soon(), soon()))
        await asyncio.sleep(0)

        call.cancel()
        connection.data_received(answer(b"good"))

        with pytest.raises(asyncio.CancelledError):
            await call
        assert connection.closed == "cancelled"


async def test_a_pipe_that_broke_under_the_request_is_a_write_error() -> None:
    async with scripted([HOLD]) as upstream:
        connection = await connected(upstream)
        call = asyncio.create_task(connection.exchange(b"x", "GET", soon(), soon()))
        await asyncio.sleep(0)

        connection.connection_lost(BrokenPipeError())

        with pytest.raises(httpx.WriteError):
            await call


async def test_a_deadline_that_passes_after_the_answer_ends_nothing() -> None:
    async with scripted([HOLD]) as upstream:
        connection, loop = await connected(upstream), asyncio.get_running_loop()
        passed, ends_at = asyncio.Event(), loop.time() + 0.02
        call = asyncio.create_task(connection.exchange(b"x", "GET", ends_at, ends_at))
        await asyncio.sleep(0)
        connection.data_received(answer(b"good"))

        loop.call_at(ends_at + 0.01, passed.set)
        await passed.wait()

        assert (await call).body == b"good"
        assert connection.closed == ""
        connection.close("shutdown")


@pytest.mark.parametrize("kept", [False, True], ids=["a place", "a connection"])
async def test_what_is_given_to_a_caller_who_leaves_at_that_moment_is_passed_on(
    kept: bool,
) -> None:
    async with scripted([HOLD]) as upstream:
        pool, connection = Pool(ONE), await connected(upstream)
        assert await pool.take(None, soon()) is None
        first, second = [asyncio.create_task(pool.take(None, soon())) for _ in range(2)]
        await asyncio.sleep(0)

        if kept:
            pool.keep(connection, "", asyncio.get_running_loop().time())
        else:
            pool.free()
        first.cancel()

        assert await second is (connection if kept else None)
        assert first.cancelled()
        connection.close("shutdown")


async def test_a_connection_that_ends_as_it_is_given_leaves_its_place() -> None:
    async with scripted([HOLD]) as upstream:
        pool, connection = Pool(ONE), await connected(upstream)
        await pool.take(None, soon())
        waiting = asyncio.create_task(pool.take(None, soon()))
        await asyncio.sleep(0)

        pool.keep(connection, "", asyncio.get_running_loop().time())
        connection.connection_lost(None)

        assert await waiting is None


@pytest.mark.parametrize("leaves", [False, True], ids=["stays", "leaves"])
async def test_a_place_that_comes_as_the_time_is_up_is_given_or_left_and_never_lost(
    leaves: bool,
) -> None:
    pool, loop = Pool(ONE), asyncio.get_running_loop()
    await pool.take(None, soon())
    late = asyncio.create_task(pool.take(None, loop.time()))

    def give() -> None:
        pool.free()
        if leaves:
            late.cancel()

    loop.call_soon(loop.call_soon, give)
    (told,) = await asyncio.gather(late, return_exceptions=True)
    assert told is None or isinstance(told, httpx.PoolTimeout | asyncio.CancelledError)

    if told is None:
        pool.free()
    assert await pool.take(None, loop.time()) is None
    with pytest.raises(httpx.PoolTimeout):
        await pool.take(None, loop.time())
