"""The values that old clients send, read as the old API read them."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.core.errors import DocumentError
from tests.documents import HEALTH_RECORD, context

PERSON: dict[str, Any] = {
    "first_name": "Inès",
    "last_name": "Kermorvan",
    "birth_date": "1990-01-01",
    "gender": "female",
}


@pytest.mark.parametrize(
    "written",
    [
        "1988-12-18",
        "1988-12-18T00:00:00.000+01:00",
        "1988-12-18T23:59:59Z",
        "1988-12-18 10:00",
        "1988-12-18T23:30:00-05:00",
        "1988-12-18T00:30:00+0200",
    ],
)
def test_a_full_timestamp_is_a_date_and_no_zone_moves_it(written: str) -> None:
    """Trap 8: a calendar date never passes through an instant."""
    upgraded = HEALTH_RECORD.upgrade({**PERSON, "birth_date": written}, context())

    assert upgraded.document["birth_date"] == "1988-12-18"


@pytest.mark.parametrize(
    "written",
    ["1988-12-18T", "1988-12-18x", "18/12/1988", "1988-02-30T00:00:00Z", "", 19881218, True],
)
def test_what_is_no_date_is_refused(written: Any) -> None:
    with pytest.raises(DocumentError, match=r"/birth_date: (date|not_a_text|blank)"):
        HEALTH_RECORD.upgrade({**PERSON, "birth_date": written}, context())


@pytest.mark.parametrize(
    ("echoed", "stale"),
    [("2022-11-03T14:41:16+01:00", True), ("2022-11-03T14:41:17+01:00", False), (None, False)],
    ids=["older", "same", "null"],
)
def test_a_write_over_a_record_that_was_changed_since_is_stale(
    echoed: str | None, stale: bool
) -> None:
    base = {**PERSON, "id": "7c9e6679-7425-40de-944b-000000000001", "gender": "f"}
    changed = {**base, "updated_at": "2022-11-03T13:41:17.071Z"}

    upgraded = HEALTH_RECORD.upgrade({"updated_at": echoed}, context(base=changed))

    assert upgraded.stale is stale


@pytest.mark.parametrize(
    ("written", "aside"),
    [
        (64, {"department_of_birth": 64}),
        ("64", {"department_of_birth": 64}),
        ("01", {"department_of_birth": 1}),
        ("2A", {"department_of_birth": "2A"}),
        (971, {"department_of_birth": 971}),
        (None, {}),
        ("", {}),
    ],
)
def test_a_department_is_a_number_or_one_of_corsicas(written: Any, aside: Any) -> None:
    upgraded = HEALTH_RECORD.upgrade({**PERSON, "department_of_birth": written}, context())

    assert upgraded.aside == aside


@pytest.mark.parametrize("written", ["2C", " ", 6400, -1, True, 1.5, [64]])
def test_what_is_no_department_is_refused(written: Any) -> None:
    with pytest.raises(DocumentError, match="/department_of_birth: department"):
        HEALTH_RECORD.upgrade({**PERSON, "department_of_birth": written}, context())


def test_a_postal_code_is_a_text_and_keeps_its_zero() -> None:
    """Trap 10."""
    upgraded = HEALTH_RECORD.upgrade({**PERSON, "zip_code": "01270"}, context())

    assert upgraded.document["zip_code"] == "01270"
    with pytest.raises(DocumentError, match="/zip_code: not_a_text"):
        HEALTH_RECORD.upgrade({**PERSON, "zip_code": 1270}, context())


@pytest.mark.parametrize(
    ("written", "kept"), [(True, True), ("true", True), ("0", False), ("1", True), (False, False)]
)
def test_a_booster_that_is_written_as_a_text_is_read(written: Any, kept: bool) -> None:
    base = {
        **PERSON,
        "id": "7c9e6679-7425-40de-944b-000000000001",
        "gender": "f",
        "vaccination_acts": [{"booster": kept}],
    }

    upgraded = HEALTH_RECORD.upgrade({"vaccinations": [{"booster": written}]}, context(base=base))

    assert upgraded.changes == {}


def test_a_booster_that_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(DocumentError, match="/vaccinations/0/booster: not_a_boolean"):
        HEALTH_RECORD.upgrade({**PERSON, "vaccinations": [{"booster": "yes"}]}, context())
