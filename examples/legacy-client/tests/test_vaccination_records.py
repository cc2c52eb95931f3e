"""The old software, unchanged, before the gateway; every person is invented."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from vaccination_records import RefusedError, VaccinationRecords

from proxy.testing.new_api import NewApi

UUID = "5a3d0b6e-0000-4000-8000-000000000101"
OTHER_UUID = "5a3d0b6e-0000-4000-8000-000000000102"
PERSON: dict[str, Any] = {
    "id": UUID,
    "first_name": "Hippolyte",
    "last_name": "Fabulateur",
    "customary_name": None,
    "gender": "m",
    "birth_date": "2000-06-15",
    "zip_code": "29000",
    "vaccination_acts": [],
    "profile": {"5a3d0b6e-0000-4000-8000-0000000000e1": True},
    "created_at": "2023-01-16T08:30:00.125Z",
    "updated_at": "2023-07-03T16:45:10.500Z",
}


@pytest.fixture
def gateway_clock() -> Callable[[], datetime]:
    return lambda: datetime(2024, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
def records(sync_legacy_client: httpx.Client) -> VaccinationRecords:
    return VaccinationRecords(sync_legacy_client)


def test_the_list_has_a_french_caption_for_each_record(
    records: VaccinationRecords, new_api: NewApi
) -> None:
    new_api.lists([PERSON, {**PERSON, "id": OTHER_UUID, "gender": "f"}])

    captions = records.captions()

    assert captions == {UUID: "Homme de 23 ans", OTHER_UUID: "Femme de 23 ans"}


def test_what_is_created_reaches_the_new_api_in_its_own_words(
    records: VaccinationRecords, new_api: NewApi
) -> None:
    route = new_api.creates(PERSON)

    uuid = records.create(
        first_name="Hippolyte", last_name="Fabulateur", gender="male", birth_date="2000-06-15"
    )

    assert uuid == UUID
    assert json.loads(route.calls.last.request.content)["gender"] == "m"


def test_an_update_sends_what_was_changed_and_nothing_else(
    records: VaccinationRecords, new_api: NewApi
) -> None:
    new_api.reads(PERSON)
    route = new_api.updates(PERSON)

    records.update(UUID, zip_code="35000")

    assert json.loads(route.calls.last.request.content) == {"zip_code": "35000"}


def test_a_wrong_value_is_refused_in_french(records: VaccinationRecords) -> None:
    with pytest.raises(RefusedError) as refused:
        records.create(first_name="Hippolyte", gender="male", birth_date="15/06/2000")

    assert set(refused.value.problems) == {"birth_date", "last_name"}


def test_a_record_is_made_changed_and_read(
    records: VaccinationRecords, new_api_sandbox: httpx.Client
) -> None:
    uuid = records.create(
        first_name="Hippolyte", last_name="Fabulateur", gender="male", birth_date="2000-06-15"
    )

    records.update(uuid, home_phone="0298000002")

    assert records.read(uuid)["home_phone"] == "0298000002"
    assert "0298000002" not in new_api_sandbox.get(f"/_sandbox/records/{uuid}").text
