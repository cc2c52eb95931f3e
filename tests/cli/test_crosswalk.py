"""`passerelle crosswalk`: pairs of ids in and out, all of a file or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

RECORD = "5a3d0b6e-0000-4000-8000-00000000000a"
ACT = "5a3d0b6e-0000-4000-8000-0000000000a1"
OTHER_ACT = "5a3d0b6e-0000-4000-8000-0000000000a2"
HEADER = "kind,legacy_id,modern_id"
PAIRS = f"{HEADER}\nvaccination,12,{ACT}\nvaccination,13,{OTHER_ACT}\n"


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "state"))


def exported(run: Run, *arguments: str) -> str:
    result = run("crosswalk", "export", *arguments)
    assert result.exit_code == 0
    return result.stdout


def test_a_csv_file_is_imported_and_exported_as_it_was(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "pairs.CSV"
    file.write_text(PAIRS, encoding="utf-8")

    first, again = run("crosswalk", "import", str(file)), run("crosswalk", "import", str(file))

    assert (first.exit_code, first.stdout) == (0, "2 pairs, 2 of them new\n")
    assert (again.exit_code, again.stdout) == (0, "2 pairs, 0 of them new\n")
    assert exported(run) == PAIRS


@pytest.mark.parametrize("ending", ["ndjson", "jsonl"])
def test_lines_of_json_are_imported_and_exported(ending: str, run: Run, tmp_path: Path) -> None:
    rows = [
        {"kind": "sharing_request", "legacy_id": 12, "modern_id": RECORD},
        {"kind": "vaccination", "legacy_id": 12, "modern_id": ACT},
    ]
    file = tmp_path / f"pairs.{ending}"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    result = run("crosswalk", "import", str(file))

    assert result.stdout == "2 pairs, 2 of them new\n"
    lines = exported(run, "--format", "ndjson").splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_standard_input_is_imported_in_the_format_that_is_said(run: Run) -> None:
    result = run("crosswalk", "import", "-", "--format", "csv", text=PAIRS)

    assert result.stdout == "2 pairs, 2 of them new\n"


def test_conflicts_are_told_by_line_and_nothing_is_imported(run: Run) -> None:
    run("crosswalk", "import", "-", "--format", "csv", text=f"{HEADER}\nvaccination,12,{ACT}\n")
    before = exported(run)

    result = run(
        "crosswalk",
        "import",
        "-",
        "--format",
        "csv",
        text=f"{HEADER}\nvaccination,14,{RECORD}\nvaccination,12,{OTHER_ACT}\n",
    )

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "passerelle: line 3: contradicts the store: one of its ids has another pair\n"
    )
    assert exported(run) == before


def test_the_kinds_are_those_of_the_pack(run: Run) -> None:
    text = f"{HEADER}\nvaccine,12,{ACT}\n"

    result = run("crosswalk", "import", "-", "--format", "csv", text=text)

    assert result.exit_code == 1
    assert result.stderr == (
        "passerelle: line 2: kind: expected one of professional, sharing_request, vaccination\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "-"], "say --format"),
        (["import", "pairs.txt"], "say --format"),
        (["import", "pairs.csv", "--format", "xml"], "xml"),
        (["import", "/nowhere/at.csv"], "/nowhere/at.csv: No such file"),
        (["export", "--format", "xml"], "xml"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(arguments: list[str], said: str, run: Run) -> None:
    result = run("crosswalk", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_progress_is_shown_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    result = run("crosswalk", "import", "-", "--format", "csv", text=PAIRS)

    assert "writing 2 of 2" in result.stderr
