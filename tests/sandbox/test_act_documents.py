"""What an act may be written as, and that a planted one is kept as it is."""

from typing import Any

import httpx
import pytest

from sandbox.people import PEOPLE, WITH_ACTS
from tests.sandbox.clients import NEW_ACT, UNKNOWN_ID, WHOLE_ACT, unprocessable

RECORD = f"/health_records/{WITH_ACTS}"
SEEDED = PEOPLE[0]["vaccination_acts"][0]
ACT = f"/vaccination_acts/{SEEDED['id']}"


async def test_a_new_act_needs_a_day_and_a_vaccine(client: httpx.AsyncClient) -> None:
    response = await client.post(f"{RECORD}/vaccination_acts", json={})

    assert response.status_code == 422
    assert response.json() == unprocessable(
        ("/performed_on", "is required"), ("/vaccine_id", "is required")
    )


async def test_all_problems_of_an_act_are_told_at_once_without_the_values(
    client: httpx.AsyncClient,
) -> None:
    wrong = dict.fromkeys(WHOLE_ACT, "SECRET") | {
        "batch_number": 5551,
        "serial_number": 5551,
        "country_code": 5551,
        "comment": "SECRET",
        "id": UNKNOWN_ID,
    }
    expected = [
        ("/batch_number", "expected string or null"),
        ("/booster", "expected boolean"),
        ("/certification_method", "expected execution or proof or null"),
        ("/certified_on", "expected a date"),
        ("/comment", "is not a known field"),
        ("/country_code", "expected string or null"),
        ("/expiration_date", "expected a date"),
        ("/id", "is not a known field"),
        (
            "/injection_location",
            "expected left_deltoid or right_deltoid or left_thigh or right_thigh or null",
        ),
        (
            "/injection_method",
            "expected intramuscular or subcutaneous or intradermal or intranasal or oral or null",
        ),
        ("/performed_on", "expected a date"),
        ("/serial_number", "expected string or null"),
        ("/vaccine_id", "expected a uuid"),
    ]

    made = await client.post(f"{RECORD}/vaccination_acts", json=wrong)
    changed = await client.patch(ACT, json=wrong)

    own = {"/id": ("/id", "is set already and may not differ")}
    assert made.json() == unprocessable(*expected)
    assert changed.json() == unprocessable(*(own.get(error[0], error) for error in expected))
    assert "SECRET" not in made.text + changed.text
    assert (await client.get(RECORD)).json() == PEOPLE[0]


async def test_what_the_api_sets_in_an_act_may_be_repeated_and_not_changed(
    client: httpx.AsyncClient,
) -> None:
    repeated = await client.patch(ACT, json=SEEDED | {"booster": True})
    changed = await client.patch(ACT, json={"health_record_id": UNKNOWN_ID})

    assert repeated.json() == SEEDED | {"booster": True}
    assert changed.json() == unprocessable(
        ("/health_record_id", "is set already and may not differ")
    )


@pytest.mark.parametrize(
    ("method", "path"), [("POST", f"{RECORD}/vaccination_acts"), ("PATCH", ACT)]
)
async def test_an_act_in_another_media_type_is_refused(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    response = await client.request(method, path, content=b"{}")

    assert response.status_code == 415


PLANTED: dict[str, Any] = {
    "id": UNKNOWN_ID,
    "injection_method": "jet",
    "performed_on": "in spring",
    "dose": 1.50,
    "of_tomorrow": {"known": [True]},
}


async def plant(client: httpx.AsyncClient, identity: str, acts: object) -> None:
    document = {"id": identity, "vaccination_acts": acts}
    planted = await client.put(f"/_sandbox/records/{identity}", json=document)
    assert planted.status_code == 204


async def test_a_planted_act_is_shown_as_it_is(client: httpx.AsyncClient) -> None:
    await plant(client, WITH_ACTS, ["no act", PLANTED, {}])

    response = await client.get(f"/vaccination_acts/{UNKNOWN_ID}")

    assert response.json() == PLANTED


async def test_a_write_over_a_planted_act_keeps_the_rest_of_it_and_its_neighbours(
    client: httpx.AsyncClient,
) -> None:
    await plant(client, WITH_ACTS, ["no act", PLANTED, {}])

    response = await client.patch(
        f"/vaccination_acts/{UNKNOWN_ID}", json=PLANTED | {"batch_number": "LOT-0009"}
    )

    kept = (await client.get(f"/_sandbox/records/{WITH_ACTS}")).json()
    assert response.json() == PLANTED | {"batch_number": "LOT-0009"}
    assert kept["vaccination_acts"] == ["no act", response.json(), {}]


async def test_an_undeclared_field_of_a_planted_act_may_not_be_changed(
    client: httpx.AsyncClient,
) -> None:
    await plant(client, WITH_ACTS, [PLANTED])

    response = await client.patch(f"/vaccination_acts/{UNKNOWN_ID}", json={"dose": 2})

    assert response.json() == unprocessable(("/dose", "is set already and may not differ"))


@pytest.mark.parametrize("acts", [None, "none", {}], ids=lambda acts: type(acts).__name__)
async def test_a_record_whose_acts_are_no_list_gets_one_with_its_first(
    client: httpx.AsyncClient, acts: object
) -> None:
    await plant(client, WITH_ACTS, acts)
    unknown = await client.get(ACT)

    made = await client.post(f"{RECORD}/vaccination_acts", json=NEW_ACT)

    assert unknown.status_code == 404
    assert (await client.get(RECORD)).json()["vaccination_acts"] == [made.json()]


async def test_of_planted_acts_with_one_id_the_one_written_last_has_it(
    client: httpx.AsyncClient,
) -> None:
    await plant(client, WITH_ACTS, [PLANTED])
    await plant(client, UNKNOWN_ID, [PLANTED | {"dose": 2}])
    await plant(client, WITH_ACTS, [PLANTED | {"dose": 3}])

    response = await client.get(f"/vaccination_acts/{UNKNOWN_ID}")

    assert response.json()["dose"] == 3
