"""Bodies within bounds, trailers that become nothing, and answers in the order of the requests."""

from collections.abc import Callable

import pytest

from proxy.front.connection import LAST_SECONDS
from proxy.front.outlet import LINGER_BYTES
from tests.proxy.front.wired import CHUNKED, chunked, get, line, passing, post, refusal, settle

Cut = Callable[[bytes], list[bytes]]

CUTS = [
    pytest.param(lambda raw: [raw], id="whole"),
    pytest.param(lambda raw: [raw[at : at + 1] for at in range(len(raw))], id="in single bytes"),
    pytest.param(lambda raw: [raw[at : at + 7] for at in range(0, len(raw), 7)], id="in sevens"),
]
EXTENDED = b"".join(b"1;a=%b\r\nx\r\n" % (b"b" * 500) for _ in range(20)) + b"0\r\n\r\n"

BAD_BODIES = {
    "a size in words": (b"ten\r\n", 400, "syntax"),
    "a chunk that is longer": (b"1\r\nab\r\n0\r\n\r\n", 400, "syntax"),
    "a trailer in two lines": (b"0\r\nA: b\r\n c\r\n\r\n", 400, "syntax"),
    "chunks of 1001 bytes": (chunked(b"x" * 500, b"y" * 501), 413, "body_bytes"),
    "extensions that are larger": (EXTENDED, 413, "body_bytes"),
    "an extension without end": (b"1;a=" + b"b" * 9000, 413, "body_bytes"),
    "too many trailers": (chunked(trailers=b"A: b\r\n" * 13), 431, "fields"),
    "too large a trailer": (chunked(trailers=b"A: %b\r\n" % (b"b" * 2000)), 431, "head_bytes"),
    "a trailer without end": (b"0\r\nA: " + b"b" * 2000, 431, "head_bytes"),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", BAD_BODIES)
async def test_a_bad_body_is_refused_however_it_is_cut_and_the_application_hears_of_it(
    name: str, cut: Cut
) -> None:
    body, status, reason = BAD_BODIES[name]
    async with line() as it:
        await it.feed(post(b"", CHUNKED))
        await it.feed(*cut(body), get(b"/next"))

        assert it.transport.written == refusal(status)
        assert it.transport.ended
        assert it.served.app.gone == ["/a"]
        assert it.served.app.bodies == []
        assert it.served.refused == {reason: 1}


@pytest.mark.parametrize("cut", CUTS)
async def test_trailers_are_dropped_and_counted(cut: Cut) -> None:
    trailers = b"Authorization: Bearer a\r\nContent-Type: text/html\r\n"
    async with line() as it:
        await it.feed(*cut(post(chunked(b"{}", trailers=trailers), CHUNKED)), get(b"/b"))

        scope = it.served.app.asked[0]
        assert [name for name, _ in scope["headers"]] == [b"host", b"transfer-encoding"]
        assert it.served.app.bodies == [b"{}", b""]
        assert it.served.wire.counts.of["trailers", ""] == 2
        assert it.statuses == [200, 200]


@pytest.mark.parametrize("cut", CUTS)
async def test_a_trailer_can_end_the_connection(cut: Cut) -> None:
    body = chunked(b"{}", trailers=b"Connection: close\r\n")
    async with line() as it:
        await it.feed(*cut(post(body, CHUNKED)), get(b"/b"))

        assert it.statuses == [200]
        assert b"connection: close" in it.transport.written


async def test_a_client_is_told_to_go_on_once_its_body_is_wanted() -> None:
    async with line() as it:
        await it.feed(post(b"", b"Content-Length: 2", b"Expect: 100-Continue"))
        told = it.transport.written
        await it.feed(b"{}")

        assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert it.statuses == [100, 200]


async def test_in_http_1_0_nobody_is_told_to_go_on() -> None:
    raw = post(b"", b"Content-Length: 2", b"Expect: 100-continue").replace(b"1.1", b"1.0", 1)
    async with line() as it:
        await it.feed(raw, b"{}")

        assert it.statuses == [200]


async def test_an_answer_before_the_body_is_whole_closes_and_the_body_is_not_read() -> None:
    async with line() as it:
        await it.feed(post(b"", b"Content-Length: 90", target=b"/early"))
        await it.feed(get(b"/smuggled"), get(b"/smuggled"))

        assert b"connection: close" in it.transport.written
        assert it.transport.ended
        assert not it.transport.closed
        assert it.served.app.paths == ["/early"]
        assert it.statuses == [200]


async def test_what_follows_a_request_that_closes_is_not_read() -> None:
    async with line() as it:
        await it.feed(get(b"/a", b"Connection: close") + get(b"/b"), get(b"/c"))

        assert it.served.app.paths == ["/a"]
        assert it.transport.ended


async def test_in_http_1_0_no_connection_is_kept() -> None:
    async with line() as it:
        await it.feed(get(b"/a", b"Connection: keep-alive", version=b"1.0") + get(b"/b"))

        assert it.served.app.paths == ["/a"]
        assert it.transport.written.count(b"connection: close") == 1


async def test_a_client_that_sends_on_after_its_end_is_read_no_more_at_last() -> None:
    async with line() as it:
        await it.feed(get(b"/a;b"))
        await it.feed(bytes(LINGER_BYTES))
        read_still = not it.transport.paused
        await it.feed(b"a")

        assert read_still
        assert it.transport.paused


async def test_a_connection_is_closed_at_once_where_nothing_is_unread() -> None:
    async with line() as it:
        await it.feed(get(b"/a", b"Connection: close"))

        assert it.statuses == [200]
        assert it.transport.closed


@pytest.mark.parametrize("cut", CUTS)
async def test_requests_at_once_are_answered_in_their_order(cut: Cut) -> None:
    raw = get(b"/a") + post(b"{}", target=b"/b") + post(chunked(b"x"), CHUNKED, target=b"/c")
    async with line() as it:
        await it.feed(*cut(raw + get(b"/d") + get(b"/e;x")))

        assert it.served.app.paths == ["/a", "/b", "/c", "/d"]
        assert it.statuses == [200] * 4 + [400]
        assert it.transport.written.endswith(refusal(400))


async def test_a_refusal_waits_for_the_answer_before_it() -> None:
    async with line() as it:
        await it.feed(get(b"/held") + get(b"/a;b") + get(b"/c"))
        before = it.transport.written
        it.served.app.gate.set()
        await settle()

        assert before == b""
        assert it.statuses == [200, 400]
        assert it.served.app.paths == ["/held"]
        assert it.transport.written.endswith(b"/held" + refusal(400))


async def test_a_refusal_does_not_come_into_an_answer_that_has_begun() -> None:
    async with line() as it:
        await it.feed(get(b"/begun"))
        await it.feed(b"no HTTP\r\n\r\n")
        it.served.app.gate.set()
        await settle()

        assert it.transport.written.endswith(b"/begun" + refusal(400))


async def test_a_bad_body_behind_an_answer_that_has_begun_closes() -> None:
    async with line() as it:
        await it.feed(post(b"", CHUNKED, target=b"/begun"))
        await it.feed(b"ten\r\n")

        assert it.statuses == [200]
        assert it.transport.closed
        it.served.app.gate.set()
        await settle()
        assert not it.transport.written.endswith(b"/begun")


async def test_a_request_that_waits_its_turn_is_taken_back_when_its_body_is_bad() -> None:
    async with line() as it:
        await it.feed(get(b"/held") + get(b"/b") + post(b"ten\r\n", CHUNKED, target=b"/c"))
        it.served.app.gate.set()
        await settle()

        assert it.served.app.paths == ["/held", "/b"]
        assert it.transport.written.endswith(b"/b" + refusal(400))


async def test_after_an_answer_that_closes_no_refusal_follows() -> None:
    async with line() as it:
        await it.feed(get(b"/held") + get(b"/a;b"))
        it.served.wire.draining = True
        it.served.app.gate.set()
        await settle()

        assert it.statuses == [200]
        assert it.transport.ended


async def test_sixteen_requests_may_wait_and_the_next_one_is_refused() -> None:
    async with line() as it:
        await it.feed(*[get(b"/held")] + [get(b"/a")] * 17)
        it.served.app.gate.set()
        await settle()
        await settle()
        await settle()

        assert it.statuses == [200] * 17 + [400]
        assert it.served.refused == {"pipelined": 1}


async def test_an_application_that_fails_is_answered_for_and_the_connection_closes() -> None:
    async with line() as it:
        await it.feed(get(b"/failing") + get(b"/b"))

        assert it.statuses == [500]
        assert it.served.app.paths == ["/failing"]
        assert it.transport.ended


async def test_while_draining_every_answer_closes() -> None:
    async with line() as it:
        await it.feed(get(b"/held") + get(b"/b"))
        it.served.wire.draining = True
        it.served.app.gate.set()
        await settle()

        assert b"connection: close" in it.transport.written
        assert it.served.app.paths == ["/held"]
        assert it.transport.ended


async def test_at_the_end_a_request_that_is_on_its_way_is_answered_and_closes() -> None:
    async with line() as fresh, line() as used:
        await used.feed(get())
        for it in (fresh, used):
            it.protocol.shutdown()
            await it.feed(get(b"/b"))

            assert it.served.app.paths[-1] == "/b"
            assert it.transport.written.count(b"connection: close") == 1
            assert it.transport.closed


@pytest.mark.parametrize("begun", [1, 30])
async def test_at_the_end_a_request_that_has_begun_to_come_is_still_answered(begun: int) -> None:
    raw = post(b"{}")
    async with line() as it:
        await it.feed(get(b"/a"), raw[:begun])
        it.protocol.shutdown()
        open_still = not it.transport.closed
        await it.feed(raw[begun:])

        assert open_still
        assert it.statuses == [200, 200]
        assert it.transport.written.count(b"connection: close") == 1
        assert it.transport.closed


async def test_at_the_end_an_answer_under_way_is_the_last_one() -> None:
    async with line() as it:
        await it.feed(get(b"/held"))
        it.protocol.shutdown()
        it.served.app.gate.set()
        await settle()

        assert b"connection: close" in it.transport.written
        assert it.transport.closed


async def test_at_the_end_what_has_come_in_the_last_moment_is_not_cut() -> None:
    async with line() as it, line() as idle:
        it.protocol.shutdown()
        idle.protocol.shutdown()
        await it.feed(get(b"/held"))
        await passing(LAST_SECONDS)
        cut = it.transport.closed
        it.served.app.gate.set()
        await settle()

        assert idle.transport.closed
        assert not cut
        assert it.statuses == [200]


async def test_a_connection_that_is_closed_is_not_closed_again() -> None:
    async with line() as it:
        it.protocol.eof_received()
        it.protocol.eof_received()
        await passing(0)

        assert it.transport.closed
        assert not it.transport.aborted


async def test_at_the_end_a_connection_that_lingers_is_left_to_it() -> None:
    async with line() as it:
        await it.feed(get(b"/a;b"))
        it.protocol.shutdown()

        assert it.transport.ended
        assert not it.transport.closed


@pytest.mark.parametrize("raw", [get(b"/held"), get(b"/begun"), get(b"/held") + get(b"/b")])
async def test_a_client_that_leaves_is_told_of_once(raw: bytes) -> None:
    async with line() as it:
        await it.feed(raw)

        it.protocol.eof_received()
        it.protocol.connection_lost(None)
        it.protocol.connection_lost(None)

        assert it.transport.closed
        assert len(it.served.app.left) == 1


async def test_a_client_that_leaves_with_its_answer_is_not_told_of() -> None:
    async with line() as it:
        await it.feed(get(), post(b"", b"Content-Length: 9", target=b"/early"))

    assert it.served.app.left == []


async def test_a_client_that_leaves_before_its_request_was_judged_is_not_told_of() -> None:
    async with line() as it:
        await it.feed(get()[:-2])

    assert it.served.app.left == []
    assert it.transport.written == b""


async def test_an_application_that_asks_for_no_word_gets_none() -> None:
    async with line() as it:
        await it.feed(get(b"/held"))
        it.served.app.asked[0]["state"].clear()

    assert it.served.app.left == []
