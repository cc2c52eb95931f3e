"""A plain request is answered as all others: to the byte, by the same calls, told as they are."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.proxy.conftest import LogLines
from tests.proxy.documents import ID, LEGACY_ONLY, OTHER_ID, legacy_document, modern_document
from tests.proxy.front.both_ways import (
    END,
    GOOD,
    LEGACY,
    MADE,
    MODERN,
    PAUSE,
    READ,
    RECORDS,
    Steps,
    answer,
    both_ways,
    get,
    one_way,
    post,
)
from tests.wire.loops import anyio_backend

__all__ = ["anyio_backend"]

CHUNKED = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
REFUSED = json.dumps({"errors": {"first_name": ["blank"], "birth_date": ["blank"]}}).encode()

PLAIN_ANSWERS: dict[str, Steps] = {
    "whole": GOOD,
    "in two pieces, the head cut": (answer()[:60], PAUSE, answer()[60:]),
    "in two pieces, the body cut": (answer()[:-9], PAUSE, answer()[-9:]),
    "in chunks": (CHUNKED % (len(MODERN), MODERN),),
    "kept on purpose": (answer(MODERN, 200, b"Connection: keep-alive"),),
    "kept, in capitals": (answer(MODERN, 200, b"Connection: Keep-Alive"),),
    "the last one": (answer(MODERN, 200, b"Connection: close"), END),
    "after an early hint": (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", *GOOD),
    "of HTTP/1.0": (answer(version=b"1.0"), END),
    "with a validator": (answer(MODERN, 200, b'ETag: "a"', b"Link: <x>; rel=next"),),
    "with bytes behind it": (answer() + b"X",),
    "with another behind it": (answer() + answer(b"{}"),),
    "with a key twice": (answer(MODERN.replace(b'"id"', b'"zip_code": "1", "id"', 1)),),
}
"""Answers that are shown at once, whatever they come like."""

OTHER_ANSWERS: dict[str, Steps] = {
    "another record": (answer(json.dumps(modern_document(id=OTHER_ID)).encode()),),
    "an unknown code": (answer(json.dumps(modern_document(gender="unheard of")).encode()),),
    "what does not fit": (answer(json.dumps(modern_document(birth_date=7)).encode()),),
    "no document": (answer(b"hello"),),
    "nothing": (answer(b""),),
    "a status without a body": (b"HTTP/1.1 204 X\r\n\r\n",),
    "not modified": (b"HTTP/1.1 304 X\r\n\r\n",),
    "not found": (answer(b"{}", 404),),
    "not allowed": (answer(b"{}", 403),),
    "unauthorized": (answer(b"{}", 401),),
    "a conflict": (answer(b"{}", 409),),
    "unprocessable": (answer(REFUSED, 422),),
    "too many": (answer(b"{}", 429, b"Retry-After: 7"),),
    "a pause": (answer(b"{}", 503, b"Retry-After: 9"),),
    "a failure": (answer(b"{}", 500),),
    "a bad gateway": (answer(b"{}", 502),),
    "encoded": (answer(MODERN, 200, b"Content-Encoding: gzip"),),
    "two lengths": (answer(MODERN, 200, b"Content-Length: 5"), END),
    "no length": (b"HTTP/1.1 200 X\r\n\r\n" + MODERN, END),
    "cut short": (answer()[:-3], END),
    "no head": (b"hello\r\n\r\n", END),
    "no word": (END,),
}
"""Answers of which there is something to tell."""


@pytest.mark.parametrize("steps", PLAIN_ANSWERS.values(), ids=PLAIN_ANSWERS)
async def test_a_record_is_read_the_fast_way(
    steps: Steps, tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(get(), GOOD)

        read = await ways.same(get(), steps)

        assert read.startswith(b"HTTP/1.1 200 OK")
        assert (ways.begun, ways.over) == (2, 0)
        await ways.same(get(), GOOD)


@pytest.mark.parametrize("steps", OTHER_ANSWERS.values(), ids=OTHER_ANSWERS)
async def test_a_reading_that_has_something_to_tell_goes_on_like_all_others(
    steps: Steps, tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(get(), GOOD)

        await ways.same(get(), steps, steps)

        assert (ways.begun, ways.over) == (2, 1)
        await ways.same(get(), GOOD)


async def test_an_answer_that_is_too_large_is_none(tmp_path: Path, log_lines: LogLines) -> None:
    large = (answer(json.dumps(modern_document(external_id="x" * 3000)).encode()),)
    async with both_ways(tmp_path, log_lines, max_answer_bytes=2000) as ways:
        await ways.warm(get(), GOOD)

        assert (await ways.same(get(), large)).startswith(b"HTTP/1.1 502")

        assert ways.over == 1


@pytest.mark.parametrize(
    "bounds",
    [{"first_byte_seconds": 0.05}, {"deadline_seconds": 0.05}],
    ids=["first byte", "deadline"],
)
@pytest.mark.parametrize("request_of", [get, post], ids=["reading", "creation"])
async def test_an_answer_that_is_late_is_told_as_such(
    bounds: dict[str, Any], request_of: Any, tmp_path: Path, log_lines: LogLines
) -> None:
    good, late = GOOD if request_of is get else MADE, asyncio.Event()
    async with (
        one_way(tmp_path / "quick", log_lines, fast=True, **bounds) as quick,
        one_way(tmp_path / "plain", log_lines, fast=False, **bounds) as plain,
    ):
        told = []
        for way in (quick, plain):
            await way.ask(request_of(), good)
            await way.ask(request_of(), good)
            told.append((await way.ask(request_of(), (late,)))[::2])

        assert told[0] == told[1]
        assert told[0][0].startswith(b"HTTP/1.1 504")
        assert len(quick.over) == 1
        assert quick.gateway.turns.in_flight == quick.gateway.room.held == 0
        late.set()


@pytest.mark.parametrize(
    "target",
    [
        READ.removesuffix(".json"),
        READ.removeprefix("/api/v1"),
        READ.replace(ID, ID.upper()),
        f"{READ}/",
    ],
    ids=["no suffix", "no prefix", "capitals", "a slash"],
)
async def test_every_spelling_of_a_path_goes_the_fast_way(
    target: str, tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(get(), GOOD)

        assert (await ways.same(get(target), GOOD)).startswith(b"HTTP/1.1 200")

        assert ways.begun == 2


OTHER_REQUESTS = {
    "a query": get(f"{READ}?colour=blue"),
    "a token in the query": get(f"{READ}?access_token=b").replace(
        b"Authorization: Bearer a\r\n", b""
    ),
    "two credentials": get(f"{READ}?access_token=b"),
    "nothing there": get("/api/v1/nothing.json"),
    "a list": get(RECORDS),
    "another credential": get().replace(b"Bearer a", b"Bearer b"),
    "one more field": get(READ, "Accept-Language: fr"),
    "no credential": get().replace(b"Authorization: Bearer a\r\n", b""),
    "a head alone": get(method="HEAD"),
}


@pytest.mark.parametrize("request_", OTHER_REQUESTS.values(), ids=OTHER_REQUESTS)
async def test_what_is_no_plain_reading_never_begins_as_one(
    request_: bytes, tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(get(), GOOD)

        await ways.same(request_, GOOD)

        assert ways.begun == 1


@pytest.mark.parametrize(
    "field",
    ['If-None-Match: "a"', "Authorization: Bearer b"],
    ids=["validator", "credential"],
)
async def test_a_head_that_says_more_is_never_plain(
    field: str, tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        for _ in range(3):
            await ways.same(get(READ, field), GOOD)

        assert ways.begun == 0


async def test_what_was_here_before_is_refused_again_and_again(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=True) as way:
        looping = get(READ, f"Via: 1.1 {way.gateway.upstream.pseudonym}")
        told = {(await way.ask(looping))[0] for _ in range(3)}

        assert len(told) == 1
        assert told.pop().startswith(b"HTTP/1.1 508")


@pytest.mark.parametrize(
    "field",
    [
        "Via: 1.0 old",
        "Accept-Language: fr",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "X-Request-Id: 0af7651916cd43dd8448eb211c80319c",
        "X-Colour: 50%",
    ],
)
async def test_what_crosses_is_carried_over_the_fast_way_too(
    field: str, tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines, base="/a%20b/v2") as ways:
        await ways.warm(get(READ, field), GOOD)
        await ways.warm(post(LEGACY, field), MADE)

        assert ways.over == 0


async def test_each_request_has_an_id_of_its_own_where_the_client_gives_none(
    tmp_path: Path, log_lines: LogLines
) -> None:
    asked = get(READ, "X-Request-Id: 42")
    async with both_ways(tmp_path, log_lines) as ways:
        for _ in range(4):
            ways.quick.api.plan = [GOOD]
            reader, writer = await ways.quick.connection()
            writer.write(asked)
            await ways.quick.answered(reader, asked)

        assert ways.begun == 3
        ids = {line["request_id"] for line in log_lines()}
        assert len(ids) == 4
        ways.quick.logged()
        for _ in range(4):
            await ways.plain.ask(asked, GOOD)
            ways.quick.api.calls.clear()


CREATIONS = {
    "plain": legacy_document(),
    "without what may be left out": legacy_document(zip_code=None),
    "with what is lost": legacy_document(**LEGACY_ONLY),
    "with some of what is lost": legacy_document(email="a@inbox.example", home_phone=" "),
    "with what the server sets": legacy_document(created_at="2020-01-01T00:00:00Z"),
    "with no vaccination": legacy_document(vaccinations=[]),
    "with a profile": legacy_document(health_profile={"condition_ids": []}),
}


@pytest.mark.parametrize("document", CREATIONS.values(), ids=CREATIONS)
@pytest.mark.parametrize("public_url", [None, "https://old.example"], ids=["here", "elsewhere"])
async def test_a_record_is_made_the_fast_way(
    document: Any, public_url: str | None, tmp_path: Path, log_lines: LogLines
) -> None:
    body = json.dumps(document).encode()
    async with both_ways(tmp_path, log_lines, public_url=public_url) as ways:
        await ways.warm(post(body), MADE)

        made = await ways.same(post(body), MADE)

        assert made.startswith(b"HTTP/1.1 201 Created")
        assert b"\r\nlocation: " in made
        assert (ways.begun, ways.over) == (2, 0)


OTHER_CREATIONS = {
    "undeclared": legacy_document(shoe_size=41),
    "wrapped": {"health_record": legacy_document()},
    "a token in it": legacy_document(access_token="b"),
    "an unknown code": legacy_document(gender="robot"),
    "no name": legacy_document(first_name=""),
    "no day": legacy_document(birth_date="1990-13-01"),
    "a vaccination": legacy_document(vaccinations=[{"vaccine": 1, "date": "2020-01-01"}]),
    "no object": [legacy_document()],
}
OTHER_BODIES = {
    **{name: json.dumps(document).encode() for name, document in OTHER_CREATIONS.items()},
    "no JSON": LEGACY[:-1],
    "a key twice": LEGACY.replace(b'"gender"', b'"gender": "male", "gender"'),
    "a mark before it": b"\xef\xbb\xbf" + LEGACY,
    "in Latin-1": LEGACY.replace(b"Ma", b"M\xe9"),
    "a form": b"first_name=a&last_name=b",
    "nothing": b"",
}


@pytest.mark.parametrize("body", OTHER_BODIES.values(), ids=OTHER_BODIES)
async def test_what_is_no_plain_creation_goes_like_all_others(
    body: bytes, tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        for _ in range(3):
            await ways.same(post(body), MADE, GOOD, MADE, GOOD)

        assert ways.begun == ways.over


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Type: application/json; charset=latin-1",),
        ("Content-Type: text/plain; charset=klingon",),
        ("Content-Encoding: gzip",),
        ("Content-Type: application/json", "Content-Type: text/plain"),
    ],
    ids=["Latin-1", "unheard of", "encoded", "two"],
)
async def test_a_body_that_is_read_in_its_own_way_is_never_plain(
    fields: tuple[str, ...], tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        for _ in range(3):
            await ways.same(post(LEGACY, *fields), MADE)

        assert ways.begun == (2 if len(fields) == 2 else 0)


@pytest.mark.parametrize("steps", OTHER_ANSWERS.values(), ids=OTHER_ANSWERS)
async def test_a_creation_that_has_something_to_tell_is_never_made_twice(
    steps: Steps, tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(post(), MADE)

        await ways.same(post(), steps, (answer(b"{}", 404),))

        assert ways.begun == 2
        calls = ways.quick.api.calls
        assert sum(call.startswith(b"POST") for call in calls) == 1
        await ways.same(post(), MADE)


READINGS = [get(), get(), get(), get(READ.replace(ID, ID.upper())), *OTHER_REQUESTS.values()]
MAKINGS = [post(json.dumps(it).encode()) for it in CREATIONS.values()]
MOVES = st.one_of(
    st.tuples(
        st.sampled_from(READINGS),
        st.one_of(
            st.just(GOOD), st.sampled_from([*PLAIN_ANSWERS.values(), *OTHER_ANSWERS.values()])
        ),
    ),
    st.tuples(
        st.sampled_from([*MAKINGS, *map(post, OTHER_BODIES.values())]),
        st.one_of(st.just(MADE), st.sampled_from(list(OTHER_ANSWERS.values()))),
    ),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moves=st.lists(MOVES, min_size=2, max_size=10))
async def test_whatever_comes_one_after_another_both_ways_are_one(
    moves: list[tuple[bytes, Steps]], tmp_path_factory: pytest.TempPathFactory, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path_factory.mktemp("ways"), log_lines) as ways:
        for request, steps in moves:
            for _ in range(2):
                await ways.same(request, steps, (answer(b"{}", 404),), (answer(b"{}", 404),))


async def test_what_the_policy_rejects_is_told_in_the_form_of_an_error(
    tmp_path: Path, log_lines: LogLines
) -> None:
    body = json.dumps(legacy_document(email="a@inbox.example")).encode()
    async with both_ways(tmp_path, log_lines, set_aside="reject") as ways:
        for _ in range(3):
            assert (await ways.same(post(body))).startswith(b"HTTP/1.1 422")

        assert ways.begun == 0


async def test_so_many_sets_of_lost_fields_are_remembered_and_no_more(
    tmp_path: Path, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.journey.direct.AT_MOST", 1)
    bodies = [
        # As long as each other: the head is the same.
        json.dumps(legacy_document(**lost)).encode().ljust(300)
        for lost in ({"email": "a@b.example"}, {"home_phone": "+331234"}, {"email": "c@d.example"})
    ]
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(post(bodies[0]), MADE)
        for body in bodies:
            assert b"passerelle-lost" in await ways.same(post(body), MADE)


async def test_a_reading_with_a_body_holds_nothing(tmp_path: Path, log_lines: LogLines) -> None:
    asked = get(READ, "Content-Length: 5") + b"hello"
    async with both_ways(tmp_path, log_lines) as ways:
        for _ in range(3):
            await ways.same(asked, (answer(b"{}", 404),))

        assert ways.begun == 0


async def test_a_change_is_never_plain(tmp_path: Path, log_lines: LogLines) -> None:
    asked = get(READ, "If-Match: *", method="DELETE")
    async with both_ways(tmp_path, log_lines) as ways:
        for _ in range(3):
            await ways.same(asked, GOOD, (b"HTTP/1.1 204 X\r\n\r\n",))

        assert ways.begun == 0


async def test_a_kept_connection_that_ends_in_between_is_replaced(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(get(), GOOD)
        await ways.same(get(), (*GOOD, END))

        assert (await ways.same(get(), GOOD)).startswith(b"HTTP/1.1 200")


async def test_a_stale_read_goes_again_and_a_stale_creation_does_not(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(get(), GOOD)
        assert (await ways.same(get(), (END,), GOOD)).startswith(b"HTTP/1.1 200")
        await ways.warm(post(), MADE)
        assert (await ways.same(post(), (END,), MADE)).startswith(b"HTTP/1.1 502")

        assert ways.over == 2


async def test_an_operation_that_is_suspended_is_not_asked(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with both_ways(tmp_path, log_lines, breaker_seconds=60) as ways:
        await ways.warm(get(), GOOD)
        for _ in range(20):
            await ways.same(get(), (answer(b"{}", 502),))

        assert (await ways.same(get(), GOOD)).startswith(b"HTTP/1.1 503")


async def test_answers_close_while_the_process_drains(tmp_path: Path, log_lines: LogLines) -> None:
    async with both_ways(tmp_path, log_lines) as ways:
        await ways.warm(get(), GOOD)
        for way in (ways.quick, ways.plain):
            way.wire.draining = True

        assert b"connection: close" in await ways.same(get(), GOOD)

        assert ways.begun == 2


async def test_where_each_request_must_be_seen_first_there_is_no_fast_path(
    tmp_path: Path, log_lines: LogLines
) -> None:
    origins = ["https://app.example"]
    async with one_way(tmp_path, log_lines, fast=True, cors_origins=origins) as way:
        assert way.fast is None


async def test_creations_that_are_remembered_are_never_plain(
    tmp_path: Path, log_lines: LogLines
) -> None:
    async with one_way(tmp_path, log_lines, fast=True, intent_minutes=10) as way:
        for _ in range(3):
            await way.ask(post(), MADE)

        assert way.fast is not None
        assert way.fast.begun == 0
