"""Integer ids: given out once, for good, and known to nobody before."""

import sqlite3

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways, asked_of, legacy_client_of
from tests.proxy.documents import (
    ID,
    MODERN_RECORD,
    OTHER_ACT_ID,
    OTHER_ID,
    RECORD,
    RECORDS,
    VACCINATIONS,
    legacy_document,
    modern_act,
    modern_document,
)

CROSSWALK = '[records]\nids = "crosswalk"'


async def paired(gateways: Gateways, legacy: str, modern: str) -> httpx.AsyncClient:
    """A client of a gateway whose operator has imported this pair of UUIDs."""
    app = gateways.app(options=CROSSWALK)
    await app.state.gateway.memory.store.open()
    with sqlite3.connect(gateways.folder / "state" / "passerelle.db") as database:
        values = ("health_record", legacy, modern)
        database.execute("INSERT INTO crosswalk VALUES (?, ?, ?)", values)
    database.close()
    return legacy_client_of(app)


def path_of(number: int | str) -> str:
    """The legacy path of a vaccination."""
    return f"/api/v1/records/{ID}/vaccinations/{number}.json"


@pytest.mark.parametrize(
    "number",
    ["1", "0", "000", "2147483647", "2147483648", "9" * 18],
    ids=["one", "zero", "zeros", "the largest", "too large", "far too large"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_an_integer_that_was_never_given_out_is_a_404_and_the_new_api_is_not_asked(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str, number: str
) -> None:
    """Traps 9 and 10."""
    response = await legacy_client.request(method, path_of(number))

    assert response.status_code == 404
    assert asked_of(upstream) == []


@pytest.mark.parametrize("number", ["-1", "1.0", "+1", "0x1", "a", "1" * 19, "%31", "١"], ids=str)
async def test_what_is_no_integer_is_no_path(legacy_client: httpx.AsyncClient, number: str) -> None:
    """Traps 10 and 30."""
    response = await legacy_client.get(path_of(number))

    assert response.status_code == 404


async def test_zeros_before_an_integer_mean_nothing(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 10."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(vaccination_acts=[modern_act()]))
    (listed,) = (await legacy_client.get(VACCINATIONS)).json()

    response = await legacy_client.get(path_of(f"000{listed['id']}"))

    assert response.status_code == 200
    assert response.json() == listed


async def test_an_integer_is_the_same_after_a_restart_and_whoever_reads(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 10: two gateways on one folder, as before and after a restart."""
    acts = [modern_act(), modern_act(id=OTHER_ACT_ID)]
    route = upstream.get(MODERN_RECORD).respond(json=modern_document(vaccination_acts=acts))
    first = await gateways.client().get(VACCINATIONS, headers={"Authorization": "Bearer a"})

    route.respond(json=modern_document(vaccination_acts=acts[::-1]))
    again = gateways.client()
    second = await again.get(VACCINATIONS, headers={"Authorization": "Bearer b"})
    one = await again.get(path_of(first.json()[0]["id"]))

    assert second.json() == first.json()[::-1]
    assert one.json() == first.json()[0]


async def test_a_record_of_a_pair_is_known_by_its_legacy_uuid_everywhere(
    upstream: respx.Router, gateways: Gateways
) -> None:
    client = await paired(gateways, OTHER_ID, ID)
    document = modern_document(vaccination_acts=[modern_act()])
    upstream.get(MODERN_RECORD).respond(json=document)
    upstream.get("/health_records").respond(json=[document])
    upstream.patch(MODERN_RECORD).respond(json=document)
    path = f"/api/v1/records/{OTHER_ID}.json"

    read = await client.get(path)
    written = await client.put(path, json=read.json())
    refused = await client.put(path, json={"uuid": ID})
    listed = await client.get(RECORDS)
    acts = await client.get(f"/api/v1/records/{OTHER_ID}/vaccinations.json")
    number = acts.json()[0]["id"]
    act = await client.get(f"/api/v1/records/{OTHER_ID}/vaccinations/{number}.json")

    assert read.json()["uuid"] == OTHER_ID
    assert written.content == read.content
    assert refused.status_code == 422
    assert [record["uuid"] for record in listed.json()] == [OTHER_ID]
    assert act.json() == acts.json()[0]


async def test_a_record_without_a_pair_keeps_the_modern_uuid(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.post("/health_records").respond(201, json=modern_document())
    client = gateways.client(options=CROSSWALK)

    read = await client.get(RECORD)
    made = await client.post(RECORDS, json=legacy_document())

    assert read.json()["uuid"] == made.json()["uuid"] == ID
    assert made.headers["location"] == RECORD


async def test_a_record_of_a_pair_is_deleted_by_its_legacy_uuid(
    upstream: respx.Router, gateways: Gateways
) -> None:
    client = await paired(gateways, OTHER_ID, ID)
    delete = upstream.delete(MODERN_RECORD).respond(204)

    response = await client.delete(f"/api/v1/records/{OTHER_ID}.json")

    assert response.status_code == 204
    assert delete.called
