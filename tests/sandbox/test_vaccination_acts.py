"""Acts are added to a record, read, changed and taken out, and the record moves on with them."""

from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from sandbox import create_app
from sandbox.people import PEOPLE, WITH_ACTS
from sandbox.validation import VACCINATION_ACT
from tests.sandbox.clients import NEW_ACT, NEW_PERSON, UNKNOWN_ID, WHOLE_ACT, client_of, problem

RECORD = f"/health_records/{WITH_ACTS}"
SEEDED = PEOPLE[0]["vaccination_acts"][0]
ACT = f"/vaccination_acts/{SEEDED['id']}"


async def test_a_new_act_is_answered_whole(client: httpx.AsyncClient) -> None:
    response = await client.post(f"{RECORD}/vaccination_acts", json=NEW_ACT)

    act = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/vaccination_acts/{act['id']}"
    assert list(act) == list(VACCINATION_ACT["properties"])
    assert str(UUID(act["id"])) == act["id"]
    given = NEW_ACT | {"id": act["id"], "health_record_id": WITH_ACTS, "booster": False}
    assert act == dict.fromkeys(VACCINATION_ACT["properties"]) | given


async def test_a_new_act_is_found_where_its_location_says_and_last_in_its_record(
    client: httpx.AsyncClient,
) -> None:
    before = (await client.get(RECORD)).json()
    made = await client.post(f"{RECORD}/vaccination_acts", json=WHOLE_ACT)

    response = await client.get(made.headers["location"])

    record = (await client.get(RECORD)).json()
    assert response.json() == made.json()
    assert response.json().items() >= WHOLE_ACT.items()
    assert response.headers["etag"] == made.headers["etag"]
    assert record["vaccination_acts"] == [*before["vaccination_acts"], made.json()]


async def test_every_change_of_an_act_is_a_new_version_of_its_record(
    client: httpx.AsyncClient,
) -> None:
    seen = [await client.get(RECORD)]

    for method, path, json in (
        ("POST", f"{RECORD}/vaccination_acts", NEW_ACT),
        ("PATCH", ACT, {"booster": True}),
        ("DELETE", ACT, None),
    ):
        await client.request(method, path, json=json)
        seen.append(await client.get(RECORD))

    assert len({response.headers["etag"] for response in seen}) == 4
    assert [response.json()["updated_at"] for response in seen] == [
        PEOPLE[0]["updated_at"],
        "2024-05-02T09:00:00.045Z",
        "2024-05-02T09:00:01.045Z",
        "2024-05-02T09:00:02.045Z",
    ]


async def test_an_update_changes_the_fields_that_are_given_and_nothing_around_them(
    client: httpx.AsyncClient,
) -> None:
    before = (await client.get(RECORD)).json()

    response = await client.patch(ACT, json={"booster": True, "batch_number": None})

    after = (await client.get(RECORD)).json()
    changed = SEEDED | {"booster": True, "batch_number": None}
    assert response.status_code == 200
    assert response.json() == changed
    assert after == before | {
        "vaccination_acts": [changed, *before["vaccination_acts"][1:]],
        "updated_at": after["updated_at"],
    }


async def test_a_deleted_act_is_gone(client: httpx.AsyncClient) -> None:
    response = await client.delete(ACT)

    record = (await client.get(RECORD)).json()
    assert response.status_code == 204
    assert (await client.get(ACT)).status_code == 404
    assert record["vaccination_acts"] == PEOPLE[0]["vaccination_acts"][1:]


async def test_the_acts_of_a_deleted_record_are_gone(client: httpx.AsyncClient) -> None:
    await client.delete(RECORD)

    response = await client.get(ACT)

    assert response.status_code == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_act_is_not_found(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, f"/vaccination_acts/{UNKNOWN_ID}")

    assert response.status_code == 404
    assert response.json() == problem(404, "Not Found")


async def test_an_act_does_not_exist_for_accounts_that_do_not_see_its_record(
    app: Starlette,
) -> None:
    mine, other = client_of(app, "one"), client_of(app, "two")
    record = (await mine.post("/health_records", json=NEW_PERSON)).headers["location"]
    act = (await mine.post(f"{record}/vaccination_acts", json=NEW_ACT)).headers["location"]

    answers = [
        await other.post(f"{record}/vaccination_acts", json=NEW_ACT),
        await other.get(act),
        await other.patch(act, json={}),
        await other.delete(act),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert (await mine.get(act)).status_code == 200


async def test_a_strict_sandbox_asks_for_a_token_here_too() -> None:
    client = client_of(create_app(strict=True))

    answers = [
        await client.post(f"{RECORD}/vaccination_acts", json=NEW_ACT),
        await client.get(ACT),
        await client.patch(ACT, json={}),
        await client.delete(ACT),
    ]

    assert [answer.status_code for answer in answers] == [401] * 4


async def test_whoever_gives_the_day_of_certification_is_the_certificator(app: Starlette) -> None:
    one, two = client_of(app, "one"), client_of(app, "two")
    owner = (await one.post("/health_records", json=NEW_PERSON)).json()["owner_id"]
    made = await one.post(f"{RECORD}/vaccination_acts", json=WHOLE_ACT)
    act = made.headers["location"]

    same_day = await two.patch(act, json={"certified_on": WHOLE_ACT["certified_on"]})
    other_day = await two.patch(act, json={"certified_on": "2024-05-02"})
    no_day = await two.patch(act, json={"certified_on": None})

    assert made.json()["certificator_id"] == same_day.json()["certificator_id"] == owner
    assert UUID(other_day.json()["certificator_id"]) != UUID(owner)
    assert no_day.json()["certificator_id"] is None


async def test_an_act_without_a_day_of_certification_has_no_certificator(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post(
        f"{RECORD}/vaccination_acts", json=NEW_ACT | {"certified_on": None}
    )

    assert response.json()["certificator_id"] is None


async def test_an_act_that_the_client_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    etag = (await client.get(ACT)).headers["etag"]

    response = await client.get(ACT, headers={"If-None-Match": etag})

    assert response.status_code == 304
    assert response.headers["etag"] == etag


@pytest.mark.parametrize(("method", "status"), [("PATCH", 200), ("DELETE", 204)])
async def test_a_write_happens_when_the_version_of_the_act_matches(
    client: httpx.AsyncClient, method: str, status: int
) -> None:
    etag = (await client.get(ACT)).headers["etag"]
    await client.patch(RECORD, json={"zip_code": "20000"})

    response = await client.request(method, ACT, json={}, headers={"If-Match": etag})

    assert response.status_code == status


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_write_is_refused_when_the_act_was_changed_since(
    client: httpx.AsyncClient, method: str
) -> None:
    etag = (await client.get(ACT)).headers["etag"]
    changed = await client.patch(ACT, json={"booster": True})

    response = await client.request(method, ACT, json={}, headers={"If-Match": etag})

    assert response.status_code == 412
    assert response.json() == problem(412, "Precondition Failed")
    assert (await client.get(ACT)).json() == changed.json()


async def test_the_versions_of_two_acts_differ(client: httpx.AsyncClient) -> None:
    tags = {
        (await client.get(f"/vaccination_acts/{act['id']}")).headers["etag"]
        for act in PEOPLE[0]["vaccination_acts"]
    }

    assert len(tags) == 3
