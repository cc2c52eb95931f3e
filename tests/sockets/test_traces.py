"""Spans of real processes, as a collector gets them; and one that is not there."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.proxy.observe.test_tracing_export import Collector
from tests.sockets.people import RECORDS, legacy_document
from tests.sockets.processes import Process, free_port, passerelle, until
from tests.sockets.wire import ask

SERVE = ("serve", "--port", "0")
SERVER, CLIENT = 2, 3
"""The kinds of spans, as OTLP numbers them."""


def attributes(span: Span) -> dict[str, object]:
    """What a span holds, by name."""
    told: dict[str, object] = {}
    for pair in span.attributes:
        kind = pair.value.WhichOneof("value")
        told[pair.key] = getattr(pair.value, kind)
    return told


def instances(collector: Collector) -> set[str]:
    """The processes whose spans came."""
    return {
        pair.value.string_value
        for resource, _ in collector.resources()
        for pair in resource.attributes
        if pair.key == "service.instance.id"
    }


def test_the_last_spans_arrive_when_the_process_ends_and_hold_no_value(
    sandbox: Process, tmp_path: Path
) -> None:
    canary, request_id = f"Kanarilo{uuid4().hex}", uuid4().hex
    document = legacy_document(first_name=canary, email=f"{canary}@example.org")
    headers = {
        "Authorization": f"Bearer {canary}",
        "X-Request-Id": request_id,
        "tracestate": f"a={canary}",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }
    with Collector() as collector:
        settings = {"upstream_url": sandbox.url, "traces_url": collector.url}
        with passerelle(tmp_path, *SERVE, **settings) as process:
            answer = ask(process.port, "POST", f"{RECORDS}?q={canary}", document, headers)

            code = process.stop()

    had = ask(sandbox.port, "GET", "/_sandbox/requests").document
    crossed = [it["headers"] for it in had if it["headers"].get("x-request-id") == request_id]
    call, request = sorted(collector.spans, key=lambda span: -span.kind)
    assert (answer.status, code) == (201, 0)
    assert (call.kind, request.kind) == (CLIENT, SERVER)
    assert (call.name, request.name) == ("POST /health_records", "POST /records")
    assert request.parent_span_id.hex() == "00f067aa0ba902b7"
    assert call.parent_span_id == request.span_id
    assert {headers["traceparent"].split("-")[2] for headers in crossed} == {call.span_id.hex()}
    assert attributes(request)["passerelle.request_id"] == request_id
    assert canary.encode() not in b"".join(collector.bodies)
    assert request_id.encode() in b"".join(collector.bodies)


def test_every_worker_sends_its_own(
    sandbox: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    with Collector() as collector:
        settings = {"upstream_url": sandbox.url, "traces_url": collector.url}
        with passerelle(tmp_path, *SERVE, "--workers", "2", **settings) as process:
            statuses: list[int] = []

            def both_served() -> bool:
                statuses.append(ask(process.port, "GET", RECORDS).status)
                return len(instances(collector)) == 2

            until(both_served)
            code = process.stop()

    kinds = [int(span.kind) for span in collector.spans]
    assert set(statuses) == {200}
    assert kinds.count(SERVER) == kinds.count(CLIENT) == len(statuses)
    assert code == 0


def test_a_collector_that_is_not_there_costs_one_line_and_no_request(
    sandbox: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20of-the-collector")
    port = free_port()
    settings = {"upstream_url": sandbox.url, "traces_url": f"http://127.0.0.1:{port}"}
    with passerelle(tmp_path, *SERVE, **settings) as process:
        statuses = [ask(process.port, "GET", RECORDS).status for _ in range(5)]
        until(lambda: "spans do not arrive" in process.err)
        statuses.append(ask(process.port, "GET", RECORDS).status)

        code = process.stop()

    events = [json.loads(line) for line in process.log]
    (lost,) = [event["counts"] for event in events if event["event"] == "spans lost"]
    assert statuses == [200] * 6
    assert [event["event"] for event in events].count("spans do not arrive") == 1
    assert lost == {"made": 12, "sent": 0}
    assert code == 0
    assert str(port) not in process.err
    assert "of-the-collector" not in process.err
    assert "Traceback" not in process.err
