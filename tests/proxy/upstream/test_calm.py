"""Calm under faults: what is tried once more, and what is not asked for a while."""

import asyncio
import contextlib
from typing import Any

import httpx
import pytest

from proxy.errors import (
    SuspendedError,
    UpstreamContractError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.observe.counts import Counts
from proxy.settings import Settings
from proxy.upstream import client
from proxy.upstream.chunks import AnswerTooLargeError
from proxy.upstream.client import Upstream
from proxy.upstream.exchange import limits_of
from proxy.upstream.transport import TransportLimits
from tests.proxy.conftest import UPSTREAM

Answer = httpx.Response | Exception


class Answering(httpx.AsyncBaseTransport):
    """Answers with one after the other, the last one for ever."""

    def __init__(self, *answers: Answer, seconds: float = 0) -> None:
        self.answers = list(answers)
        self.seconds = seconds
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        await asyncio.sleep(self.seconds)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=b"{}")


def upstream_of(
    transport: httpx.AsyncBaseTransport, counts: Counts | None = None, **settings: Any
) -> Upstream:
    """A new API that answers through this transport."""
    chosen = Settings(**{"upstream_url": UPSTREAM, **settings})
    return Upstream(chosen, transport, (counts or Counts()).add)


async def read(upstream: Upstream, **options: Any) -> int:
    """The status of a read."""
    return (await upstream.ask("GET", "/x", [], operation="GET /x", **options)).status


@pytest.mark.parametrize(
    "first",
    [
        httpx.Response(502),
        httpx.Response(503),
        httpx.Response(504),
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.ReadTimeout("x"),
        httpx.ReadError("x"),
        httpx.RemoteProtocolError("x"),
    ],
    ids=lambda first: getattr(first, "status_code", type(first).__name__),
)
async def test_a_read_that_failed_is_tried_once_more(first: Answer) -> None:
    transport, counts = Answering(first, httpx.Response(200)), Counts()

    status = await read(upstream_of(transport, counts))

    assert status == 200
    assert len(transport.asked) == 2
    assert counts.of == {("retried", ""): 1}


@pytest.mark.parametrize(
    "only",
    [
        httpx.Response(200),
        httpx.Response(404),
        httpx.Response(500),
        httpx.Response(503, headers={"Retry-After": "7"}),
    ],
    ids=lambda only: str(only.status_code),
)
async def test_an_answer_that_is_one_is_taken(only: httpx.Response) -> None:
    transport = Answering(only)

    assert await read(upstream_of(transport)) == only.status_code
    assert len(transport.asked) == 1


async def test_a_read_is_never_tried_a_third_time() -> None:
    transport = Answering(httpx.Response(503))

    assert await read(upstream_of(transport)) == 503
    assert len(transport.asked) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("failure", [httpx.Response(503), httpx.ConnectError("x")], ids=type)
async def test_what_changes_something_is_sent_once(method: str, failure: Answer) -> None:
    transport = Answering(failure)

    with contextlib.suppress(UpstreamUnreachableError):
        await upstream_of(transport).ask(method, "/x", [], b"{}", operation=f"{method} /x")

    assert len(transport.asked) == 1


async def test_without_time_nothing_is_tried_again() -> None:
    transport = Answering(httpx.Response(503))
    ends_at = asyncio.get_running_loop().time() + client.PAUSE_SECONDS / 2

    assert await read(upstream_of(transport), ends_at=ends_at) == 503
    assert len(transport.asked) == 1


async def test_what_is_tried_again_is_paid_from_a_budget() -> None:
    transport = Answering(httpx.Response(503))
    upstream = upstream_of(transport, breaker_ratio=1, retry_ratio=0)

    for _ in range(5):
        await read(upstream)

    assert len(transport.asked) == 5


async def test_after_its_end_nothing_is_sent() -> None:
    transport = Answering(httpx.Response(200))
    ends_at = asyncio.get_running_loop().time()

    with pytest.raises(UpstreamTimeoutError) as caught:
        await read(upstream_of(transport), ends_at=ends_at)

    assert not caught.value.sent
    assert transport.asked == []


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), AnswerTooLargeError("x")], ids=["500", "large"]
)
async def test_what_is_wrong_with_one_record_closes_nothing_for_others(answer: Answer) -> None:
    transport = Answering(answer)
    upstream = upstream_of(transport)

    for _ in range(30):
        with contextlib.suppress(UpstreamContractError):
            await read(upstream)

    assert not upstream.breakers.of("GET /x").is_open
    assert len(transport.asked) == 30


async def test_an_operation_that_fails_and_fails_is_not_asked_for_a_while() -> None:
    transport, counts = Answering(httpx.Response(503, headers={"Retry-After": "1"})), Counts()
    upstream = upstream_of(transport, counts)
    for _ in range(10):
        await read(upstream)

    with pytest.raises(SuspendedError) as caught:
        await read(upstream)

    assert (caught.value.status, caught.value.sent) == (503, False)
    assert caught.value.headers == {"Retry-After": "1"}
    assert len(transport.asked) == 10
    assert counts.of[("breaker", "refused")] == 1
    other = await upstream.ask("GET", "/y", [], operation="GET /y")
    assert other.status == 503


async def test_a_call_that_is_given_up_says_nothing_of_the_new_api() -> None:
    transport = Answering(httpx.Response(200), seconds=30)
    upstream = upstream_of(transport)
    calls = [asyncio.create_task(read(upstream)) for _ in range(20)]
    await asyncio.sleep(0)

    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)

    assert not upstream.breakers.of("GET /x").is_open
    transport.seconds = 0
    assert await read(upstream) == 200


async def test_a_call_that_only_waited_for_others_says_nothing_of_the_new_api() -> None:
    upstream = upstream_of(Answering(httpx.PoolTimeout("x")), retry_ratio=0)

    for _ in range(20):
        with pytest.raises(UpstreamError):
            await read(upstream)

    assert not upstream.breakers.of("GET /x").is_open


@pytest.mark.parametrize(("reuse", "affinity"), [("caller", "Bearer mine"), ("any", None)])
async def test_a_connection_is_kept_for_its_caller(reuse: str, affinity: str | None) -> None:
    transport = Answering(httpx.Response(200))

    await read(upstream_of(transport, upstream_reuse=reuse), caller="Bearer mine")

    assert transport.asked[0].extensions.get("affinity") == affinity


async def test_a_transport_that_keeps_no_time_is_given_up_too() -> None:
    upstream = upstream_of(Answering(httpx.Response(200), seconds=30), deadline_seconds=0.01)

    async with asyncio.timeout(1):
        with pytest.raises(UpstreamError):
            await read(upstream)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://127.0.0.1:1/base"])
async def test_without_a_transport_of_its_own_it_calls_over_the_network(url: str) -> None:
    upstream = Upstream(Settings(upstream_url=url, retry_ratio=0))

    with pytest.raises(UpstreamUnreachableError) as caught:
        await read(upstream)

    assert not caught.value.sent
    await upstream.close()


def test_the_transport_is_bounded_as_the_settings_say() -> None:
    settings = Settings(
        upstream_url=UPSTREAM,
        connect_seconds=1,
        first_byte_seconds=2,
        deadline_seconds=3,
        upstream_connections=4,
        upstream_idle_seconds=5,
        upstream_age_seconds=6,
        max_answer_bytes=7,
    )

    assert limits_of(settings) == TransportLimits(
        connect_seconds=1,
        first_byte_seconds=2,
        total_seconds=3,
        connections=4,
        idle_seconds=5,
        age_seconds=6,
        body_bytes=7,
    )


async def test_a_breaker_says_when_to_come_again() -> None:
    upstream = upstream_of(Answering(httpx.Response(502)), retry_ratio=0, breaker_seconds=6.5)
    for _ in range(10):
        await read(upstream)

    with pytest.raises(SuspendedError) as caught:
        await read(upstream)

    assert caught.value.headers == {"Retry-After": "7"}
