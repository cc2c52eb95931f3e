"""What others keep in a record outlives the legacy clients that write over it (trap 1)."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.sockets.people import RECORDS, legacy_document, modern_document
from tests.sockets.processes import Process
from tests.sockets.wire import ask, bearer

UNDECLARED: dict[str, Any] = {
    "preferred_language": "br",
    "weight_kg": 57.250,
    "flags": {"deceased": False, "notes": [None, "", []]},
}

Stored = Callable[[str], dict[str, Any]]


@pytest.fixture
def stored(sandbox: Process) -> Stored:
    """What the new API keeps under an id, whoever may see it."""

    def stored(identity: str) -> dict[str, Any]:
        found = ask(sandbox.port, "GET", f"/_sandbox/records/{identity}")
        assert found.status == 200
        document: dict[str, Any] = found.document
        return document

    return stored


@pytest.fixture
def planted(sandbox: Process) -> dict[str, Any]:
    """A record with everything that only the new API knows, and more."""
    document = modern_document(str(uuid4()), **UNDECLARED)
    answer = ask(sandbox.port, "PUT", f"/_sandbox/records/{document['id']}", document)
    assert answer.status == 204
    return document


def test_what_another_hand_has_set_outlives_a_whole_write_back(
    sandbox: Process, gateway: Process, stored: Stored
) -> None:
    caller = bearer("somebody-with-another-hand")
    made = ask(gateway.port, "POST", RECORDS, legacy_document(birth_name="Mirliton"), caller)
    where, identity = made.headers["location"], made.document["uuid"]
    other_hand = {**caller, "Content-Type": "application/json"}
    changes = {"external_id": "dossier-3308", "customary_name": "Farfadet-Luron"}
    ask(sandbox.port, "PATCH", f"/health_records/{identity}", changes, other_hand)
    before = stored(identity)

    read = ask(gateway.port, "GET", where, headers=caller)
    written = ask(gateway.port, "PUT", where, read.body, caller)

    assert (read.status, written.status) == (200, 200)
    assert before["external_id"] == "dossier-3308"
    assert without_update(stored(identity)) == without_update(before)


def test_everything_that_only_the_new_api_knows_outlives_a_whole_write_back(
    gateway: Process, planted: dict[str, Any], stored: Stored
) -> None:
    where = f"/api/v1/records/{planted['id']}.json"

    read = ask(gateway.port, "GET", where)
    written = ask(gateway.port, "PUT", where, read.body)

    assert (read.status, written.status) == (200, 200)
    assert without_update(stored(planted["id"])) == without_update(planted)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_of_one_field_changes_nothing_else(
    method: str, gateway: Process, planted: dict[str, Any], stored: Stored
) -> None:
    where = f"/api/v1/records/{planted['id']}.json"

    written = ask(gateway.port, method, where, {"zip_code": "56860"})

    assert written.status == 200
    assert without_update(stored(planted["id"])) == without_update({**planted, "zip_code": "56860"})


def test_what_only_the_new_api_knows_is_never_shown(
    gateway: Process, planted: dict[str, Any]
) -> None:
    read = ask(gateway.port, "GET", f"/api/v1/records/{planted['id']}.json")

    for name in ("preferred_language", "weight_kg", "deceased", "dossier-3307", "SERIE-7713"):
        assert name.encode() not in read.body


def test_a_write_of_what_was_read_before_another_hand_changed_it_is_refused(
    sandbox: Process, gateway: Process, planted: dict[str, Any], stored: Stored
) -> None:
    where = f"/api/v1/records/{planted['id']}.json"
    read = ask(gateway.port, "GET", where)
    json_body = {"Content-Type": "application/json"}
    changes = {"first_name": "Ondine Aure"}
    ask(sandbox.port, "PATCH", f"/health_records/{planted['id']}", changes, json_body)

    written = ask(gateway.port, "PUT", where, read.body)

    assert written.status == 409
    assert list(written.document) == ["error"]
    assert stored(planted["id"])["first_name"] == "Ondine Aure"


def without_update(document: dict[str, Any]) -> dict[str, Any]:
    """A stored record but for the moment of its last change."""
    return {name: value for name, value in document.items() if name != "updated_at"}
