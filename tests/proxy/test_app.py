"""The wiring: web pages of other origins, starting and stopping."""

import contextlib
import io
from datetime import datetime

import httpx
import pytest
import respx

from proxy.app import create_app, from_environment, now
from proxy.errors import ConfigurationError
from proxy.settings import Settings
from tests.proxy.conftest import UPSTREAM, Gateways, LogLines, legacy_client_of
from tests.proxy.documents import MODERN_RECORD, RECORD, RECORDS, modern_document

ORIGIN = "https://app.example"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "Authorization, Content-Type, If-Match",
}


class Closing(httpx.MockTransport):
    """A transport that counts how often it was closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


async def test_no_other_origin_may_call_unless_it_is_named(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    read = await legacy_client.get(RECORD, headers={"Origin": ORIGIN})
    asked = await legacy_client.options(RECORD, headers=PREFLIGHT)

    assert not any(name.startswith("access-control") for name in read.headers)
    assert asked.status_code == 405


async def test_a_named_origin_may_call_and_read_what_it_needs(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    client = gateways.client(cors_origins=(ORIGIN,))

    asked = await client.options(RECORD, headers=PREFLIGHT)
    read = await client.get(RECORD, headers={"Origin": ORIGIN})

    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == ORIGIN
    assert "PUT" in asked.headers["access-control-allow-methods"]
    assert read.headers["access-control-allow-origin"] == ORIGIN
    assert read.headers["access-control-expose-headers"].split(", ") == [
        "ETag",
        "Location",
        "Passerelle-Lost",
        "X-Request-Id",
    ]


async def test_an_origin_that_is_not_named_may_not_call(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORD).respond(404)
    client = gateways.client(cors_origins=("https://other.example",))

    asked = await client.options(RECORD, headers=PREFLIGHT)
    read = await client.get(RECORD, headers={"Origin": ORIGIN})

    assert asked.status_code == 400
    assert "access-control-allow-origin" not in {**asked.headers, **read.headers}


async def test_errors_can_be_read_by_a_named_origin_too(gateways: Gateways) -> None:
    client = gateways.client(cors_origins=(ORIGIN,))

    response = await client.post(RECORDS, content=b"{", headers={"Origin": ORIGIN})

    assert response.status_code == 400
    assert response.headers["access-control-allow-origin"] == ORIGIN


async def test_stopping_tells_what_was_lost_and_closes_the_connections(
    gateways: Gateways, log_lines: LogLines
) -> None:
    transport = Closing(lambda request: httpx.Response(500))
    app = gateways.app(upstream=transport)

    async with app.router.lifespan_context(app):
        while_it_serves = transport.closed

    assert (while_it_serves, transport.closed) == (0, 1)
    assert [line["event"] for line in log_lines()] == ["losses"]


async def test_the_gateway_of_the_environment_serves_and_logs_as_in_production(
    monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", UPSTREAM)

    with contextlib.redirect_stderr(io.StringIO()) as stream:
        client = legacy_client_of(from_environment())
    response = await client.get("/nowhere")

    assert response.status_code == 404
    assert '"event": "request"' in stream.getvalue()


def test_a_gateway_that_cannot_serve_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError):
        create_app(Settings(upstream_url=UPSTREAM, pack="nowhere"))


def test_the_clock_of_production_knows_its_zone() -> None:
    told = now()

    assert abs(told - datetime.now().astimezone()).total_seconds() < 5
    assert told.utcoffset() is not None
