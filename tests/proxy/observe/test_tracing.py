"""Spans: one of a request, one of each of its calls, and nothing in them that was not meant."""

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.applications import Starlette

from proxy.app import create_app
from proxy.credentials.hashes import SecretHash
from proxy.observe.counts import Counts
from proxy.observe.trace_spans import Spans
from proxy.settings import Settings
from tests.proxy.conftest import KEYS, UPSTREAM, Gateways, legacy_client_of, noon
from tests.proxy.documents import (
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
    modern_document,
)
from tests.proxy.front.test_leaving import Slow, Visit, left
from tests.proxy.test_canary import EXCHANGES, SECRETS, Exchange, asked, found

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
REQUEST_ID = "0123456789abcdef0123456789abcdef"
OF_REQUESTS = {
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "passerelle.dropped_parameters",
    "passerelle.lost",
    "passerelle.request_id",
    "passerelle.unknown",
}
OF_CALLS = {
    "error.type",
    "http.request.method",
    "http.request.resend_count",
    "http.response.status_code",
    "url.template",
}
APPLICATION = f"""
[applications.hospital]
secret = "{SecretHash.of("legacy-secret", (16, 8, 1))}"
client_id = "hospital-client"
client_secret = "modern-secret"
"""
KEY = {"Authorization": "Basic " + base64.b64encode(b"hospital:legacy-secret").decode()}


class Traced:
    """A gateway whose spans stay here."""

    def __init__(self, gateways: Gateways, ratio: float, **settings: Any) -> None:
        self.ended = InMemorySpanExporter()
        transport = settings.pop("upstream", gateways.upstream)
        chosen = {"upstream_url": UPSTREAM, "data_dir": gateways.folder / "state", "retry_ratio": 0}
        spans = Spans(self.ended, ratio=ratio, pack="a-pack", processor=SimpleSpanProcessor)
        self.app: Starlette = create_app(
            Settings(**{**chosen, **settings}), upstream=transport, clock=noon, spans=spans
        )
        gateways.made.append(self.app)
        self.client = legacy_client_of(self.app)

    def spans(self, kind: SpanKind) -> list[ReadableSpan]:
        """The spans of requests (`SERVER`) or of calls (`CLIENT`), in the order of their ends."""
        return [span for span in self.ended.get_finished_spans() if span.kind is kind]

    @property
    def request(self) -> ReadableSpan:
        """The span of the one request."""
        (span,) = self.spans(SpanKind.SERVER)
        return span

    @property
    def calls(self) -> list[ReadableSpan]:
        """The spans of its calls."""
        return self.spans(SpanKind.CLIENT)


Make = Callable[..., Traced]


@pytest.fixture
def traced(gateways: Gateways) -> Make:
    """Makes gateways whose spans stay here."""

    def make(ratio: float = 1.0, **settings: Any) -> Traced:
        return Traced(gateways, ratio, **settings)

    return make


def place(span: ReadableSpan) -> tuple[int, int]:
    """The trace of a span, and its own id."""
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def parent(span: ReadableSpan) -> tuple[int, int]:
    """The trace of a span, and the id of its parent."""
    assert span.parent is not None
    return span.parent.trace_id, span.parent.span_id


def told(request: httpx.Request) -> tuple[int, int, bool]:
    """The trace and the span that the new API was told, and whether they are sent."""
    version, trace, span, flags = request.headers["traceparent"].split("-")
    assert version == "00"
    return int(trace, 16), int(span, 16), bool(int(flags, 16) & 1)


async def test_a_request_and_its_call_are_two_spans_with_templates_statuses_and_numbers(
    upstream: respx.Router, traced: Make
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document(gender="unheard of"))
    gateway = traced()

    await gateway.client.get(RECORD, params={"colour": "x"}, headers={"X-Request-Id": REQUEST_ID})

    (call,), request = gateway.calls, gateway.request
    assert request.name == "GET /records/{id}"
    assert request.parent is None
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/records/{id}",
        "http.response.status_code": 200,
        "passerelle.request_id": REQUEST_ID,
        "passerelle.lost": 0,
        "passerelle.unknown": 1,
        "passerelle.dropped_parameters": 1,
    }
    assert call.name == "GET /health_records/{id}"
    assert parent(call) == place(request)
    assert dict(call.attributes or {}) == {
        "http.request.method": "GET",
        "url.template": "/health_records/{id}",
        "http.response.status_code": 200,
    }
    assert request.status.status_code is call.status.status_code is StatusCode.UNSET


async def test_a_span_says_which_gateway_and_which_pack_it_is_of(
    upstream: respx.Router, traced: Make
) -> None:
    upstream.get(MODERN_RECORDS).respond(json=[])
    gateway = traced()

    await gateway.client.get(RECORDS)

    resource = dict(gateway.request.resource.attributes)
    assert resource.keys() == {
        "service.name",
        "service.version",
        "service.instance.id",
        "passerelle.pack",
    }
    assert (resource["service.name"], resource["passerelle.pack"]) == ("passerelle", "a-pack")


async def test_values_that_are_lost_are_a_number(upstream: respx.Router, traced: Make) -> None:
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    gateway = traced()
    sent = legacy_document(email="a@example.org", home_phone="1", shoe_size=38)

    response = await gateway.client.post(RECORDS, json=sent)

    names = response.headers["passerelle-lost"].split(", ")
    assert (gateway.request.attributes or {})["passerelle.lost"] == len(names) >= 3


async def test_the_trace_of_a_client_goes_through_the_gateways_own_spans(
    upstream: respx.Router, traced: Make
) -> None:
    get = upstream.get(MODERN_RECORDS).respond(json=[])
    gateway = traced()

    await gateway.client.get(RECORDS, headers={**PARENT, "tracestate": "vendor=word"})

    (call,), request = gateway.calls, gateway.request
    assert parent(request) == (int(TRACE, 16), int(SPAN, 16))
    assert told(get.calls[0].request) == (*place(call), True)
    assert len(get.calls[0].request.headers.get_list("traceparent")) == 1
    assert get.calls[0].request.headers.get_list("tracestate") == ["vendor=word"]
    assert "word" not in "".join(span.to_json() for span in (call, request))


@pytest.mark.parametrize("wrong", ["", "x", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01"])
async def test_what_is_no_trace_begins_one(
    upstream: respx.Router, traced: Make, wrong: str
) -> None:
    get = upstream.get(MODERN_RECORDS).respond(json=[])
    gateway = traced()

    await gateway.client.get(RECORDS, headers={"traceparent": wrong, "tracestate": "vendor=word"})

    assert gateway.request.parent is None
    assert told(get.calls[0].request) == (*place(gateway.calls[0]), True)
    assert "tracestate" not in get.calls[0].request.headers


async def test_each_call_of_a_request_has_its_own_span(
    upstream: respx.Router, traced: Make
) -> None:
    get = upstream.get(MODERN_RECORD).respond(json=modern_document())
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())
    gateway = traced()

    await gateway.client.put(RECORD, json={"zip_code": "44000"}, headers=PARENT)

    assert [call.name for call in gateway.calls] == [
        "GET /health_records/{id}",
        "PATCH /health_records/{id}",
    ]
    assert [told(route.calls[0].request)[:2] for route in (get, patch)] == [
        place(call) for call in gateway.calls
    ]


async def test_a_call_that_is_made_again_with_a_fresh_token_has_a_span_of_its_own(
    upstream: respx.Router, traced: Make, gateways: Gateways
) -> None:
    tokens = upstream.post("/token")
    tokens.side_effect = [
        httpx.Response(200, json={"access_token": token, "token_type": "Bearer"})
        for token in ("stale", "fresh")
    ]
    get = upstream.get(MODERN_RECORDS)
    get.side_effect = [httpx.Response(401), httpx.Response(200, json=[])]
    path = gateways.folder / "applications.toml"
    path.write_text(APPLICATION, encoding="utf-8")
    gateway = traced(credentials="exchange", applications=path, token_url=f"{UPSTREAM}/token")

    await gateway.client.get(RECORDS, headers=KEY)

    calls = [dict(call.attributes or {}) for call in gateway.calls]
    assert [(it["http.response.status_code"], it.get("error.type")) for it in calls] == [
        (401, "401"),
        (200, None),
    ]
    # The token endpoint is asked for all who wait: such a call belongs to no request.
    assert all("traceparent" not in call.request.headers for call in tokens.calls)


async def test_how_often_a_call_was_sent_once_more_is_in_its_span(
    upstream: respx.Router, traced: Make
) -> None:
    get = upstream.get(MODERN_RECORDS)
    get.side_effect = [httpx.Response(503), httpx.Response(200, json=[])]
    gateway = traced(retry_ratio=1)

    await gateway.client.get(RECORDS)

    (call,) = gateway.calls
    assert dict(call.attributes or {})["http.request.resend_count"] == 1
    assert len({told(it.request) for it in get.calls}) == 1
    assert gateway.app.state.gateway.counts.of["retried", ""] == 1


async def test_only_what_is_sent_once_more_counts_for_a_call(traced: Make) -> None:
    gateway, counts = traced(), Counts()
    spans = gateway.app.state.gateway.spans
    count = spans.counting(counts.add)

    count("retried", "")
    with spans.begin([]).call("GET", "/things") as call:
        count("opened", "")
        count("stale_retry", "")

    assert call.again == 1
    assert counts.of == {("retried", ""): 1, ("opened", ""): 1, ("stale_retry", ""): 1}


async def test_a_call_without_an_answer_says_why_and_the_request_has_failed(
    upstream: respx.Router, traced: Make
) -> None:
    upstream.get(MODERN_RECORDS).mock(side_effect=httpx.ReadTimeout("a secret"))
    gateway = traced()

    await gateway.client.get(RECORDS)

    (call,), request = gateway.calls, gateway.request
    assert dict(call.attributes or {}) == {
        "http.request.method": "GET",
        "url.template": "/health_records",
        "error.type": "UpstreamTimeoutError",
    }
    assert (request.attributes or {})["error.type"] == "504"
    for span in (call, request):
        assert span.status.status_code is StatusCode.ERROR
        assert span.status.description is None
        assert span.events == ()


async def test_a_request_that_was_refused_makes_no_call_and_is_no_failure(traced: Make) -> None:
    gateway = traced()

    await gateway.client.post(RECORDS, json={"gender": "?"})

    assert gateway.calls == []
    assert (gateway.request.attributes or {})["http.response.status_code"] == 422
    assert gateway.request.status.status_code is StatusCode.UNSET


async def test_what_matches_no_route_is_named_by_its_method_alone(traced: Make) -> None:
    gateway = traced()

    await gateway.client.get("/api/v1/elsewhere")
    await gateway.client.request("BREW", RECORDS)

    spans = gateway.spans(SpanKind.SERVER)
    assert [span.name for span in spans] == ["GET", "other"]
    assert all("http.route" not in (span.attributes or {}) for span in spans)


async def test_when_a_client_leaves_its_spans_end(traced: Make) -> None:
    slow = Slow()
    gateway = traced(upstream=slow)

    await (await left(Visit(gateway.app, "GET", RECORDS), slow.reached.wait))

    assert (gateway.request.attributes or {})["http.response.status_code"] == 499
    assert (gateway.calls[0].attributes or {})["error.type"] == "CancelledError"


async def test_two_requests_at_one_time_do_not_mix(traced: Make) -> None:
    slow = Slow()
    gateway = traced(upstream=slow)
    client = gateway.client

    asked = [asyncio.create_task(client.get(RECORD, headers=PARENT)) for _ in range(2)]
    await slow.reached.wait()
    slow.let.set()
    await asyncio.gather(*asked)

    assert sorted(parent(call)[1] for call in gateway.calls) == sorted(
        place(request)[1] for request in gateway.spans(SpanKind.SERVER)
    )


@pytest.mark.parametrize(
    ("given", "number"),
    [({}, 0), (PARENT, 2), ({"traceparent": f"00-{TRACE}-{SPAN}-00"}, 0)],
    ids=["begun here", "sampled elsewhere", "not sampled elsewhere"],
)
async def test_a_trace_that_is_not_sent_goes_on_all_the_same(
    upstream: respx.Router, traced: Make, given: dict[str, str], number: int
) -> None:
    get = upstream.get(MODERN_RECORDS).respond(json=[])
    gateway = traced(ratio=0)

    await gateway.client.get(RECORDS, headers=given)

    trace, span, sent = told(get.calls[0].request)
    assert len(gateway.ended.get_finished_spans()) == number
    assert sent == bool(number)
    assert (trace == int(TRACE, 16)) == bool(given)
    assert span not in (0, int(SPAN, 16))


@pytest.mark.parametrize("exchange", EXCHANGES.values(), ids=EXCHANGES.keys())
async def test_no_value_is_in_a_span(traced: Make, exchange: Exchange) -> None:
    """Traps 15, 16 and 35."""
    gateway = traced(upstream=httpx.MockTransport(exchange.upstream), keys=KEYS)

    await asked(gateway.client, exchange)

    spans = gateway.ended.get_finished_spans()
    assert gateway.request.attributes is not None
    for span in spans:
        allowed = OF_REQUESTS if span.kind is SpanKind.SERVER else OF_CALLS
        assert (span.attributes or {}).keys() <= allowed
        assert (span.events, span.links, span.status.description) == ((), (), None)
    sent = encode_spans(spans)
    assert found(SECRETS, str(sent), sent.SerializeToString().decode("latin-1")) == []


async def test_the_canary_would_be_found(traced: Make) -> None:
    gateway = traced()

    gateway.app.state.gateway.spans.begin([]).end(
        method=SECRETS[0],
        route=SECRETS[1],
        status=200,
        request_id=SECRETS[2],
        lost=0,
        unknown=0,
        dropped_parameters=0,
    )

    sent = encode_spans(gateway.ended.get_finished_spans()).SerializeToString()
    assert found(SECRETS, sent.decode("latin-1")) == list(SECRETS[:3])


def test_without_the_setting_nothing_of_opentelemetry_is_loaded(tmp_path: Path) -> None:
    program = (
        "import json, sys\n"
        "from proxy.app import create_app\n"
        "from proxy.settings import Settings\n"
        f"create_app(Settings(upstream_url={UPSTREAM!r}, data_dir={str(tmp_path)!r}))\n"
        "print(json.dumps([name for name in sys.modules if name.startswith("
        "('opentelemetry', 'requests', 'urllib3', 'google', 'proxy.observe.trac'))]))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout) == ["proxy.observe.tracing"]
