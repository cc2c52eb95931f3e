"""What is written of a request: who, what, of which records, and what came of it."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr
from starlette.applications import Starlette

from proxy.credentials.hashes import SecretHash
from proxy.errors import StoreError
from proxy.store.store import Store
from tests.proxy.audit.written import KEY, KEYS, Writer, events_in, lines_in
from tests.proxy.conftest import Gateways, legacy_client_of
from tests.proxy.documents import (
    ACT_ID,
    ID,
    MODERN_ACTS,
    MODERN_RECORD,
    MODERN_RECORDS,
    OTHER_ID,
    RECORD,
    RECORDS,
    VACCINATIONS,
    legacy_document,
    legacy_vaccination,
    modern_act,
    modern_document,
)
from tests.proxy.front.test_leaving import Slow, Visit, left

TOKEN = "opaque-to-us"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
GIVEN = "0123456789abcdef0123456789abcdef"
PERSON = ["health_record", KEY.pseudonym("record", ID)]


@dataclass
class Audited:
    """Gateways with an audit log."""

    gateways: Gateways
    writer: Writer

    def app(self, **changes: Any) -> Starlette:
        return self.gateways.app(audit_dir=self.writer.path, audit_key=SecretStr(KEYS), **changes)

    def client(self, **changes: Any) -> httpx.AsyncClient:
        return legacy_client_of(self.app(**changes))

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of requests, without what every line has."""
        ours = {"sequence", "at", "hash", "build"}
        return [
            {name: value for name, value in line.items() if name not in ours}
            for line in lines_in(self.writer.path)
            if line["event"] != "opened"
        ]


@pytest.fixture
def audited(gateways: Gateways, writer: Writer) -> Audited:
    """A maker of gateways with an audit log."""
    return Audited(gateways, writer)


async def test_a_read_is_one_line_that_says_who_saw_which_record(
    audited: Audited, upstream: respx.Router, writer: Writer
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    await audited.client().get(RECORD, headers={**BEARER, "X-Request-Id": GIVEN})

    whole = lines_in(writer.path)[1]
    assert whole["sequence"] == 1
    assert whole["at"] == "2024-03-05T12:00:00.000000Z"
    assert whole["build"].split()[1] == "mesvaccins"
    assert audited.lines == [
        {
            "event": "answered",
            "request_id": GIVEN,
            "credential": KEY.pseudonym("credential", TOKEN),
            "operation": "GET /records/{id}",
            "records": [PERSON],
            "status": 200,
            "upstream_status": 200,
        }
    ]


async def test_a_write_is_two_lines_and_the_first_one_stands_before_the_first_call(
    audited: Audited, upstream: respx.Router, writer: Writer
) -> None:
    before: list[str] = []

    def read(request: httpx.Request) -> httpx.Response:
        before.extend(events_in(writer.path))
        return httpx.Response(200, json=modern_document())

    upstream.get(MODERN_RECORD).mock(side_effect=read)
    upstream.patch(MODERN_RECORD).respond(json=modern_document(zip_code="29200"))

    await audited.client().put(RECORD, json={"zip_code": "29200"}, headers=BEARER)

    begun, answered = audited.lines
    assert before == ["opened", "begun"]
    assert (begun["event"], begun["operation"]) == ("begun", "PUT /records/{id}")
    assert begun["records"] == answered["records"] == [PERSON]
    assert "status" not in begun
    assert (answered["status"], answered["upstream_status"]) == (200, 200)
    assert begun["request_id"] == answered["request_id"]


async def test_a_creation_tells_which_record_it_made(
    audited: Audited, upstream: respx.Router
) -> None:
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    client = audited.client(public_url="https://old.example/base")

    await client.post(RECORDS, json=legacy_document())

    begun, answered = audited.lines
    assert (begun["records"], answered["records"]) == ([], [PERSON])


async def test_a_record_within_another_is_told_with_that_one_by_its_modern_id(
    audited: Audited, upstream: respx.Router, tables: Path
) -> None:
    """Its legacy id is an integer that the crosswalk gives out."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.post(MODERN_ACTS).respond(201, json=modern_act())

    await audited.client(tables=tables).post(VACCINATIONS, json=legacy_vaccination())

    begun, answered = audited.lines
    act = ["vaccination", KEY.pseudonym("record", ACT_ID)]
    assert begun["records"] == [PERSON]
    assert answered["records"] == [PERSON, act]


class Forgetful(Store):
    """A store that fails when it is asked what a legacy id stands for."""

    async def modern_ids(self, *_: Any, **__: Any) -> Any:
        raise StoreError


async def test_a_store_that_fails_after_a_creation_costs_the_id_and_no_answer(
    audited: Audited, upstream: respx.Router
) -> None:
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    options = 'records.ids = "crosswalk"'

    response = await audited.client(options=options, store=Forgetful).post(
        RECORDS, json=legacy_document()
    )

    assert response.status_code == 201
    assert [line["records"] for line in audited.lines] == [[], []]


async def test_a_list_tells_who_saw_it_and_not_what_was_in_it(
    audited: Audited, upstream: respx.Router
) -> None:
    upstream.get(MODERN_RECORDS).respond(json=[modern_document(), modern_document(id=OTHER_ID)])

    await audited.client().get(RECORDS)

    (line,) = audited.lines
    assert (line["operation"], line["records"], line["status"]) == ("GET /records", [], 200)
    assert line["credential"] is None


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "operation", "records"),
    [
        ("GET", "/nowhere", {}, 404, "GET (none)", []),
        ("KERBRIZAC", RECORD, {}, 405, "other (none)", []),
        ("POST", RECORDS, {}, 422, "POST /records", []),
        ("GET", RECORD + "?access_token=a&access_token=b", {}, 400, "GET /records/{id}", [PERSON]),
        ("GET", "/api/v1/vaccines.json", {}, 501, "GET /vaccines", []),
        ("GET", VACCINATIONS.replace(".json", "/7.json"), {}, 404, None, [PERSON]),
    ],
)
async def test_a_request_that_is_refused_leaves_a_line_too(  # noqa: PLR0917 - a row of the table
    audited: Audited,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    operation: str | None,
    records: list[Any],
) -> None:
    response = await audited.client().request(method, path, headers=headers)

    assert response.status_code == status
    line = audited.lines[-1]
    assert (line["event"], line["status"], line["upstream_status"]) == ("answered", status, None)
    assert operation is None or line["operation"] == operation
    assert line["records"] == records


async def test_a_client_that_leaves_leaves_a_line(audited: Audited) -> None:
    slow = Slow()
    visit = Visit(audited.app(upstream=slow), "GET", RECORD)

    await (await left(visit, slow.reached.wait))

    (line,) = audited.lines
    assert (line["event"], line["status"], line["records"]) == ("left", 499, [PERSON])


async def test_a_client_that_leaves_while_nothing_can_be_written_is_gone_all_the_same(
    audited: Audited, writer: Writer
) -> None:
    slow = Slow()
    app = audited.app(upstream=slow)
    visit = Visit(app, "GET", RECORD)
    task = asyncio.create_task(visit.run())
    await slow.reached.wait()
    app.state.gateway.audit.is_failing = True

    visit.leave()
    await task

    assert events_in(writer.path) == []
    assert app.state.gateway.counts.of["left", ""] == 1


async def test_an_application_that_the_gateway_has_checked_is_told_by_its_name(
    audited: Audited, tmp_path: Path
) -> None:
    applications = tmp_path / "applications.toml"
    applications.write_text(
        "[applications.officine-7]\n"
        f'secret = "{SecretHash.of("invented", (16, 8, 1))}"\n'
        'client_id = "new"\nclient_secret = "invented"\n',
        "utf-8",
    )

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "tokens.example":
            return httpx.Response(200, json={"access_token": "a", "token_type": "Bearer"})
        return httpx.Response(200, json=modern_document())

    client = audited.client(
        upstream=httpx.MockTransport(answer),
        credentials="exchange",
        applications=applications,
        token_url="https://tokens.example/token",
    )
    for secret in ("invented", "wrong"):
        pair = base64.b64encode(f"officine-7:{secret}".encode()).decode()
        await client.get(RECORD, headers={"Authorization": f"Basic {pair}"})

    right, wrong = audited.lines
    assert (right["client"], right["status"]) == ("officine-7", 200)
    assert (wrong.get("client"), wrong["status"]) == (None, 401)
    assert right["credential"] == wrong["credential"] == KEY.pseudonym("credential", "officine-7")


async def test_a_sign_in_is_told_as_a_write(audited: Audited) -> None:
    await audited.client().post("/oauth/token", data={"grant_type": "password"})

    assert [(line["event"], line["operation"]) for line in audited.lines] == [
        ("begun", "POST /oauth/token"),
        ("answered", "POST /oauth/token"),
    ]


async def test_no_value_path_token_or_id_is_in_a_line(
    audited: Audited, upstream: respx.Router, writer: Writer
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    client = audited.client()

    await client.get(RECORD, headers=BEARER, params={"name": "Kerbrizac"})
    await client.put(RECORD, json=legacy_document(), headers=BEARER)
    await client.post(RECORDS, json=legacy_document(), headers=BEARER)
    await client.get("/api/v1/records/Kerbrizac.json", headers={"X-Request-Id": "Kerbrizac"})

    text = b"".join(path.read_bytes() for path in writer.folder.files()).decode()
    assert len(audited.lines) == 6
    for hidden in (ID, TOKEN, "Kerbrizac", "Talhouarn", "Maëlle", "1990-05-17", "legacy"):
        assert hidden not in text
