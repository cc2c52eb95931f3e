"""The pack that the settings name, with the operator's options and tables."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mappings.mesvaccins import Options
from proxy import packs
from proxy.errors import ConfigurationError
from tests.proxy.documents import CONDITION_ID, OTHER_ID

PACK = "mappings.mesvaccins"
ROWS = [{"id": "52", "uuid": CONDITION_ID, "type": "boolean"}]


def refusal(name: str, options: Path | None = None, tables: Path | None = None) -> str:
    """What is said of a pack that cannot be loaded."""
    with pytest.raises(ConfigurationError) as caught:
        packs.load(name, options, tables)
    return str(caught.value)


def test_a_pack_is_loaded_by_the_name_of_its_package() -> None:
    loaded = packs.load(PACK)

    assert loaded.pack.name == "mesvaccins"
    assert loaded.pack.options == Options()
    assert loaded.tables == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "mappings.nowhere",
            "PASSERELLE_PACK: mappings.nowhere cannot be imported: "
            "No module named 'mappings.nowhere'",
        ),
        ("json", "PASSERELLE_PACK: json has no Options and build: no pack"),
        ("mappings.core", "PASSERELLE_PACK: mappings.core has no Options and build: no pack"),
    ],
    ids=["no package", "another package", "half a package"],
)
def test_a_name_that_is_no_pack_is_refused(name: str, said: str) -> None:
    assert refusal(name) == said


def test_a_relative_name_is_refused() -> None:
    assert refusal(".mesvaccins").startswith("PASSERELLE_PACK: .mesvaccins")


def test_a_pack_that_contradicts_itself_at_import_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "contradictory_pack.py").write_text(
        "from mappings.core.errors import OptionsError\nraise OptionsError('no rule decides')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    assert refusal("contradictory_pack") == "pack contradictory_pack: no rule decides"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("names = ", "PASSERELLE_PACK_OPTIONS: {path}: Invalid value"),
        (
            '[names]\npolicy = "backwards"',
            "PASSERELLE_PACK_OPTIONS: {path}: names.policy: Input should be 'crossed'",
        ),
        (
            "[names]\nswop = true",
            "PASSERELLE_PACK_OPTIONS: {path}: names.swop: no such option; docs/mapping.md lists",
        ),
        (
            "[weather]\nsun = 1",
            "PASSERELLE_PACK_OPTIONS: {path}: weather: no such option; docs/mapping.md lists",
        ),
        (
            '[timestamps]\nzone = "Paris"',
            "PASSERELLE_PACK_OPTIONS: {path}: timestamps.zone: expected a time",
        ),
        (
            '[records]\nrequired = ["name"]',
            "PASSERELLE_PACK_OPTIONS: {path}: records.required.0: expected a",
        ),
        (
            '[legacy]\ncharset = "klingon"',
            "PASSERELLE_PACK_OPTIONS: {path}: legacy.charset: Input should be 'windows-1252'",
        ),
        (
            '[legacy]\nprefixes = ["/x/"]',
            'PASSERELLE_PACK_OPTIONS: {path}: legacy.prefixes.0: expected ""',
        ),
        (
            "[legacy]\nupdate_status = 201",
            "PASSERELLE_PACK_OPTIONS: {path}: legacy.update_status: Input should be 200",
        ),
        (
            '[upstream.update]\nmethod = "POST"',
            "PASSERELLE_PACK_OPTIONS: {path}: upstream.update.method: Input should be",
        ),
        (
            '[upstream.read]\npath = "/people"',
            "PASSERELLE_PACK_OPTIONS: {path}: upstream.read.path: expected",
        ),
        (
            '[upstream.list]\npath = "/{id}"',
            "PASSERELLE_PACK_OPTIONS: {path}: upstream.list.path: expected a path with no id",
        ),
        (
            '[upstream.read]\npath = "people/{id}"',
            "PASSERELLE_PACK_OPTIONS: {path}: upstream.read.path: exp",
        ),
        (
            '[upstream.read]\npath = "/../{id}"',
            "PASSERELLE_PACK_OPTIONS: {path}: upstream.read.path: expec",
        ),
        (
            '[upstream.read]\npath = "/{id}?x=1"',
            "PASSERELLE_PACK_OPTIONS: {path}: upstream.read.path: exp",
        ),
        (
            "[upstream.read]\nsuccess = [404]",
            "PASSERELLE_PACK_OPTIONS: {path}: upstream.read.success.0: Input should be",
        ),
        (
            "[upstream.create]\nsuccess = []",
            "PASSERELLE_PACK_OPTIONS: {path}: upstream.create.success: ",
        ),
    ],
    ids=[
        "no TOML",
        "another value",
        "a misspelt name",
        "no such table",
        "no such zone",
        "no such field",
        "no such charset",
        "a prefix with a slash at its end",
        "a status that is none of the two",
        "a method that is none of the two",
        "a path without an id",
        "a path with an id",
        "a path without a slash",
        "a path with dots",
        "a path with a query",
        "an error as success",
        "no success at all",
    ],
)
def test_an_option_that_cannot_be_used_is_refused_with_its_place(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "options.toml"
    path.write_text(text)

    assert refusal(PACK, path).startswith(said.format(path=path))


def test_options_that_together_contradict_themselves_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "options.toml"
    path.write_text('[acts.routes]\nIM = "by_needle"\nSQ = "by_needle"\n')

    assert refusal(PACK, path).splitlines() == [
        f"pack {PACK}: the mapping of Vaccination cannot be used:",
        "  legacy /injection_route: several legacy codes become 'by_needle': "
        "say which one comes back",
    ]


def test_an_options_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    missing, binary = tmp_path / "missing.toml", tmp_path / "binary.toml"
    binary.write_bytes(b"\xff")

    said = [refusal(PACK, path) for path in (missing, binary, tmp_path)]

    assert said[0] == f"PASSERELLE_PACK_OPTIONS: {missing}: No such file or directory"
    assert said[1].startswith(f"PASSERELLE_PACK_OPTIONS: {binary}: ")
    assert said[2] == f"PASSERELLE_PACK_OPTIONS: {tmp_path}: Is a directory"


def as_csv(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the rows as a spreadsheet does, with a byte order mark."""
    with path.with_suffix(".csv").open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def as_json(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the rows as a JSON array."""
    path.with_suffix(".json").write_text(json.dumps(rows))


@pytest.mark.parametrize("write", [as_csv, as_json], ids=["CSV", "JSON"])
def test_a_table_is_read_from_its_file(
    tmp_path: Path, write: Callable[[list[dict[str, Any]], Path], None]
) -> None:
    write(ROWS, tmp_path / "conditions")

    loaded = packs.load(PACK, tables=tmp_path)

    assert loaded.tables["conditions"].by_uuid == {CONDITION_ID: 52}


def test_a_table_in_the_vendors_own_form_is_read(tmp_path: Path) -> None:
    codes = [{"nomenclature": "ICD", "code": "x"}, {"nomenclature": "SYADEM", "code": OTHER_ID}]
    as_json([{"id": 7, "type": "date", "codes": codes}], tmp_path / "conditions")

    loaded = packs.load(PACK, tables=tmp_path)

    assert loaded.tables["conditions"].by_id == {7: OTHER_ID}


def test_a_table_without_a_file_is_left_out(tmp_path: Path) -> None:
    assert packs.load(PACK, tables=tmp_path).tables == {}


def test_a_file_that_the_pack_does_not_read_is_refused(tmp_path: Path) -> None:
    as_csv(ROWS, tmp_path / "condition.csv")
    (tmp_path / "README.md").write_text("what lies here", encoding="utf-8")

    said = refusal(PACK, tables=tmp_path)

    assert said == (
        "PASSERELLE_TABLES: condition.csv: the pack reads no such table, only conditions, vaccines"
    )


def test_a_folder_of_tables_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nowhere"

    assert refusal(PACK, tables=path) == f"PASSERELLE_TABLES: {path} is no folder"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": "x"}, "conditions, row 1: expected id, type and uuid"),
        ({"uuid": "x"}, "conditions, row 1: expected id, type and uuid"),
        ({"uuid": 5}, "conditions, row 1: expected id, type and uuid"),
        ({"type": "color"}, "conditions, row 1: the type is none of ['boolean', 'date', "),
        ({"type": []}, "conditions, row 1: "),
        ({"id": None}, "conditions, row 1: expected id, type and uuid"),
    ],
    ids=[
        "an id that is no number",
        "a uuid that is none",
        "a number for a uuid",
        "another type",
        "a list for a type",
        "no id",
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_its_number(
    tmp_path: Path, row: dict[str, Any], said: str
) -> None:
    as_json([{**ROWS[0], **row}], tmp_path / "conditions")

    assert refusal(PACK, tables=tmp_path).startswith(f"PASSERELLE_TABLES: {said}")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("conditions.json", b"{}"),
        ("conditions.json", b"[1e400]"),
        ("conditions.json", b"[1]"),
        ("conditions.csv", b"id,uuid,type\n\xff,x,y\n"),
        ("conditions.csv", b'id,uuid,type\n"' + b"x" * 140_000),
        ("conditions.csv", b"id,uuid\n52\n"),
    ],
    ids=[
        "an object",
        "no strict JSON",
        "a list of numbers",
        "no UTF-8",
        "an open quote",
        "a column that is missing",
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    assert refusal(PACK, tables=tmp_path).startswith("PASSERELLE_TABLES: ")


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "conditions.csv").mkdir()

    assert refusal(PACK, tables=tmp_path).startswith("PASSERELLE_TABLES: conditions: ")
