"""What carries a call makes no difference: our transport on its own, or any of httpx's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx
import pytest

from proxy.errors import UpstreamError, UpstreamUnreachableError
from proxy.settings import Settings
from proxy.upstream.client import Upstream
from tests.wire.loops import anyio_backend
from tests.wire.scripted import FOREVER, HOLD, REQUEST, Script, answer, echo, scripted

__all__ = ["anyio_backend"]

ANSWERS: dict[str, bytes] = {
    "plain": answer(b"{}"),
    "told": answer(b"{}", 200, b'ETag: "1"', b"X-A: b", b"retry-after:  7 "),
    "twice": answer(b"{}", 200, b'ETag: "1"', b'etag: "2"', b"Connection: x", b"connection: y"),
    "linked": answer(b"[]", 200, b'Link: </a>; rel="prev"', b'Link: </b?page=2>; rel="next"'),
    "a link elsewhere": answer(b"[]", 200, b'Link: </a>; rel="self"'),
    "identity": answer(b"{}", 200, b"Content-Encoding: Identity"),
    "encoded": answer(b"xx", 200, b"Content-Encoding: gzip"),
    "an encoded error": answer(b"xx", 404, b"Content-Encoding: gzip"),
    "an error": answer(b'{"a": 1}', 422),
    "in trouble": answer(b"", 503, b"Retry-After: 1"),
    "nothing": b"HTTP/1.1 204 X\r\n\r\n",
    "latin": answer(b"", 200, b"ETag: \xe9"),
    "chunks": b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
    "just not too large": answer(b"x" * 100),
    "too large": answer(b"x" * 101),
    "cut": answer(b"xxxx")[:-1],
    "no head": b"hello",
}


async def outcome(upstream: Upstream) -> tuple[object, ...]:
    """What comes of one call, but for how long it took."""
    try:
        reply = await upstream.ask("POST", "/x", [("x-a", "1")], b"{}", operation="POST /x")
    except UpstreamError as error:
        return type(error), str(error), error.sent
    finally:
        await upstream.close()
    return (reply.status, reply.body, reply.etag, reply.retry_after, reply.next)


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_call_has_the_same_outcome_through_our_transport_and_through_httpxs(
    name: str,
) -> None:
    async with scripted([REQUEST, ANSWERS[name]]) as server:
        settings = Settings(upstream_url=server.origin, max_answer_bytes=100)

        ours = await outcome(Upstream(settings))
        httpxs = await outcome(Upstream(settings, httpx.AsyncHTTPTransport()))

    assert ours == httpxs


async def test_calls_of_one_caller_follow_on_one_connection() -> None:
    async with scripted([REQUEST, echo] * FOREVER) as server:
        upstream = Upstream(Settings(upstream_url=server.origin))

        for caller in ("a", "a", "b", "a"):
            fields = [("caller", caller)]
            reply = await upstream.ask("GET", "/x", fields, operation="GET /x", caller=caller)
            assert reply.body == caller.encode()
        await upstream.close()

    assert server.connections == 2


async def test_a_deadline_that_comes_before_the_one_of_the_call_before_is_kept() -> None:
    script: Script = [REQUEST, echo, REQUEST, HOLD]
    async with scripted(script) as server:
        upstream = Upstream(Settings(upstream_url=server.origin, retry_ratio=0))
        await upstream.ask("GET", "/x", [], operation="GET /x")
        soon = asyncio.get_running_loop().time() + 0.05

        async with asyncio.timeout(1):
            with pytest.raises(UpstreamError) as caught:
                await upstream.ask("GET", "/x", [], operation="GET /x", ends_at=soon)
        await upstream.close()

    assert str(caught.value) == "no answer in time"


async def test_a_path_that_would_lead_elsewhere_is_not_asked_for() -> None:
    upstream = Upstream(Settings(upstream_url="https://new.invalid/v2"))

    with pytest.raises(UpstreamUnreachableError) as caught:
        await upstream.ask("GET", "/../x", [], operation="GET /x")

    assert not caught.value.sent


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_breaker_goes_by_the_clock_that_is_given() -> None:
    clock = Clock()
    failing = httpx.MockTransport(lambda _: httpx.Response(503))
    settings = Settings(upstream_url="https://new.invalid", retry_ratio=0, breaker_seconds=60)
    upstream = Upstream(settings, failing, clock=clock)
    for _ in range(10):
        await upstream.ask("GET", "/x", [], operation="GET /x")
    with pytest.raises(UpstreamError):
        await upstream.ask("GET", "/x", [], operation="GET /x")

    clock.now += 60

    assert (await upstream.ask("GET", "/x", [], operation="GET /x")).status == 503
