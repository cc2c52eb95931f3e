"""The ready answers of a mocked new API, made from the endpoints of a pack."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from mappings.mesvaccins import Options, build
from proxy.testing.in_process import UPSTREAM
from proxy.testing.new_api import NewApi
from tests.proxy.documents import ACT_ID, ID, MODERN_ACT, MODERN_ACTS, modern_act, modern_document

RECORDS = "/health_records"
RECORD = f"/health_records/{ID}"


def new_api_of(**options: Any) -> NewApi:
    """A new API that differs in options of its calls."""
    return NewApi(build(Options.model_validate({"upstream": options})), UPSTREAM)


async def asked(new_api: NewApi, method: str, path: str, body: Any = None) -> httpx.Response:
    """The answer to one call of it."""
    async with httpx.AsyncClient(transport=new_api.transport, base_url=UPSTREAM) as client:
        return await client.request(method, path, json=body)


async def test_it_reads_a_record_under_the_path_of_the_pack() -> None:
    new_api = new_api_of(read={"path": "/v2/dossiers/{id}"})
    new_api.reads(modern_document())

    answer = await asked(new_api, "GET", f"/v2/dossiers/{ID}")

    assert answer.status_code == 200
    assert answer.json() == modern_document()


async def test_it_lists_records_as_a_bare_array() -> None:
    new_api = new_api_of()
    new_api.lists([modern_document()])

    answer = await asked(new_api, "GET", RECORDS)

    assert answer.json() == [modern_document()]


@pytest.mark.parametrize(
    ("pages", "told"), [("page", {"total_pages": 1}), ("cursor", {}), ("none", {})]
)
async def test_a_list_under_a_name_is_one_page(pages: str, told: dict[str, int]) -> None:
    new_api = new_api_of(list={"key": "data", "pages": pages, "told_in": "total_pages"})
    new_api.lists([modern_document()])

    answer = await asked(new_api, "GET", RECORDS)

    assert answer.json() == {"data": [modern_document()], **told}


async def test_what_it_makes_says_what_was_sent_and_what_it_adds() -> None:
    new_api = new_api_of()
    route = new_api.creates({"id": ID})

    answer = await asked(new_api, "POST", RECORDS, {"gender": "f"})

    assert answer.status_code == 201
    assert answer.json() == {"id": ID, "gender": "f"}
    assert json.loads(route.calls.last.request.content) == {"gender": "f"}


async def test_it_makes_a_record_within_another() -> None:
    new_api = new_api_of()
    new_api.creates(modern_act(), of="vaccination", within=ID)

    answer = await asked(new_api, "POST", MODERN_ACTS, {})

    assert answer.json()["id"] == ACT_ID


async def test_it_changes_a_record() -> None:
    new_api = new_api_of()
    new_api.updates(modern_act(), of="vaccination", within=ID)

    answer = await asked(new_api, "PATCH", MODERN_ACT, {"booster": True})

    assert answer.status_code == 200
    assert answer.json() == modern_act(booster=True)


async def test_a_change_may_be_answered_without_a_body() -> None:
    new_api = new_api_of(update={"success": [204]})
    new_api.updates(modern_document())

    answer = await asked(new_api, "PATCH", RECORD, {})

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(("success", "status"), [([200, 204], 204), ([202, 200], 200)])
async def test_it_answers_as_the_old_api_does_where_that_is_a_success(
    success: list[int], status: int
) -> None:
    new_api = new_api_of(delete={"success": success})
    new_api.deletes(modern_document())

    answer = await asked(new_api, "DELETE", RECORD)

    assert answer.status_code == status


def test_a_record_within_another_is_listed_by_that_one() -> None:
    with pytest.raises(LookupError, match=r"^they lie within another record: let new_api read"):
        new_api_of().lists([], of="vaccination")


def test_the_record_around_must_be_said() -> None:
    with pytest.raises(LookupError, match=r"^say the id of the record around it: within=\.\.\.$"):
        new_api_of().creates(modern_act(), of="vaccination")


def test_a_record_without_an_id_cannot_be_read() -> None:
    with pytest.raises(LookupError, match=r"^the record has no id$"):
        new_api_of().reads({})


@pytest.mark.parametrize("resource", ["vaccinations", "sharing_request"])
def test_what_the_pack_has_no_endpoint_for_is_told(resource: str) -> None:
    with pytest.raises(
        LookupError,
        match=f"^no endpoint has delete of {resource}; the pack has: "
        "health_record, vaccination, sharing_request$",
    ):
        new_api_of().deletes({"id": ID}, of=resource)
