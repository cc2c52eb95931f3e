"""How spans leave: to a collector that takes them, refuses them, hangs or is not there."""

import http.server
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from proxy.errors import ConfigurationError
from proxy.observe.totals import Totals
from proxy.observe.trace_spans import Spans
from proxy.observe.tracing import tracing
from proxy.settings import Settings
from tests.proxy.conftest import UPSTREAM, Gateways, LogLines
from tests.proxy.observe.test_exposition import scraped
from tests.proxy.observe.told import teller


class Collector:
    """A stand-in for an OpenTelemetry collector: takes spans by OTLP over HTTP, and keeps them."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        """What came, as it came."""
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                collector.paths.append(self.path)
                assert self.headers["content-type"] == "application/x-protobuf"
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """It says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    def __enter__(self) -> "Collector":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def resources(self) -> Iterator[tuple[Resource, list[Span]]]:
        """What came, decoded: whose spans, and the spans."""
        for body in [*self.bodies]:
            for told in ExportTraceServiceRequest.FromString(body).resource_spans:
                yield told.resource, [span for it in told.scope_spans for span in it.spans]

    @property
    def spans(self) -> list[Span]:
        """The spans that came."""
        return [span for _, spans in self.resources() for span in spans]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that takes what comes."""
    with Collector() as collector:
        yield collector


class Failing(SpanExporter):
    """An exporter whose batches arrive or do not, one after the other."""

    def __init__(self, *arrive: bool) -> None:
        self.arrive = list(arrive)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        arrives = self.arrive.pop(0)
        return SpanExportResult.SUCCESS if arrives else SpanExportResult.FAILURE


class Hanging(SpanExporter):
    """An exporter whose collector never answers."""

    def __init__(self) -> None:
        self.let = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.let.wait()
        return SpanExportResult.SUCCESS


def settings(folder: Path, **others: Any) -> Settings:
    """Settings of a gateway with these."""
    return Settings(**{"upstream_url": UPSTREAM, "data_dir": folder, **others})


def one(spans: Spans) -> None:
    """A request, from its beginning to its end."""
    spans.begin([]).end(
        method="GET",
        route="/things",
        status=200,
        request_id="0" * 32,
        lost=0,
        unknown=0,
        dropped_parameters=0,
    )


@pytest.mark.parametrize(
    ("path", "asked"), [("", "/v1/traces"), ("/", "/v1/traces"), ("/own/path", "/own/path")]
)
async def test_what_is_left_is_sent_when_the_process_ends(
    tmp_path: Path, collector: Collector, path: str, asked: str
) -> None:
    spans = tracing(settings(tmp_path, traces_url=collector.url + path), "a-pack")
    assert spans is not None
    for _ in range(3):
        one(spans)

    await spans.close()

    assert collector.paths == [asked]
    assert [span.name for span in collector.spans] == ["GET /things"] * 3
    assert (spans.made, spans.sent) == (3, 3)


async def test_a_proxy_of_the_machine_is_not_asked(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    spans = tracing(settings(tmp_path, traces_url=collector.url), "a-pack")
    assert spans is not None
    one(spans)

    await spans.close()

    assert spans.sent == 1


async def test_a_collector_that_refuses_costs_a_line_and_a_count_and_names_nobody(
    tmp_path: Path, log_lines: LogLines
) -> None:
    with Collector(status=403) as refusing:
        spans = tracing(settings(tmp_path, traces_url=refusing.url), "a-pack")
        assert spans is not None
        one(spans)

        await spans.close()

    first, last = log_lines()
    assert (first["event"], first["level"]) == ("spans do not arrive", "warning")
    assert (last["event"], last["counts"]) == ("spans lost", {"made": 1, "sent": 0})
    assert "127.0.0.1" not in log_lines.text


async def test_an_outage_is_told_once_and_the_next_one_again(log_lines: LogLines) -> None:
    failing = Failing(True, False, False, True, False)
    spans = Spans(failing, ratio=1, pack="a-pack", processor=SimpleSpanProcessor)

    for _ in range(5):
        one(spans)

    assert [line["event"] for line in log_lines()] == ["spans do not arrive"] * 2
    assert (spans.made, spans.sent) == (5, 2)


async def test_a_collector_that_hangs_does_not_hold_up_the_end(log_lines: LogLines) -> None:
    hanging = Hanging()
    spans = Spans(hanging, ratio=1, pack="a-pack", patience_seconds=0.01)
    one(spans)

    await spans.close()

    hanging.let.set()
    assert [line["event"] for line in log_lines()] == ["spans lost"]


async def test_the_admin_port_tells_how_many_spans_were_made_and_arrived(
    gateways: Gateways, collector: Collector
) -> None:
    app = gateways.app(traces_url=collector.url)
    gateway, totals = app.state.gateway, Totals()
    one(gateway.spans)
    await gateway.close()

    totals.count(await teller(app, gateway.metrics)())

    found = scraped(totals)
    assert found["passerelle_spans_made_total",] == found["passerelle_spans_sent_total",] == 1


def test_without_a_collector_there_are_no_spans(tmp_path: Path) -> None:
    assert tracing(settings(tmp_path), "a-pack") is None


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("trace_export", "trace_spans"):
        monkeypatch.delitem(sys.modules, f"proxy.observe.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(ConfigurationError) as raised:
        tracing(settings(tmp_path, traces_url="http://127.0.0.1:4318"), "a-pack")

    assert str(raised.value) == (
        "PASSERELLE_TRACES_URL: OpenTelemetry is not installed; pip install passerelle[tracing]"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"traces_url": "collector:4318"},
        {"traces_url": "http://user:secret@collector"},
        {"traces_ratio": 1.5},
        {"traces_ratio": "nan"},
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_without_its_value(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="traces_") as raised:
        settings(tmp_path, **wrong)

    assert "secret" not in str(raised.value)
