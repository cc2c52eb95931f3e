"""`passerelle convert`: documents in, documents out, problems by line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.documents import (
    LEGACY,
    MODERN,
    OTHER_LEGACY,
    OTHER_UPGRADED,
    UPGRADED,
    WRONG,
    WRONG_PROBLEMS,
    lines,
    read_lines,
    values,
)

LOST = "lost: email (1), home_phone (1)\n"
"""What is told of the first of the invented people."""

TERMINAL_LINES = ("\n", "\r\x1b[2K")
"""After what a terminal stands at the beginning of an empty line."""


@pytest.mark.parametrize("indent", [None, 2], ids=["on one line", "on many lines"])
def test_one_document_is_upgraded(indent: int | None, run: Run) -> None:
    result = run("convert", "upgrade", "-", text=json.dumps(LEGACY, indent=indent))

    assert result.exit_code == 0
    assert read_lines(result.stdout) == [UPGRADED]
    assert result.stderr == LOST


def test_one_document_is_downgraded(run: Run) -> None:
    result = run("convert", "downgrade", "-", text=json.dumps(MODERN))

    assert result.exit_code == 0
    (legacy,) = read_lines(result.stdout)
    kept = ("birth_date", "gender", "last_name", "first_name", "birth_name", "zip_code")
    assert {name: legacy[name] for name in kept} == {name: LEGACY[name] for name in kept}
    assert legacy["updated_at"] == "2020-06-07T10:09:10+02:00"
    assert [act["batch"] for act in legacy["vaccinations"]] == ["LOT-5519"]


@pytest.mark.parametrize("indent", [None, 2], ids=["on one line", "on many lines"])
def test_a_json_array_becomes_one(indent: int | None, run: Run) -> None:
    text = json.dumps([LEGACY, OTHER_LEGACY], indent=indent)

    result = run("convert", "upgrade", "-", text=text)

    assert result.exit_code == 0
    assert read_lines(result.stdout) == [[UPGRADED, OTHER_UPGRADED]]


def test_lines_of_json_become_lines_of_json(run: Run) -> None:
    result = run("convert", "upgrade", "-", text=lines(LEGACY, OTHER_LEGACY))

    assert result.exit_code == 0
    assert read_lines(result.stdout) == [UPGRADED, OTHER_UPGRADED]
    assert "Côme" in result.stdout


def test_the_last_line_needs_no_end_and_windows_ends_are_fine(run: Run) -> None:
    text = lines(LEGACY, OTHER_LEGACY).replace("\n", "\r\n").removesuffix("\r\n")

    result = run("convert", "upgrade", "-", text=text)

    assert read_lines(result.stdout) == [UPGRADED, OTHER_UPGRADED]


def test_problems_are_told_by_line_and_the_other_documents_are_written(run: Run) -> None:
    text = lines(LEGACY) + "\n" + lines(WRONG) + "{broken\n" + "[1, 2]\n" + lines(OTHER_LEGACY)

    result = run("convert", "upgrade", "-", text=text)

    assert result.exit_code == 1
    assert read_lines(result.stdout) == [UPGRADED, OTHER_UPGRADED]
    problems = result.stderr.splitlines()
    assert problems[:2] == [
        f"passerelle: line 3: {WRONG_PROBLEMS}",
        "passerelle: line 4: not strict JSON",
    ]
    assert problems[2].startswith("passerelle: line 5: ")
    assert problems[3:] == [LOST.strip()]


@pytest.mark.parametrize("text", [json.dumps(WRONG), lines(LEGACY, WRONG)], ids=["one", "lines"])
def test_no_value_of_a_document_is_in_a_problem(text: str, run: Run) -> None:
    result = run("convert", "upgrade", "-", text=text)

    assert result.exit_code == 1
    assert WRONG_PROBLEMS in result.stderr
    assert [value for value in values(WRONG) if value in result.stderr] == []


def test_a_modern_document_that_does_not_fit_is_told_without_its_values(run: Run) -> None:
    document = {**MODERN, "birth_date": "yesterday", "zip_code": 5109}

    result = run("convert", "downgrade", "-", text=json.dumps(document))

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("passerelle: line 1: /birth_date: date; /zip_code: ")
    assert [value for value in values(document) if value in result.stderr] == []


def test_each_problem_of_an_array_is_told_at_its_place(run: Run) -> None:
    result = run("convert", "upgrade", "-", text=json.dumps([LEGACY, WRONG, 7]))

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "passerelle: line 1: /1/birth_date: date; /1/gender: inclusion; /2: not_an_object\n"
    )


def test_a_broken_first_line_spoils_no_other(run: Run) -> None:
    result = run("convert", "upgrade", "-", text="{broken\n" + lines(LEGACY, OTHER_LEGACY))

    assert result.exit_code == 1
    assert read_lines(result.stdout) == [UPGRADED, OTHER_UPGRADED]
    assert result.stderr == "passerelle: line 1: not strict JSON\n" + LOST


def test_blank_lines_before_the_first_document_are_passed_over(run: Run) -> None:
    result = run("convert", "upgrade", "-", text="\n \n" + lines(LEGACY, WRONG))

    assert result.exit_code == 1
    assert read_lines(result.stdout) == [UPGRADED]
    assert result.stderr == f"passerelle: line 4: {WRONG_PROBLEMS}\n" + LOST


def test_what_is_lost_is_counted_by_field_and_undeclared_names_stay_untold(run: Run) -> None:
    written = {**OTHER_LEGACY, "email": "come@example.org", "shoe_size": 44}

    result = run("convert", "upgrade", "-", text=lines(LEGACY, written, OTHER_LEGACY))

    assert result.exit_code == 0
    assert result.stderr == "lost: email (2), home_phone (1), (undeclared) (1)\n"


@pytest.mark.parametrize("text", ["", "\n"], ids=["nothing", "a blank line"])
def test_no_documents_become_no_documents(text: str, run: Run) -> None:
    result = run("convert", "upgrade", "-", text=text)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_a_byte_order_mark_is_passed_over(run: Run) -> None:
    result = run("convert", "upgrade", "-", text=lines(LEGACY).encode("utf-8-sig"))

    assert result.exit_code == 0
    assert read_lines(result.stdout) == [UPGRADED]


@pytest.mark.parametrize(
    "text",
    [b"not json\n", b'{"gender": NaN}', b'{"first_name": "\xff"}', b'{"zip_code": "\\ud800"}'],
    ids=["words", "no number", "no UTF-8", "half a character"],
)
def test_what_is_not_json_fails(text: bytes, run: Run) -> None:
    result = run("convert", "upgrade", "-", text=text)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "passerelle: line 1: not strict JSON\n"


def test_a_file_is_read(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "records.ndjson"
    file.write_text(lines(LEGACY, OTHER_LEGACY), encoding="utf-8")

    result = run("convert", "upgrade", "--resource", "health_record", str(file))

    assert result.exit_code == 0
    assert read_lines(result.stdout) == [UPGRADED, OTHER_UPGRADED]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["upgrade", "/nowhere/at.json"], "/nowhere/at.json: No such file"),
        (["upgrade", "/"], "/: Is a directory"),
        (["upgrade", "--resource", "vaccine", "-"], "vaccine is none of: health_record"),
        (["sideways", "-"], "sideways"),
        (["upgrade"], "Missing argument"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(arguments: list[str], said: str, run: Run) -> None:
    result = run("convert", *arguments, text="{}")

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_table_that_the_operator_supplies_is_used(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition = "6f2b8f0a-5b0c-4b3e-9a51-3d3f6f7c1e52"
    (tmp_path / "conditions.csv").write_text(
        f"id,uuid,type\n52,{condition},boolean\n", encoding="utf-8"
    )
    monkeypatch.setenv("PASSERELLE_TABLES", str(tmp_path))
    written: dict[str, Any] = {**LEGACY, "health_profile": {"condition_ids": [52]}}

    result = run("convert", "upgrade", "-", text=json.dumps(written))

    assert read_lines(result.stdout) == [{**UPGRADED, "profile": {condition: True}}]


def test_progress_is_shown_on_a_terminal_and_gone_at_the_end(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    result = run("convert", "upgrade", "-", text=lines(LEGACY, OTHER_LEGACY))

    assert "2 documents" in result.stderr
    assert "\x1b[2K\x1b[33mlost:" in result.stderr
    assert read_lines(result.stdout) == [UPGRADED, OTHER_UPGRADED]


def test_a_problem_beside_progress_has_a_line_of_its_own(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    result = run("convert", "upgrade", "-", text=lines(LEGACY, WRONG, OTHER_LEGACY))

    before, complaint, after = result.stderr.partition("\x1b[1;31mpasserelle:\x1b[0m")
    assert complaint
    assert before.endswith(TERMINAL_LINES)
    assert after.startswith(f" line 2: {WRONG_PROBLEMS}\n")


def test_codes_that_no_table_has_are_counted(run: Run) -> None:
    records = [{**MODERN, "gender": "x"}, {**MODERN, "gender": "u"}, MODERN]

    result = run("convert", "downgrade", "-", text=lines(*records))

    assert result.exit_code == 0
    assert result.stderr == "unknown codes: gender (2)\n"
