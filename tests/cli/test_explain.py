"""`passerelle explain`: the fate of each field, why, and where that is known from."""

import json
from pathlib import Path
from typing import Any

import pytest

from mappings.mesvaccins import PACK
from tests.cli.conftest import Run
from tests.cli.documents import LEGACY, MODERN, values

RECORD = PACK.mappings["health_record"]


def cells(text: str) -> dict[str, list[str]]:
    """The rows of a table by their first cell; those without one, by their third."""
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in text.splitlines()
        if line.startswith("│")
    ]
    return {row[0] or row[2]: row[1:] for row in rows}


def test_each_field_of_a_legacy_document_has_its_fate_reason_and_evidence(run: Run) -> None:
    result = run("explain", "-", text=json.dumps(LEGACY))

    assert result.exit_code == 0
    assert result.stderr == ""
    rows = cells(result.stdout)
    assert list(rows) == [f"/{name}" for name in LEGACY]
    assert rows["/birth_date"] == ["same", "/birth_date", "", "documented: SEED"]
    assert rows["/last_name"][:2] == ["grouped", "/last_name, /customary_name"]
    assert rows["/home_phone"] == [
        "not sent: set aside, or lost",
        "",
        "the new API does not have it any more",
        "documented: MHR",
    ]


def test_each_field_of_a_modern_document_has_its_fate_reason_and_evidence(run: Run) -> None:
    result = run("explain", "--direction", "downgrade", "-", text=json.dumps(MODERN))

    assert result.exit_code == 0
    rows = cells(result.stdout)
    assert {f"/{name}" for name in MODERN} <= rows.keys()
    assert rows["/gender"][:2] == ["coded", "/gender"]
    assert rows["/external_id"][:2] == ["not shown, kept as it is", ""]
    assert rows["/caption"][0] == "computed"


@pytest.mark.parametrize(
    ("direction", "document"), [("upgrade", LEGACY), ("downgrade", MODERN)], ids=str
)
def test_every_row_of_a_declared_field_cites_its_rule(
    direction: str, document: dict[str, Any], run: Run
) -> None:
    result = run("explain", "--direction", direction, "-", text=json.dumps(document))

    said = cells(result.stdout)
    for name in document:
        rule = RECORD.rule_of("legacy" if direction == "upgrade" else "modern", name)
        assert rule is not None
        assert said[f"/{name}"][2:] == [rule.because, str(rule.source)]


@pytest.mark.parametrize(
    ("direction", "document"), [("upgrade", LEGACY), ("downgrade", MODERN)], ids=str
)
def test_no_value_of_the_document_is_shown(
    direction: str, document: dict[str, Any], run: Run
) -> None:
    result = run("explain", "--direction", direction, "-", text=json.dumps(document))

    assert [value for value in values(document) if value in result.output] == []


def test_a_record_within_the_record_is_told_at_its_place_on_either_side(run: Run) -> None:
    written = {"vaccinations": [{"batch": "LOT-1"}, {"batch": "LOT-2"}]}

    result = run("explain", "-", text=json.dumps(written))

    rows = cells(result.stdout)
    assert rows["/vaccinations/1/batch"][:2] == ["renamed", "/vaccination_acts/1/batch_number"]


def test_an_undeclared_field_is_told_under_its_whole_name(run: Run) -> None:
    # This is how a form names a field in a record.
    result = run("explain", "-", text='{"record[first_name]": null, "shoe_size": null}')

    rows = cells(result.stdout)
    assert rows["/shoe_size"][0] == "undeclared: dropped and counted"
    assert rows["/record[first_name]"][0] == "undeclared: dropped and counted"


def test_a_file_is_read(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(LEGACY, indent=2), encoding="utf-8")

    result = run("explain", "--resource", "health_record", str(file))

    assert result.exit_code == 0
    assert list(cells(result.stdout)) == [f"/{name}" for name in LEGACY]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "-: not strict JSON"),
        ('{"gender": "male", "gender": "male"}', "-: not strict JSON"),
        ("[]", "-: expected one JSON object"),
        ('"Isaure"', "-: expected one JSON object"),
    ],
)
def test_what_is_no_json_object_fails(text: str, said: str, run: Run) -> None:
    result = run("explain", "-", text=text)

    assert result.exit_code == 1
    assert result.stderr == f"passerelle: {said}\n"
    assert result.stdout == ""


def test_a_file_that_is_missing_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    result = run("explain", str(tmp_path / "nobody.json"))

    assert result.exit_code == 2
    assert "nobody.json: No such file" in result.stderr


def test_a_resource_that_the_pack_has_not_is_wrong_usage(run: Run) -> None:
    result = run("explain", "--resource", "vaccine", "-", text="{}")

    assert result.exit_code == 2
    assert "vaccine is none of: health_record" in result.stderr


def test_a_direction_that_is_none_is_wrong_usage(run: Run) -> None:
    result = run("explain", "--direction", "sideways", "-", text="{}")

    assert result.exit_code == 2
    assert "--direction" in result.stderr
