"""A legacy application's tests: a gateway in front of them, a new API behind it, no network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mappings.mesvaccins.samples import SAMPLE
from proxy.testing.in_process import UPSTREAM, Behind, started
from proxy.testing.new_api import NewApi
from tests.proxy.conftest import noon
from tests.proxy.documents import ID, RECORD, RECORDS, modern_document


def created(**changes: Any) -> dict[str, Any]:
    """What a client makes."""
    return {**SAMPLE.created, "vaccinations": [], **changes}


async def test_an_awaiting_client_reads_what_the_new_api_has(
    legacy_client: httpx.AsyncClient, new_api: NewApi
) -> None:
    new_api.reads(modern_document())

    answer = await legacy_client.get(RECORD)

    assert answer.status_code == 200
    assert answer.json()["uuid"] == ID


def test_both_clients_call_one_gateway_without_a_loop_of_the_test(
    sync_legacy_client: httpx.Client, new_api_sandbox: httpx.Client
) -> None:
    made = sync_legacy_client.post(RECORDS, json=created())

    read = sync_legacy_client.get(made.headers["location"])

    assert read.json()["home_phone"] == SAMPLE.created["home_phone"]
    assert read.json()["uuid"] in new_api_sandbox.get("/_sandbox/requests").text


async def test_the_sandbox_remembers_and_knows_invented_people(
    legacy_client: httpx.AsyncClient, new_api_sandbox: httpx.Client
) -> None:
    before = (await legacy_client.get(RECORDS)).json()

    await legacy_client.post(RECORDS, json=created())

    after = (await legacy_client.get(RECORDS)).json()
    assert before
    assert len(after) == len(before) + 1


def test_a_body_that_comes_in_pieces_arrives_whole(
    sync_legacy_client: httpx.Client, new_api: NewApi
) -> None:
    route = new_api.creates(modern_document())
    whole = httpx.Request("POST", UPSTREAM, json=created()).content

    def pieces() -> Iterator[bytes]:
        yield whole[:50]
        yield whole[50:]

    answer = sync_legacy_client.post(RECORDS, content=pieces())

    assert answer.status_code == 201
    assert route.call_count == 1


async def test_a_new_api_that_fails_is_said_by_the_route(
    legacy_client: httpx.AsyncClient, new_api: NewApi
) -> None:
    route = new_api.reads(modern_document()).respond(503)

    answer = await legacy_client.get(RECORD)

    assert answer.status_code == 503
    assert route.call_count == 1


class TestWithOtherSettings:
    """Both fixtures that are there to be overridden, overridden."""

    @pytest.fixture
    def gateway_settings(self, tmp_path: Path) -> Mapping[str, Any]:
        url = "https://other.example/v2"
        return {"set_aside": "reject", "upstream_url": url, "tables": tmp_path}

    @pytest.fixture
    def gateway_clock(self) -> Callable[[], datetime]:
        return noon

    async def test_the_gateway_has_them(
        self, legacy_client: httpx.AsyncClient, new_api: NewApi
    ) -> None:
        answer = await legacy_client.post(RECORDS, json=created())

        assert answer.status_code == 422
        assert not new_api.router.calls

    async def test_the_routes_lie_below_the_url(
        self, legacy_client: httpx.AsyncClient, new_api: NewApi
    ) -> None:
        route = new_api.reads(modern_document())

        await legacy_client.get(RECORD)

        assert route.calls.last.request.url.path.startswith("/v2/")

    async def test_ages_go_by_the_clock(
        self, legacy_client: httpx.AsyncClient, new_api: NewApi
    ) -> None:
        new_api.reads(modern_document(gender="m", birth_date="2000-06-15"))

        answer = await legacy_client.get(RECORD)

        assert answer.json()["caption"] == "Homme de 23 ans"


def test_the_environment_has_no_part_in_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "PASSERELLE_MAX_DEPTH", "3")

    with started({}, noon, tmp_path) as gateway:
        assert gateway.settings.max_depth == 64


def test_a_setting_that_there_is_not_is_refused_by_its_name(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="max_dept\n"),
        started({"max_dept": 3}, noon, tmp_path),
    ):
        pass


def test_a_call_that_nothing_answers_is_told_by_its_path(tmp_path: Path) -> None:
    with started({}, noon, tmp_path) as gateway:
        answer = gateway.client().get(RECORD)

        assert answer.status_code == 502
        assert gateway.behind.unanswered == [f"GET /health_records/{ID}"]


def test_a_call_without_a_route_is_told_by_its_path(tmp_path: Path) -> None:
    with started({}, noon, tmp_path) as gateway:
        gateway.behind.put(NewApi(gateway.pack, UPSTREAM).transport)

        answer = gateway.client().get(RECORD)

        assert answer.status_code == 502
        assert gateway.behind.unanswered == [f"GET /health_records/{ID}"]


def test_a_test_has_one_new_api(new_api: NewApi) -> None:
    behind = Behind()
    behind.put(new_api.transport)

    with pytest.raises(ValueError, match=r"^a test has one new API: new_api or new_api_sandbox"):
        behind.put(new_api.transport)
