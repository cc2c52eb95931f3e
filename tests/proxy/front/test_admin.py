"""The admin port."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mappings.core.openapi import legacy_document, modern_document
from mappings.mesvaccins import Options, build
from proxy.front.admin import TOLD, create_admin
from tests.proxy.observe.told import BUILD, Ends, always, ends, told


@pytest.fixture
async def both() -> AsyncIterator[Ends]:
    """A line without a worker."""
    async with ends() as both:
        yield both


@pytest.fixture
def admin(both: Ends) -> httpx.AsyncClient:
    """An operator who asks."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(create_admin(both.workers)), base_url="http://admin.example"
    )


async def test_it_lives_whatever_its_workers_do(admin: httpx.AsyncClient) -> None:
    response = await admin.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_without_a_worker_it_is_not_ready(admin: httpx.AsyncClient) -> None:
    response = await admin.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "workers": 0,
        "not_ready": {},
        "breakers_open": [],
    }


async def test_it_is_ready_as_long_as_one_worker_is_and_says_why_others_are_not(
    both: Ends, admin: httpx.AsyncClient
) -> None:
    await both.start(always(told()))
    await both.start(always(told(1, "draining")))

    response = await admin.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "workers": 1,
        "not_ready": {"draining": 1},
        "breakers_open": [],
    }


async def test_an_open_breaker_is_told_and_is_no_reason_not_to_be_ready(
    both: Ends, admin: httpx.AsyncClient
) -> None:
    await both.start(always(told(breaker=1)))

    response = await admin.get("/readyz")

    assert response.status_code == 200
    assert response.json()["breakers_open"] == ["GET /things/{id}"]


async def test_it_is_not_ready_when_no_worker_can_use_its_store(
    both: Ends, admin: httpx.AsyncClient
) -> None:
    await both.start(always(told(1, "store")))

    response = await admin.get("/readyz")

    assert response.status_code == 503
    assert response.json()["not_ready"] == {"store": 1}


async def test_it_tells_the_versions_that_its_workers_run(
    both: Ends, admin: httpx.AsyncClient
) -> None:
    await both.start(always(told()))
    await both.start(always(told()))

    response = await admin.get("/version")

    gateway, pack, options = BUILD
    assert response.json() == [{"gateway": gateway, "pack": pack, "options": options, "workers": 2}]


async def test_a_scrape_has_the_numbers_of_its_workers(
    both: Ends, admin: httpx.AsyncClient
) -> None:
    await both.start(always(told(2)))
    await both.start(always(told(3)))

    response = await admin.get("/metrics")

    assert response.headers["content-type"].startswith("text/plain; version=")
    line = 'passerelle_requests_total{method="GET",route="/things/{id}",status="200"} 5.0'
    assert line in response.text.splitlines()


async def test_there_is_nothing_else_and_nothing_is_written(admin: httpx.AsyncClient) -> None:
    assert (await admin.get("/api/v1/records.json")).status_code == 404
    assert (await admin.post("/metrics")).status_code == 405


async def test_it_hears_workers_for_as_long_as_it_serves() -> None:
    async with ends() as both:
        app = create_admin(both.workers)

        async with app.router.lifespan_context(app):
            await both.start(always(told()))
            totals = await both.workers.totals()

    assert totals.ready == 1


async def test_its_first_page_leads_to_everything_that_it_has(admin: httpx.AsyncClient) -> None:
    response = await admin.get("/")

    links = re.findall('href="([^"]+)"', response.text)
    statuses = {link: (await admin.get(f"/{link}")).status_code for link in links}
    assert [f"/{link}" for link in links] == list(TOLD)
    assert statuses == {link: 503 if link == "readyz" else 200 for link in links}


async def test_both_sides_are_told_as_the_command_tells_them(admin: httpx.AsyncClient) -> None:
    pack = build(Options())

    legacy = await admin.get("/openapi/legacy.json")
    modern = await admin.get("/openapi/modern.json")

    assert legacy.headers["content-type"] == "application/json"
    assert legacy.json() == json.loads(json.dumps(legacy_document(pack)))
    assert modern.json() == json.loads(json.dumps(modern_document(pack)))


async def test_they_tell_of_the_options_of_this_deployment(
    admin: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = tmp_path / "options.toml"
    options.write_text('[upstream.update]\nmethod = "PUT"\npath = "/v2/{id}"\n', "utf-8")
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(options))

    modern = await admin.get("/openapi/modern.json")

    assert "put" in modern.json()["paths"]["/v2/{id}"]


async def test_the_reference_is_a_page_that_asks_nobody_else_for_anything(
    admin: httpx.AsyncClient,
) -> None:
    response = await admin.get("/reference")

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert not re.search(r"<script|<link|<img|src=|//", response.text.partition("<style>")[0])
    assert set(re.findall('href="([^#"]+)"', response.text)) == {
        "openapi/legacy.json",
        "openapi/modern.json",
    }


async def test_a_pack_that_can_no_longer_be_read_is_told_with_the_reason(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_PACK", "mappings.nowhere")

    first = await admin.get("/reference")
    monkeypatch.delenv("PASSERELLE_PACK")
    second = await admin.get("/reference")

    assert first.status_code == 503
    assert first.text.startswith("PASSERELLE_PACK: mappings.nowhere cannot be imported")
    assert second.status_code == 200
