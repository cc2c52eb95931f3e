"""A value that stands nowhere else goes in everywhere, and must not be seen where it may not."""

import asyncio
import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from proxy.errors import ProxyError
from proxy.journey.walk import Walk
from proxy.legacy_request import LegacyRequest
from tests.proxy.conftest import KEYS, Gateways, LogLines, legacy_client_of
from tests.proxy.documents import (
    LEGACY_FIELDS,
    RPPS,
    VACCINE_ID,
    legacy_document,
    modern_act,
    modern_document,
    modern_sharing,
)

CANARY = "Canary7f3a91"
HIDDEN = "Hidden5e2b84"
CANARY_ID = "ca9a12f0-7f3a-4914-8a2b-5e2b84ca9a12"
HIDDEN_ID = "41dde45e-2b84-4f3a-9191-5e2b8441dde4"
SECRETS = (CANARY, HIDDEN, CANARY_ID, HIDDEN_ID)

RECORD = f"/api/v1/records/{CANARY_ID}.json"
RECORDS = "/api/v1/records.json"

READABLE = modern_document(
    id=CANARY_ID,
    first_name=CANARY,
    last_name=CANARY + "x",
    customary_name=CANARY,
    zip_code=CANARY,
    external_id=HIDDEN,
    owner_id=HIDDEN_ID,
    validator_ids=[HIDDEN_ID],
    profile={HIDDEN_ID: HIDDEN},
    sharing_requests=[{"id": HIDDEN_ID, "status": HIDDEN, "to_pro_identity": {"x": HIDDEN}}],
    vaccination_acts=[
        modern_act(
            id=HIDDEN_ID,
            batch_number=CANARY,
            serial_number=HIDDEN,
            country_code=HIDDEN,
            injection_method=HIDDEN,
            certification_method=CANARY,
        )
    ],
    **{HIDDEN: HIDDEN},
)
"""A record that fits, a canary in every field that can hold one."""

GIVEN_HEADERS = {
    "Authorization": f"Bearer {CANARY}",
    "Accept-Language": CANARY,
    "Content-Type": f"application/json; x={CANARY}",
    "Cookie": f"a={CANARY}",
    "If-Match": "*",
    "If-None-Match": f'"{CANARY}"',
    "Referer": f"https://legacy.example/{CANARY}",
    "Traceparent": CANARY,
    "Tracestate": CANARY,
    "User-Agent": CANARY,
    "X-Request-Id": CANARY,
}
ANSWERED_HEADERS = {
    "Etag": f'"{HIDDEN}"',
    "Link": f"<https://new.example/{HIDDEN}>",
    "Location": f"https://new.example/{HIDDEN}",
    "Retry-After": HIDDEN,
    "Server": HIDDEN,
    "Set-Cookie": f"a={HIDDEN}",
    "WWW-Authenticate": f'Bearer realm="{HIDDEN}"',
    "X-Request-Id": HIDDEN,
}
PROBLEM = {
    "detail": HIDDEN,
    "errors": [{"detail": HIDDEN, "pointer": f"#/{HIDDEN}"}],
    "trace": f"{HIDDEN} {CANARY}",
}


@dataclass(frozen=True)
class Exchange:
    """What the client sends and what the new API does."""

    method: str = "GET"
    path: str = RECORD
    sent: Any = None
    raw: bytes | None = None
    answered: Any = field(default_factory=lambda: READABLE)
    status: int = 200
    answer: bytes | None = None
    failure: Exception | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def upstream(self, request: httpx.Request) -> httpx.Response:
        """The new API."""
        if self.failure is not None:
            raise self.failure
        listing = request.method == "GET" and request.url.path.endswith("/health_records")
        document = [self.answered] if listing else self.answered
        headers = {**ANSWERED_HEADERS, **self.headers}
        if self.answer is not None:
            return httpx.Response(self.status, content=self.answer, headers=headers)
        return httpx.Response(self.status, json=document, headers=headers)


WRITTEN = legacy_document(
    first_name=CANARY,
    last_name=CANARY,
    email=CANARY,
    place_of_birth=CANARY,
    caption=CANARY,
    updated_at=CANARY,
    **{CANARY: CANARY},
)
ACTIONS = {
    "reading": Exchange(),
    "listing": Exchange(path=RECORDS),
    "asking for the head": Exchange("HEAD"),
    "creating": Exchange("POST", RECORDS, WRITTEN, status=201),
    "updating": Exchange("PUT", sent=WRITTEN),
    "deleting": Exchange("DELETE"),
}
REFUSED = {
    f"a {status} for {name}": Exchange(
        action.method, action.path, action.sent, answered=PROBLEM, status=status
    )
    for name, action in ACTIONS.items()
    for status in (302, 304, 400, 401, 404, 409, 412, 422, 429, 500, 503, 600)
}
FAILED = {
    "a timeout": Exchange(failure=httpx.ReadTimeout(CANARY)),
    "a timeout in a write": Exchange("PUT", sent=WRITTEN, failure=httpx.ReadTimeout(CANARY)),
    "no connection": Exchange(failure=httpx.ConnectError(f"https://new.example/{CANARY_ID}")),
    "something unforeseen": Exchange(failure=RuntimeError(CANARY)),
    "something unforeseen in a write": Exchange("PUT", sent=WRITTEN, failure=KeyError(CANARY)),
    "a page": Exchange(answer=f"<html>{HIDDEN}".encode()),
    "half an answer": Exchange(answer=f'{{"id": "{CANARY_ID}", "x": "{HIDDEN}'.encode()),
    "a key twice": Exchange(answer=f'{{"{HIDDEN}": 1, "{HIDDEN}": 2}}'.encode()),
    "an encoded answer": Exchange(headers={"Content-Encoding": HIDDEN}),
    "a text": Exchange(answered=HIDDEN),
    "another id": Exchange(answered={**READABLE, "id": HIDDEN_ID}),
    **{
        f"{name} of another type": Exchange(answered={**READABLE, name: [{HIDDEN: HIDDEN}]})
        for name in modern_document()
    },
    **{
        f"{name} of another type below a write": Exchange(
            "PUT", sent=WRITTEN, answered={**READABLE, name: [{HIDDEN: HIDDEN}]}
        )
        for name in modern_document()
    },
    "a vaccination that does not fit": Exchange(
        answered={**READABLE, "vaccination_acts": [{name: [HIDDEN] for name in modern_act()}]}
    ),
    "a sharing request that does not fit": Exchange(
        answered={**READABLE, "sharing_requests": [{"status": [HIDDEN], HIDDEN: HIDDEN}]}
    ),
}
REJECTED = {
    **{
        f"{name} written as {kind}": Exchange("PUT", sent={name: value})
        for name in LEGACY_FIELDS
        for kind, value in (
            ("a text", CANARY),
            ("a list", [CANARY]),
            ("an object", {"id": CANARY}),
            ("a list of objects", [{"id": CANARY, "date": CANARY}]),
        )
    },
    "a body that is no JSON": Exchange("PUT", raw=f'{{"first_name": "{CANARY}'.encode()),
    "a body with a key twice": Exchange("PUT", raw=f'{{"{CANARY}": 1, "{CANARY}": 2}}'.encode()),
    "a body in no charset": Exchange("PUT", raw=f'{{"a": "{CANARY}\xff"}}'.encode("latin-1")),
    "a body that is a text": Exchange("PUT", raw=CANARY.encode()),
    "a path": Exchange(path=f"/api/v1/{CANARY}/{HIDDEN}"),
    "a path within": Exchange(path=f"/api/v1/records/{CANARY}.json"),
    "a method": Exchange(CANARY.upper()),
}
EXCHANGES = {**ACTIONS, **REFUSED, **FAILED, **REJECTED}


@pytest.fixture
def every_line(log_lines: LogLines) -> Iterator[io.StringIO]:
    """All that is logged, by us and by every library, with everything turned on."""
    root, handler = logging.getLogger(), logging.StreamHandler(log_lines.stream)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield log_lines.stream
    root.removeHandler(handler)
    root.setLevel(level)


def found(secrets: tuple[str, ...], *texts: str) -> list[str]:
    """The secrets that stand in these texts, in whatever case."""
    return [secret for secret in secrets if secret.lower() in "\n".join(texts).lower()]


async def asked(client: httpx.AsyncClient, exchange: Exchange) -> httpx.Response:
    """The gateway's answer."""
    request = client.build_request(
        exchange.method,
        exchange.path,
        params={"q": CANARY, CANARY: HIDDEN},
        json=exchange.sent,
        content=exchange.raw,
        headers=GIVEN_HEADERS,
    )
    return await client.send(request)


@pytest.mark.parametrize("exchange", EXCHANGES.values(), ids=EXCHANGES.keys())
async def test_no_value_is_in_a_line_an_error_or_a_header(
    gateways: Gateways, every_line: io.StringIO, exchange: Exchange
) -> None:
    """Traps 15, 16 and 35."""
    client = gateways.client(upstream=httpx.MockTransport(exchange.upstream))

    response = await asked(client, exchange)

    ours = [f"{name}: {value}" for name, value in response.headers.items()]
    # A client is told where it finds what it made, and which of its own fields were dropped.
    ours = [line for line in ours if not line.startswith(("location: /", "passerelle-lost:"))]
    assert '"event": "request"' in every_line.getvalue()
    assert found(SECRETS, every_line.getvalue()) == []
    assert found(SECRETS, *ours) == []
    assert found(SECRETS if response.is_error else (HIDDEN, HIDDEN_ID), response.text) == []


@pytest.mark.parametrize(
    "exchange",
    {**REFUSED, **FAILED, **REJECTED}.values(),
    ids={**REFUSED, **FAILED, **REJECTED}.keys(),
)
async def test_no_value_is_in_the_text_of_an_error(
    gateways: Gateways, tables: Path, exchange: Exchange
) -> None:
    """Trap 16: an error that somebody logs one day says nothing of a record either."""
    gateway = gateways.app(
        upstream=httpx.MockTransport(exchange.upstream), tables=tables, keys=KEYS
    ).state.gateway
    client = httpx.AsyncClient(base_url="https://legacy.example")
    sent = client.build_request(
        exchange.method, exchange.path, json=exchange.sent, content=exchange.raw
    )

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent.content}

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": exchange.method,
        "headers": [(name.lower(), value) for name, value in sent.headers.raw],
        "query_string": CANARY.encode(),
        "path": exchange.path,
        "raw_path": exchange.path.encode(),
    }
    said: list[str] = []
    task = asyncio.current_task()
    assert task is not None
    with contextlib.suppress(*([type(exchange.failure)] if exchange.failure else [])):
        try:
            await Walk(gateway, LegacyRequest(scope, receive), "0" * 16, task).answer()
        except ProxyError as error:
            said = [str(error), repr(error)]

    assert found(SECRETS, *said) == []


ACT = modern_act(
    id=HIDDEN_ID,
    health_record_id=CANARY_ID,
    vaccine_id=VACCINE_ID,
    certificator_id=HIDDEN_ID,
    batch_number=CANARY,
    serial_number=HIDDEN,
)
REQUEST = modern_sharing(id=HIDDEN_ID, health_record=CANARY_ID, status=HIDDEN, to_pro_identity=None)
VACCINATION = {
    "vaccine": {"id": 902, "name": CANARY},
    "date": "2024-01-01",
    "age": CANARY,
    "batch": CANARY,
    "injection_route": "IM",
    "validation": {"date": "2024-01-01", "validator": {"name": CANARY}},
    "comments": [{"text": CANARY, CANARY: CANARY}],
    CANARY: CANARY,
}
WRONG = {
    **VACCINATION,
    "vaccine": {"ucd_code": CANARY, "cip_code": CANARY},
    "injection_site": CANARY,
    "validation": {"date": CANARY, "method": CANARY},
    "booster": CANARY,
}
VACCINATIONS, SHARING = (
    f"/api/v1/records/{CANARY_ID}/{name}" for name in ("vaccinations", "sharing_requests")
)
WITHIN = {
    "listing": ("GET", VACCINATIONS, None),
    "reading": ("GET", VACCINATIONS + "/{act}", None),
    "making": ("POST", VACCINATIONS, VACCINATION),
    "making a wrong one": ("POST", VACCINATIONS, WRONG),
    "changing": ("PUT", VACCINATIONS + "/{act}", VACCINATION),
    "changing to a wrong one": ("PUT", VACCINATIONS + "/{act}", WRONG),
    "deleting": ("DELETE", VACCINATIONS + "/{act}", None),
    "writing with the record": ("PUT", RECORD, {"vaccinations": [VACCINATION]}),
    "writing a wrong one with the record": ("PUT", RECORD, {"vaccinations": [WRONG]}),
    "asking a professional": ("POST", SHARING, {"rpps": RPPS, CANARY: CANARY}),
    "asking nobody": ("POST", SHARING, {"rpps": CANARY}),
    "reading a request": ("GET", SHARING + "/{request}", None),
    "accepting": ("POST", SHARING + "/{request}/accept", None),
    "refusing": ("POST", SHARING + "/{request}/refuse", None),
    "searching": ("GET", f"/api/v1/vaccines/search?query={CANARY}", None),
}


def holding(status: int) -> httpx.MockTransport:
    """A new API whose record holds an act and a request, and that answers the rest so."""

    def answer(request: httpx.Request) -> httpx.Response:
        path, ok = request.url.path, status < 300
        if path == f"/health_records/{CANARY_ID}" and (request.method == "GET" or ok):
            held = {**READABLE, "vaccination_acts": [ACT], "sharing_requests": [REQUEST]}
            return httpx.Response(200, json=held, headers=ANSWERED_HEADERS)
        document = REQUEST if "sharing_requests" in path else ACT
        return httpx.Response(status, json=document if ok else PROBLEM, headers=ANSWERED_HEADERS)

    return httpx.MockTransport(answer)


@pytest.mark.parametrize("status", [200, 201, 401, 403, 409, 412, 422, 500, 503])
@pytest.mark.parametrize("name", WITHIN)
async def test_no_value_of_a_vaccination_or_a_sharing_request_is_in_a_line_an_error_or_a_count(
    gateways: Gateways, tables: Path, every_line: io.StringIO, name: str, status: int
) -> None:
    """Traps 15, 16 and 35."""
    app = gateways.app(upstream=holding(status), tables=tables, keys=KEYS)
    client = legacy_client_of(app)
    numbers = {
        kind: (await client.get(path)).json()[0]["id"]
        for kind, path in (("act", VACCINATIONS), ("request", SHARING))
    }
    method, path, sent = WITHIN[name]

    response = await asked(client, Exchange(method, path.format(**numbers), sent))

    secrets = (*SECRETS, RPPS, VACCINE_ID)
    counted = f"{app.state.gateway.losses.by_field} {app.state.gateway.losses.unknown}"
    assert response.status_code != 500
    assert found(secrets, every_line.getvalue(), counted) == []
    hidden = (HIDDEN, HIDDEN_ID, VACCINE_ID)
    assert found(secrets if response.is_error else hidden, response.text) == []


def test_the_canary_would_be_found(every_line: io.StringIO) -> None:
    logging.getLogger("somebody").debug(CANARY)
    structlog.get_logger().info(HIDDEN)

    assert found(SECRETS, every_line.getvalue()) == [CANARY, HIDDEN]
