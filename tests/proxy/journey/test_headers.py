"""Which headers cross the gateway, either way."""

import httpx
import pytest
import respx

from mappings.core.context import Loss
from proxy.journey import headers
from tests.proxy.documents import (
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
    modern_document,
)

HOP = "passerelle-89f058e7"
"""What a gateway before the new API of these tests calls itself."""

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_only_named_headers_go_to_the_new_api(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 11: an allow-list, and only encodings that are read."""
    route = upstream.get(MODERN_RECORD).respond(json=modern_document())
    given = {
        "Accept": "text/html",
        "Accept-Encoding": "gzip, br",
        "Accept-Language": "fr",
        "Authorization": "Bearer token-of-the-client",
        "Connection": "authorization, keep-alive",
        "Cookie": "session=1",
        "Forwarded": "for=192.0.2.1",
        "If-Modified-Since": "Wed, 06 Mar 2024 07:28:00 GMT",
        "If-None-Match": '"mine"',
        "Proxy-Authorization": "Basic cHJveHk6",
        "Range": "bytes=0-1",
        "Referer": "https://legacy.example/person",
        "TE": "trailers",
        "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "Tracestate": "vendor=1",
        "User-Agent": "old-app/1.0",
        "X-Forwarded-For": "192.0.2.1",
        "X-HTTP-Method-Override": "DELETE",
        "X-Request-Id": "0123456789abcdef0123456789abcdef",
    }

    await legacy_client.get(RECORD, headers=given)

    crossed = dict(route.calls.last.request.headers)
    assert crossed == {
        "host": "new.example",
        "accept": "application/json",
        "accept-encoding": "identity",
        "accept-language": "fr",
        "authorization": "Bearer token-of-the-client",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": "vendor=1",
        "user-agent": "passerelle",
        "via": f"1.1 {HOP}",
        "x-request-id": "0123456789abcdef0123456789abcdef",
    }


async def test_only_named_headers_come_back(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Traps 11, 12, 15 and 16: own length, own validator, no cookie, no link, no server."""
    given = {
        "Alt-Svc": 'h3=":443"',
        "Content-Language": "en",
        "Content-MD5": "xxxx",
        "ETag": '"theirs"',
        "Last-Modified": "Wed, 06 Mar 2024 07:28:00 GMT",
        "Link": "<https://new.example/health_records?page=2>; rel=next",
        "Server": "new.example",
        "Set-Cookie": "session=1",
        "Via": "1.1 new.example",
        "X-Powered-By": "Rails",
        "X-Request-Id": "theirs-theirs-theirs",
    }
    upstream.get(MODERN_RECORD).respond(json=modern_document(), headers=given)

    response = await legacy_client.get(
        RECORD, headers={"X-Request-Id": "0123456789abcdef0123456789abcdef"}
    )

    assert response.headers == {
        "cache-control": "no-store",
        "content-type": "application/json; charset=utf-8",
        "content-length": str(len(response.content)),
        "etag": headers.entity_tag(response.content),
        "x-request-id": "0123456789abcdef0123456789abcdef",
    }


@pytest.mark.parametrize("name", ["Authorization", "If-Match", "If-None-Match"])
async def test_what_must_stand_once_is_refused_when_it_stands_twice(
    legacy_client: httpx.AsyncClient, name: str
) -> None:
    """Two readers of one request could take different ones."""
    response = await legacy_client.get(RECORD, headers=[(name, '"a"'), (name, '"b"')])

    assert response.status_code == 400
    assert response.json() == {"error": "La requête est mal formée."}


async def test_what_may_stand_twice_goes_on_whole(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    route = upstream.get(MODERN_RECORD).respond(json=modern_document())
    given = [("Traceparent", TRACE), ("Tracestate", "a=1"), ("Tracestate", "b=2")]

    await legacy_client.get(RECORD, headers=given)

    assert route.calls.last.request.headers.get_list("tracestate") == ["a=1,b=2"]


@pytest.mark.parametrize(
    "parents",
    [
        [],
        [TRACE, TRACE],
        [TRACE.upper()],
        [TRACE + "-"],
        [TRACE.replace("00-", "ff-", 1)],
        ["00-" + 32 * "0" + "-b7ad6b7169203331-01"],
        ["00-0af7651916cd43dd8448eb211c80319c-" + 16 * "0" + "-01"],
        ["a sentence about somebody"],
    ],
    ids=[
        "none",
        "two",
        "capitals",
        "an empty rest",
        "version ff",
        "no trace",
        "no span",
        "no trace at all",
    ],
)
async def test_a_trace_that_is_none_is_not_passed_on(
    parents: list[str], upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """W3C Trace Context, 3.2 and 3.3: without a parent there is no state either."""
    route = upstream.get(MODERN_RECORD).respond(json=modern_document())
    given = [*(("Traceparent", parent) for parent in parents), ("Tracestate", "a=1")]

    await legacy_client.get(RECORD, headers=given)

    crossed = route.calls.last.request.headers
    assert "traceparent" not in crossed
    assert "tracestate" not in crossed


@pytest.mark.parametrize(
    ("told", "passed"),
    [
        ([], f"1.1 {HOP}"),
        (["1.0 old, 1.1 edge (a cache)"], f"1.0 old, 1.1 edge (a cache), 1.1 {HOP}"),
        (["1.0 old", "1.1 edge"], f"1.0 old, 1.1 edge, 1.1 {HOP}"),
        (["1.1 passerelle-00000000"], f"1.1 passerelle-00000000, 1.1 {HOP}"),
        ([f"1.1 edge; {HOP}"], f"1.1 edge; {HOP}, 1.1 {HOP}"),
        (["x" * 1001], f"1.1 {HOP}"),
    ],
    ids=["none", "some", "in two", "another gateway", "its name elsewhere", "too long"],
)
async def test_the_new_api_hears_of_every_hop(
    told: list[str], passed: str, upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """RFC 9110, 7.6.3."""
    route = upstream.get(MODERN_RECORD).respond(json=modern_document())

    await legacy_client.get(RECORD, headers=[("Via", hops) for hops in told])

    assert route.calls.last.request.headers.get_list("via") == [passed]


@pytest.mark.parametrize("told", [f"1.1 {HOP}", f"1.0 old, 1.1 {HOP} (itself), 1.1 edge"])
async def test_a_request_that_was_here_before_goes_no_further(
    told: str, legacy_client: httpx.AsyncClient
) -> None:
    response = await legacy_client.get(RECORD, headers={"Via": told})

    assert response.status_code == 508
    assert response.json() == {"error": "La requête tourne en rond."}


@pytest.mark.parametrize("name", ["Authorization", "Accept-Language"])
async def test_a_header_beyond_ascii_is_no_failure_of_ours(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, name: str
) -> None:
    """Trap 21: bytes that HTTP allows (RFC 9110, 5.5) go on as they are."""
    route = upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.get(RECORD, headers=[(name.encode(), b"Basic \xe9\xff")])

    assert response.status_code == 200
    assert (name.lower().encode(), b"Basic \xe9\xff") in [
        (key.lower(), value) for key, value in route.calls.last.request.headers.raw
    ]


@pytest.mark.parametrize(
    ("tag", "usable"),
    [
        ('"v7"', True),
        ('""', True),
        ('W/"v7"', False),
        ("v7", False),
        ('"v 7"', False),
        ('"v7", "v8"', False),
        ('"v7"\n', False),
        (None, False),
    ],
    ids=["strong", "empty", "weak", "bare", "with a space", "two", "with a line end", "none"],
)
def test_only_a_strong_validator_can_be_a_condition(tag: str | None, usable: bool) -> None:
    """Trap 13."""
    assert headers.strong(tag) == (tag if usable else None)


@pytest.mark.parametrize(
    ("condition", "strongly", "weakly"),
    [
        ('"a"', True, True),
        ('"b" , "a"', True, True),
        ("*", True, True),
        ('W/"a"', False, True),
        ('"b"', False, False),
        ("", False, False),
    ],
    ids=["the tag", "a list", "any", "weak", "another", "nothing"],
)
def test_conditions_compare_as_rfc_9110_says(condition: str, strongly: bool, weakly: bool) -> None:
    """Trap 13."""
    assert headers.matches(condition, '"a"', weakly=False) is strongly
    assert headers.matches(condition, '"a"', weakly=True) is weakly


def test_losses_are_told_once_by_field_and_can_stand_in_a_header() -> None:
    losses = [
        Loss("/vaccinations/0/age", declared=True),
        Loss("/vaccinations/1/age", declared=True),
        Loss("/shoe size, €\r\nX: y", declared=False),
        Loss("/email", declared=True),
    ]

    told = headers.lost(losses)

    assert told == "vaccinations[].age, shoe%20size%2C%20%E2%82%AC%0D%0AX:%20y, email"


def test_many_losses_are_told_in_part() -> None:
    losses = [Loss(f"/{'x' * 200}{number}", declared=False) for number in range(53)]

    told = headers.lost(losses)

    assert told.endswith(", and 3 more")
    assert told.count(", ") == 50


async def test_a_header_of_losses_stays_small_enough_for_any_client(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Names come from the client; what it gets back is bounded (8 kB is a usual limit)."""
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    names = {f"{number:02}" + "🌊" * 98: 1 for number in range(60)}

    response = await legacy_client.post(RECORDS, json=legacy_document(**names))

    assert len(response.headers["passerelle-lost"]) <= 8000


def test_a_long_list_of_losses_is_not_remembered() -> None:
    before = headers._lost_fields.cache_info().currsize
    losses = [
        Loss(f"/vaccinations/{place}/comments", declared=True)
        for place in range(headers.LOST_NAMES + 1)
    ]

    assert headers.lost(losses) == "vaccinations[].comments"

    assert headers._lost_fields.cache_info().currsize == before
