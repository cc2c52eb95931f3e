"""What every answer has, what is logged of a request, and what an unexpected failure shows."""

import re
from typing import Any

import httpx
import pytest
import respx

from proxy.observe.logs import FIELDS
from proxy.observe.losses import UNDECLARED
from tests.proxy.conftest import Gateways, LogLines, legacy_client_of
from tests.proxy.documents import (
    ID,
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
    modern_act,
    modern_document,
)

GIVEN = "0123456789abcdef0123456789abcdef"


class Broken(httpx.AsyncBaseTransport):
    """A transport with a fault that nobody foresaw."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise RuntimeError(f"CANARY {request.url} Kerbrizac")


async def test_an_answer_has_the_request_id_that_the_client_gave(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, log_lines: LogLines
) -> None:
    route = upstream.get(MODERN_RECORDS).respond(json=[])

    response = await legacy_client.get(RECORDS, headers={"X-Request-Id": GIVEN})

    assert response.headers["x-request-id"] == GIVEN
    assert route.calls.last.request.headers["x-request-id"] == GIVEN
    assert log_lines()[-1]["request_id"] == GIVEN


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("abc", id="too short"),
        pytest.param("a" * 65, id="too long"),
        pytest.param("Maelle-Kerbrizac", id="a name"),
        pytest.param("0123456789abcdef0123456789abcdef\t0", id="a blank"),
    ],
)
async def test_what_is_no_request_id_is_replaced_by_one_of_our_own(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, given: str | None
) -> None:
    """Trap 35: nobody's name comes into a log this way."""
    upstream.get(MODERN_RECORDS).respond(json=[])
    headers = {} if given is None else {"X-Request-Id": given}

    response = await legacy_client.get(RECORDS, headers=headers)

    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("DELETE", RECORDS, 405),
        ("POST", RECORDS, 422),
        ("GET", RECORD, 502),
        ("HEAD", RECORD, 502),
    ],
)
async def test_every_answer_has_a_request_id_of_its_own(
    gateways: Gateways, method: str, path: str, status: int
) -> None:
    client = gateways.client(
        upstream=httpx.MockTransport(lambda request: httpx.Response(500)),
    )

    answers = [await client.request(method, path) for _ in range(2)]

    assert [response.status_code for response in answers] == [status] * 2
    assert len({response.headers["x-request-id"] for response in answers}) == 2


async def test_a_request_is_one_line_with_its_route_and_no_path(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, log_lines: LogLines
) -> None:
    """Trap 35: only fields that are named, only values that the gateway chose."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(200, json=modern_document(gender="x"))
    written = {"email": "maelle@inbox.example", "shoe_size": 38, "caption": "Femme de 3 ans"}

    await legacy_client.put(
        RECORD, json=written, params={"name": "Kerbrizac"}, headers={"X-Request-Id": GIVEN}
    )

    (line,) = log_lines()
    assert line.keys() <= FIELDS
    assert line.pop("milliseconds") >= line.pop("upstream_milliseconds") >= 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "dropped_parameters": 1,
        "event": "request",
        "level": "info",
        "legacy_status": 200,
        "lost": ["caption", "email"],
        "lost_undeclared": 1,
        "method": "PUT",
        "request_id": GIVEN,
        "route": "/records/{id}",
        "unknown": ["gender"],
        "upstream_status": 200,
    }


async def test_a_request_that_no_endpoint_takes_is_logged_without_its_path(
    legacy_client: httpx.AsyncClient, log_lines: LogLines
) -> None:
    request = legacy_client.build_request("GET", "/Kerbrizac?q=Maelle")
    request.method = "KERBRIZAC"

    await legacy_client.send(request)

    (line,) = log_lines()
    assert (line["method"], line["route"], line["legacy_status"]) == ("other", "(none)", 404)
    assert "upstream_status" not in line
    assert "kerbrizac" not in log_lines.text.lower()


async def test_a_request_that_failed_behind_is_logged_with_both_statuses(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, log_lines: LogLines
) -> None:
    upstream.get(MODERN_RECORD).respond(418)

    await legacy_client.get(RECORD)

    (line,) = log_lines()
    assert (line["upstream_status"], line["legacy_status"]) == (418, 502)


@pytest.mark.parametrize(
    ("document", "places"),
    [
        pytest.param(
            modern_document(
                birth_date="Kerbrizac",
                vaccination_acts=[modern_act(booster="x"), modern_act(booster="y")],
            ),
            ["birth_date: date", "vaccination_acts[].booster: not_a_boolean"],
            id="values that do not fit",
        ),
        pytest.param(modern_document(id="Kerbrizac"), ["id: mismatch"], id="another id"),
        pytest.param("Kerbrizac", [": not_an_object"], id="a text"),
    ],
)
async def test_a_bad_answer_is_logged_with_its_places_and_no_values(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    log_lines: LogLines,
    document: Any,
    places: list[str],
) -> None:
    """Traps 16 and 35."""
    upstream.get(MODERN_RECORD).respond(json=document)

    await legacy_client.get(RECORD, headers={"X-Request-Id": GIVEN})

    line, _ = log_lines()
    assert line.pop("timestamp")
    assert line == {
        "event": "upstream answer does not fit",
        "level": "error",
        "places": places,
        "request_id": GIVEN,
    }
    assert "Kerbrizac" not in log_lines.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_unforeseen_failure_is_a_500_in_the_legacy_form_that_says_nothing(
    gateways: Gateways, log_lines: LogLines, method: str
) -> None:
    """Traps 14, 16 and 35: where it was, never the message, which could hold a value."""
    client = gateways.client(upstream=Broken())

    response = await client.request(method, RECORD, headers={"X-Request-Id": GIVEN})

    failure, request = log_lines()
    assert response.status_code == 500
    assert response.headers["x-request-id"] == GIVEN
    assert method == "HEAD" or response.json() == {"error": "Une erreur est survenue."}
    assert failure.pop("timestamp")
    assert re.fullmatch(r"test_door\.py:\d+ handle_async_request", failure.pop("at"))
    assert failure == {
        "event": "failure",
        "level": "error",
        "error": "RuntimeError",
        "request_id": GIVEN,
    }
    assert request["legacy_status"] == 500
    assert not re.search("CANARY|Kerbrizac|example", log_lines.text)


async def test_a_client_that_goes_away_while_it_writes_is_no_failure_of_ours(
    gateways: Gateways, log_lines: LogLines
) -> None:
    app = gateways.app()
    scope = {
        "type": "http",
        "method": "POST",
        "path": RECORDS,
        "http_version": "1.1",
        "raw_path": RECORDS.encode(),
        "query_string": b"",
        "headers": [],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    await app(scope, receive, send)

    assert "failure" not in [line["event"] for line in log_lines()]


async def test_what_is_dropped_is_counted_where_nothing_is_shown_and_not_where_all_is_refused(
    upstream: respx.Router, gateways: Gateways, log_lines: LogLines
) -> None:
    upstream.delete(MODERN_RECORD).respond(204)
    app = gateways.app()
    client = legacy_client_of(app)

    async with app.router.lifespan_context(app):
        await client.delete(RECORD, params={"a": 1, "b": 2})
        await client.post(RECORDS, json={"email": "maelle@inbox.example"}, params={"c": 3})

    last = log_lines()[-1]
    assert (last["event"], last["lost"], last["dropped_parameters"]) == ("losses", {}, 2)


async def test_what_was_lost_is_counted_by_field_and_told_at_the_end(
    upstream: respx.Router, gateways: Gateways, log_lines: LogLines
) -> None:
    """Trap 3: names that a client invents are counted, never told."""
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    app = gateways.app()
    written = legacy_document(email="maelle@inbox.example", kerbrizac=1, shoe_size=38)

    async with app.router.lifespan_context(app):
        for caller in ("Bearer a", "Bearer b"):
            await legacy_client_of(app).post(
                RECORDS, json=written, headers={"Authorization": caller}
            )

    last = log_lines()[-1]
    assert (last["event"], last["lost"]) == ("losses", {"email": 2, UNDECLARED: 4})
    assert "kerbrizac" not in log_lines.text


async def test_what_a_refused_request_would_have_lost_is_not_counted(
    upstream: respx.Router, gateways: Gateways, log_lines: LogLines
) -> None:
    upstream.post(MODERN_RECORDS).respond(422)
    app = gateways.app()

    async with app.router.lifespan_context(app):
        await legacy_client_of(app).post(RECORDS, json=legacy_document(email="m@inbox.example"))

    assert log_lines()[-1]["lost"] == {}


async def test_an_id_in_a_path_is_in_no_line(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, log_lines: LogLines
) -> None:
    """Trap 35."""
    upstream.get(MODERN_RECORD).respond(404)

    await legacy_client.get(RECORD)

    assert ID not in log_lines.text


@pytest.mark.parametrize("host", ["[::", "new.example:port", "a b", "x" * 5000])
async def test_a_host_that_is_none_is_no_failure_of_ours(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, log_lines: LogLines, host: str
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.get(RECORD, params={"a": 1}, headers={"Host": host})

    assert response.status_code == 200
    assert [line["event"] for line in log_lines()] == ["request"]


@pytest.mark.parametrize(
    ("failure", "named"),
    [
        (httpx.ConnectError("no route"), "UpstreamUnreachableError"),
        (httpx.ReadTimeout("late"), "UpstreamTimeoutError"),
    ],
    ids=["unreachable", "late"],
)
async def test_an_operator_sees_why_the_new_api_gave_no_answer(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    log_lines: LogLines,
    failure: Exception,
    named: str,
) -> None:
    upstream.get(MODERN_RECORD).mock(side_effect=failure)

    await legacy_client.get(RECORD)

    why, request = log_lines()
    assert (why["event"], why["level"], why["error"]) == (
        "upstream gave no answer",
        "error",
        named,
    )
    assert request["request_id"] == why["request_id"]


async def test_what_is_no_request_has_no_request_id(gateways: Gateways) -> None:
    """A server tells of its start and end by the same way as of requests."""
    app = gateways.app()
    told = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": next(told)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan", "state": {}}, receive, send)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
