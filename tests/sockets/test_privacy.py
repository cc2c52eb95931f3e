"""What crosses the gateway and what does not: credentials, headers, names, values."""

import json
from typing import Any
from uuid import uuid4

import pytest

from proxy.observe.logs import FIELDS
from tests.sockets.people import MODERN_NAMES, RECORDS, legacy_document
from tests.sockets.processes import Process, until
from tests.sockets.wire import Heard, ask, bearer, wire

MAY_CROSS = {
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "if-match",
    "traceparent",
    "tracestate",
    "user-agent",
    "via",
    "x-request-id",
}


def test_two_callers_never_see_each_others_records(gateway: Process) -> None:
    one, other = bearer(uuid4().hex), bearer(uuid4().hex)
    with wire(gateway.port) as connection:  # one connection: they may share a proxy of their own
        of_one = connection.ask("POST", RECORDS, legacy_document(), one)
        of_other = connection.ask("POST", RECORDS, legacy_document(), other)
        list_of_one = connection.ask("GET", RECORDS, headers=one).document
        list_of_other = connection.ask("GET", RECORDS, headers=other).document
        list_of_nobody = connection.ask("GET", RECORDS).document
        peeks = [
            connection.ask(method, of_one.headers["location"], document, other).status
            for method, document in (("GET", None), ("PUT", {}), ("DELETE", None))
        ]

    mine, yours = of_one.document["uuid"], of_other.document["uuid"]
    assert (mine in ids(list_of_one), yours in ids(list_of_one)) == (True, False)
    assert (mine in ids(list_of_other), yours in ids(list_of_other)) == (False, True)
    assert ids(list_of_nobody).isdisjoint({mine, yours})
    assert peeks == [404, 404, 404]


def test_the_credential_and_the_headers_of_the_list_cross_and_no_others(
    sandbox: Process, gateway: Process
) -> None:
    request_id, secret = uuid4().hex, "KanariloKapo"
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    sent = {
        "Authorization": "Bearer somebody-with-many-headers",
        "X-Request-Id": request_id,
        "Accept-Language": "fr",
        "traceparent": trace,
        "Connection": "keep-alive, X-Named, Authorization",
        "X-Named": secret,
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Host": secret,
        "X-Real-IP": "203.0.113.7",
        "Forwarded": f"for={secret}",
        "Cookie": f"session={secret}",
        "TE": "trailers",
        "Proxy-Authorization": f"Basic {secret}",
        "Proxy-Connection": "keep-alive",
        "X-HTTP-Method-Override": "DELETE",
        "X-Original-URL": f"/{secret}",
        "Origin": "https://old.example",
        "Referer": f"https://old.example/{secret}",
        "User-Agent": secret,
    }

    answer = ask(gateway.port, "POST", RECORDS, legacy_document(), sent)

    assert answer.status == 201
    assert answer.headers["x-request-id"] == request_id
    (exchange,) = exchanges(sandbox, request_id)
    crossed = exchange["headers"]
    assert crossed.keys() <= MAY_CROSS
    assert crossed["authorization"] == "[hidden]"
    assert crossed["accept-language"] == "fr"
    assert crossed["traceparent"] == trace
    assert crossed["host"] == f"127.0.0.1:{sandbox.port}"
    assert crossed["content-type"] == "application/json"
    assert secret not in json.dumps(exchange)
    assert "203.0.113.7" not in json.dumps(exchange)


def test_a_caller_without_a_credential_is_given_none(sandbox: Process, gateway: Process) -> None:
    request_id = uuid4().hex
    ask(gateway.port, "GET", RECORDS, headers=bearer("somebody-before"))

    ask(gateway.port, "GET", RECORDS, headers={"X-Request-Id": request_id})

    (exchange,) = exchanges(sandbox, request_id)
    assert "authorization" not in exchange["headers"]
    assert "cookie" not in exchange["headers"]


def test_nothing_of_the_new_api_is_in_any_answer(sandbox: Process, gateway: Process) -> None:
    caller = bearer("somebody-who-looks-closely")
    made = ask(gateway.port, "POST", RECORDS, legacy_document(), caller)
    where = made.headers["location"]
    asked: list[tuple[str, str, Any]] = [
        ("GET", RECORDS, None),
        ("GET", where, None),
        ("PUT", where, {"zip_code": "44000"}),
        ("PUT", where, {"gender": "?"}),
        ("PUT", where, {"uuid": str(uuid4())}),
        ("PUT", where, b"{"),
        ("GET", f"/api/v1/records/{uuid4()}.json", None),
        ("GET", "/health_records", None),
        ("GET", "/_sandbox/requests", None),
        ("PATCH", RECORDS, None),
        ("DELETE", where, None),
        ("GET", "/healthz", None),
        ("GET", "/readyz", None),
    ]

    answers = [made]
    for method, path, body in asked:
        answers.append(ask(gateway.port, method, path, body, caller))

    refused = ask(gateway.port, "GET", RECORDS, headers={"Authorization": "Basic bm86bm8="})
    assert refused.status == 401
    for answer in [*answers, refused]:
        assert_nothing_of_the_new_api(answer, sandbox)


def test_no_value_reaches_the_output_of_either_process(sandbox: Process, gateway: Process) -> None:
    canary, last = f"Kanarilo{uuid4().hex}", uuid4().hex
    caller = bearer(canary)
    document = legacy_document(
        first_name=canary,
        last_name=canary,
        birth_name=canary,
        email=f"{canary}@example.org",
        place_of_birth=canary,
        ins_c=canary,
        vaccinations=canary,
        health_profile={canary: canary},
        **{canary: canary},
    )
    good = legacy_document(first_name=canary, last_name=canary, email=canary)

    statuses = [
        ask(gateway.port, method, path, body, {**caller, "X-Trace": canary}).status
        for method, path, body in (
            ("POST", RECORDS, good),
            ("POST", RECORDS, document),
            ("POST", RECORDS, f'{{"{canary}": '.encode()),
            ("GET", f"/api/v1/records/{canary}.json", None),
            ("GET", f"{RECORDS}?name={canary}", None),
            ("DELETE", RECORDS, None),
        )
    ]
    ask(gateway.port, "GET", RECORDS, headers={**caller, "X-Request-Id": last})

    assert statuses == [201, 422, 400, 404, 200, 405]
    until(lambda: last in gateway.err)
    for process in (sandbox, gateway):
        assert canary not in process.out + process.err
        assert process.out == ""


def test_every_line_of_the_log_is_json_with_the_fields_of_the_list(gateway: Process) -> None:
    last = uuid4().hex
    ask(gateway.port, "GET", RECORDS, headers={"X-Request-Id": last})

    until(lambda: last in gateway.err)

    lines = [json.loads(line) for line in gateway.log]
    assert all(line.keys() <= FIELDS for line in lines)
    (line,) = [line for line in lines if line.get("request_id") == last]
    assert (line["method"], line["route"]) == ("GET", "/records")
    assert (line["legacy_status"], line["upstream_status"]) == (200, 200)


@pytest.mark.parametrize("given", ["short", "Ondine Farfadet", "é" * 20, "0" * 65])
def test_a_request_id_that_could_be_a_value_is_replaced(given: str, gateway: Process) -> None:
    raw = {"X-Request-Id": given.encode().decode("latin-1")}

    answer = ask(gateway.port, "GET", "/nothing", headers=raw)

    assert len(answer.headers["x-request-id"]) == 32
    assert given not in answer.head.decode("latin-1")


def exchanges(sandbox: Process, request_id: str) -> list[dict[str, Any]]:
    """What the new API got under a request id."""
    had = ask(sandbox.port, "GET", "/_sandbox/requests").document
    return [each for each in had if each["headers"].get("x-request-id") == request_id]


def ids(records: list[dict[str, Any]]) -> set[str]:
    """The ids in a list of records."""
    return {record["uuid"] for record in records}


def assert_nothing_of_the_new_api(answer: Heard, sandbox: Process) -> None:
    """Neither its address nor any of its names is in an answer."""
    for name in (f":{sandbox.port}".encode(), b"127.0.0.1", *MODERN_NAMES):
        assert name not in answer.head.lower() + answer.body.lower()
