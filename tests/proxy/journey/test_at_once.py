"""What is shown from bytes in one go is what the journey's own steps show."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.proxy.conftest import KEYS, Gateways, legacy_client_of
from tests.proxy.documents import (
    ACT_ID,
    ID,
    OTHER_ACT_ID,
    OTHER_ID,
    OTHER_VACCINE_ID,
    OWNER_ID,
    RECORD,
    RECORDS,
    VACCINE_ID,
    legacy_document,
    modern_act,
    modern_document,
)

ACTS = [
    modern_act(id=ACT_ID, vaccine_id=VACCINE_ID, health_record_id=ID, certificator_id=OWNER_ID),
    modern_act(id=OTHER_ACT_ID, vaccine_id=OTHER_VACCINE_ID, health_record_id=ID),
]
DOCUMENTS: dict[str, Any] = {
    "a plain record": modern_document(),
    "vaccinations": modern_document(vaccination_acts=ACTS),
    "a strange vaccine": modern_document(vaccination_acts=[modern_act(vaccine_id=OTHER_ID)]),
    "an unknown code": modern_document(gender="x"),
    "an id in upper case": modern_document(id=ID.upper()),
    "another's vaccination": modern_document(
        vaccination_acts=[modern_act(health_record_id=OTHER_ID)]
    ),
    "another's record": modern_document(id=OTHER_ID),
    "what does not fit": modern_document(birth_date="yesterday"),
    "what nobody declared": modern_document(allergies=[{"to": "1.10"}]),
    "U+0000": modern_document(first_name="a\0"),
    "no object": [],
}
ENDS = ("last-modified", "date", "x-request-id")


class Answering(httpx.AsyncBaseTransport):
    """A new API that answers every call with this document."""

    def __init__(self, document: Any, **headers: str) -> None:
        self.content = json.dumps(document).encode()
        self.headers = headers
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        status = 201 if request.method == "POST" else 200
        return httpx.Response(status, content=self.content, headers=self.headers)


Told = tuple[int, bytes, dict[str, str]]


async def both(
    gateways: Gateways, asking: Callable[[httpx.AsyncClient], Any], document: Any, **changes: Any
) -> tuple[Told, Told]:
    """What a client is told at once, and what it is told step by step, by one gateway."""
    app = gateways.app(upstream=Answering(document), **changes)
    client, ways = legacy_client_of(app), app.state.gateway.at_once
    # Once more, since ids that are given out now are at hand only then.
    await asking(client)
    at_once = told(await asking(client))
    ways.clear()
    return at_once, told(await asking(client))


def told(response: httpx.Response) -> Told:
    """What of an answer must be the same."""
    kept = {name: value for name, value in response.headers.items() if name not in ENDS}
    return response.status_code, response.content, kept


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
@pytest.mark.parametrize("kept", [False, True], ids=["stateless", "kept"])
async def test_a_record_is_shown_the_same(
    gateways: Gateways, tables: Path, document: Any, kept: bool
) -> None:
    keys = {"keys": KEYS} if kept else {}

    at_once, by_steps = await both(
        gateways, lambda client: client.get(RECORD), document, tables=tables, **keys
    )

    assert at_once == by_steps


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
async def test_a_list_is_shown_the_same(gateways: Gateways, tables: Path, document: Any) -> None:
    records = [modern_document(id=OWNER_ID), document, modern_document(id=OTHER_ID)]

    at_once, by_steps = await both(
        gateways, lambda client: client.get(RECORDS), records, tables=tables
    )

    assert at_once == by_steps


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
async def test_what_was_made_is_shown_the_same(
    gateways: Gateways, tables: Path, document: Any
) -> None:
    at_once, by_steps = await both(
        gateways,
        lambda client: client.post(RECORDS, json=legacy_document()),
        document,
        tables=tables,
        intent_minutes=0,
    )

    assert at_once == by_steps


async def test_plain_records_are_shown_without_the_steps(
    gateways: Gateways, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all of these tests would hold also where nothing is ever shown at once."""
    document = modern_document(vaccination_acts=ACTS)
    one = gateways.app(upstream=Answering(document), tables=tables, intent_minutes=0)
    many = gateways.app(upstream=Answering([document]), tables=tables)
    for app in (one, many):
        await legacy_client_of(app).get(RECORD if app is one else RECORDS)
    monkeypatch.setattr("proxy.strict_json.parse", _must_not_be_called)

    read = await legacy_client_of(one).get(RECORD)
    listed = await legacy_client_of(many).get(RECORDS)

    assert read.status_code == listed.status_code == 200
    assert listed.json() == [read.json()]
    assert len(read.json()["vaccinations"]) == len(ACTS)


def _must_not_be_called(raw: bytes, max_depth: int) -> Any:
    raise AssertionError("a document was made of an answer")


@pytest.mark.parametrize("large", [1000, 10**9], ids=["read one by one", "read in one go"])
@pytest.mark.parametrize("twice", [False, True], ids=["each once", "one twice"])
async def test_a_long_list_is_shown_slice_by_slice(
    gateways: Gateways, monkeypatch: pytest.MonkeyPatch, large: int, twice: bool
) -> None:
    monkeypatch.setattr("proxy.journey.at_once.LARGE_BYTES", large)
    monkeypatch.setattr("proxy.journey.translation.LARGE_BYTES", large)
    ids = [f"{number:08x}{ID[8:]}" for number in range(250)]
    records = [modern_document(id=identity) for identity in ids]

    at_once, by_steps = await both(
        gateways,
        lambda client: client.get(RECORDS),
        records + ([modern_document(id=ids[0])] if twice else []),
    )

    assert at_once == by_steps
    assert [it["uuid"] for it in json.loads(at_once[1])] == ids


async def test_a_page_that_tells_of_another_is_no_whole_list(gateways: Gateways) -> None:
    page = Answering([modern_document()], link='</health_records?page=2>; rel="next"')
    client = gateways.client(upstream=page)

    response = await client.get(RECORDS)

    assert response.status_code == 502
