"""Whether the process lives and takes requests."""

import httpx
import pytest

from tests.proxy.conftest import Gateways, LogLines, legacy_client_of


@pytest.mark.parametrize(
    ("path", "said"), [("/healthz", {"status": "ok"}), ("/readyz", {"status": "ready"})]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_is_told_without_asking_the_new_api_and_without_a_line(
    legacy_client: httpx.AsyncClient,
    log_lines: LogLines,
    path: str,
    said: dict[str, str],
    method: str,
) -> None:
    response = await legacy_client.request(method, path)

    assert response.status_code == 200
    assert method == "HEAD" or response.json() == said
    assert log_lines() == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_has_a_request_id_as_every_answer(
    legacy_client: httpx.AsyncClient, path: str
) -> None:
    response = await legacy_client.get(path)

    assert "x-request-id" in response.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_cannot_be_written(legacy_client: httpx.AsyncClient, path: str) -> None:
    response = await legacy_client.post(path)

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert response.json() == {"error": "Cette méthode n'est pas permise ici."}


async def test_who_is_about_to_end_takes_no_requests_and_still_lives(gateways: Gateways) -> None:
    app = gateways.app()
    app.state.wire.draining = True
    client = legacy_client_of(app)

    ready, live = await client.get("/readyz"), await client.get("/healthz")

    assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
    assert live.status_code == 200
