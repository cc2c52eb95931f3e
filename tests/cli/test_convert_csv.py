"""`passerelle convert` of CSV: columns are fields, cells are read by the model of their side."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from mappings.mesvaccins import legacy, modern
from proxy.cli.dumps import cells
from proxy.cli.dumps.chunks import whole_cells
from proxy.cli.dumps.form import UnreadableError
from tests.cli.conftest import Run
from tests.cli.documents import (
    LEGACY,
    MODERN,
    OTHER_LEGACY,
    OTHER_UPGRADED,
    UPGRADED,
    lines,
    read_lines,
    values,
)
from tests.cli.dumps import SEVERAL_CHUNKS, legacy_records
from tests.packs import toy

WRONG_CELLS = "first_name,last_name,gender,birth_date\nCôme,Tarabiscot,homme,05/11/2003\n"
COMES = "first_name{0}last_name{0}gender{0}birth_date\nCôme{0}Tarabiscot{0}male{0}2003-11-05\n"


def rows(*documents: dict[str, Any], delimiter: str = ",") -> str:
    """The documents as CSV, with every field that one of them has as a column."""
    names = list(dict.fromkeys(name for document in documents for name in document))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(documents)
    return text.getvalue()


def read_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_rows_are_upgraded_whichever_delimiter_they_have(
    delimiter: str, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "records.csv"
    file.write_text(rows(LEGACY, OTHER_LEGACY, delimiter=delimiter), encoding="utf-8")

    result = run("convert", "upgrade", str(file))

    assert result.exit_code == 0
    assert read_lines(result.stdout) == [UPGRADED, OTHER_UPGRADED]
    assert result.stderr == "lost: email (1), home_phone (1)\n"


@pytest.mark.parametrize(
    ("encoding", "options"),
    [
        ("utf-8-sig", []),
        ("latin-1", ["--encoding=latin-1"]),
        ("windows-1252", ["--encoding=windows-1252"]),
    ],
)
def test_encodings_of_2014_are_read(encoding: str, options: list[str], run: Run) -> None:
    text = COMES.format(",").encode(encoding)

    result = run("convert", "upgrade", "--from=csv", "-", *options, text=text)

    assert read_lines(result.stdout) == [OTHER_UPGRADED]


def test_a_delimiter_that_is_said_is_the_one(run: Run) -> None:
    text = 'first_name;"last,,,_name";gender;birth_date;last_name\nCôme;;male;2003-11-05;Tarabiscot'

    result = run("convert", "upgrade", "--from=csv", "-", "--delimiter=;", text=text)

    assert read_lines(result.stdout) == [OTHER_UPGRADED]


def test_another_encoding_than_the_one_said_is_told_by_line(run: Run) -> None:
    text = b"first_name,gender\n" + "Côme,male\n".encode("latin-1")

    result = run("convert", "upgrade", "--from=csv", "-", text=text)

    assert result.exit_code == 1
    assert result.stderr == "passerelle: line 2: not utf-8\n"


@pytest.mark.parametrize("name", ["health_profile.condition_ids", "/health_profile/condition_ids"])
def test_a_column_may_fill_a_member_of_a_member(
    name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition = "6f2b8f0a-5b0c-4b3e-9a51-3d3f6f7c1e52"
    (tmp_path / "conditions.csv").write_text(f"id,uuid,type\n52,{condition},boolean\n")
    monkeypatch.setenv("PASSERELLE_TABLES", str(tmp_path))
    text = rows({**OTHER_LEGACY, name: "[52]"}, OTHER_LEGACY)

    result = run("convert", "upgrade", "--from=csv", "-", text=text)

    assert read_lines(result.stdout) == [
        {**OTHER_UPGRADED, "profile": {condition: True}},
        OTHER_UPGRADED,
    ]


def test_a_cell_that_is_wrong_is_a_reject_with_its_column(run: Run, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.ndjson"
    options = (f"--output={tmp_path / 'out'}", f"--rejects={rejects}")

    result = run("convert", "upgrade", "--from=csv", "-", *options, text=WRONG_CELLS)

    assert result.exit_code == 1
    told = rejects.read_text(encoding="utf-8")
    assert read_lines(told) == [
        {
            "line": 2,
            "problems": [
                {"pointer": "/birth_date", "column": 4, "reason": "date"},
                {"pointer": "/gender", "column": 3, "reason": "inclusion"},
            ],
        }
    ]
    assert [it for it in ("Côme", "Tarabiscot", "homme", "05/11") if it in told] == []


def test_what_a_creation_needs_and_no_column_has_is_a_reject_without_a_column(run: Run) -> None:
    result = run("convert", "upgrade", "--from=csv", "-", text="first_name\nCôme\n")

    assert result.exit_code == 1
    assert "line 2: /last_name: blank" in result.stderr


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("Côme,Tarabiscot\n", "expected 4 cells"),
        ('"Côme"x,Tarabiscot,male,2003-11-05\n', "not CSV"),
        ("Cô\rme,Tarabiscot,male,2003-11-05\n", "not CSV"),
        ("Cô\0me,Tarabiscot,male,2003-11-05\n", "not CSV"),
    ],
    ids=["too short", "a quote too many", "half a line end", "U+0000"],
)
def test_a_row_that_is_broken_spoils_no_other(broken: str, said: str, run: Run) -> None:
    good = COMES.format(",")

    result = run("convert", "upgrade", "--from=csv", "-", text=good + broken + good.split("\n")[1])

    assert result.exit_code == 1
    assert read_lines(result.stdout) == [OTHER_UPGRADED, OTHER_UPGRADED]
    assert result.stderr == f"passerelle: line 3: {said}\n"


def test_a_quote_that_is_never_closed_is_told(run: Run) -> None:
    text = COMES.format(",") + '"Côme,Tarabiscot\n,male,2003-11-05\n'

    result = run("convert", "upgrade", "--from=csv", "-", text=text)

    assert read_lines(result.stdout) == [OTHER_UPGRADED]
    assert result.stderr == "passerelle: lines 3 to 4: not CSV\n"


def test_a_quote_that_another_closes_swallows_no_other_person(run: Run, tmp_path: Path) -> None:
    output, rejects = tmp_path / "out.ndjson", tmp_path / "rejects.ndjson"
    good = COMES.format(",")
    swallowed = (
        'Isaure,"Trouvaille,female,1979-08-23\n'
        "Maëlle,Sourdeval,female,1987-03-09\n"
        'Aubin,Bricolin",male,1990-04-04\n'
    )
    files = (f"--output={output}", f"--rejects={rejects}")

    result = run(
        "convert",
        "upgrade",
        "--from=csv",
        "-",
        *files,
        text=good + swallowed + good.split("\n")[1],
    )

    assert result.exit_code == 1
    assert read_lines(output.read_text(encoding="utf-8")) == [OTHER_UPGRADED, OTHER_UPGRADED]
    assert read_lines(rejects.read_text(encoding="utf-8")) == [
        {"line": 3, "to": 5, "problems": [{"reason": "not CSV: a quote seems not to be closed"}]}
    ]
    assert result.stderr == f"passerelle: 1 rejected (3 lines), told in {rejects}\n"


def test_a_first_cell_over_lines_is_no_row_within_a_row(run: Run) -> None:
    text = "place_of_birth," + COMES.format(",").replace("\nCôme", '\n"Saint-Pré\nsur Loue",Côme')

    result = run("convert", "upgrade", "--from=csv", "-", text=text)

    assert read_lines(result.stdout) == [OTHER_UPGRADED]
    assert result.stderr == "lost: place_of_birth (1)\n"


def test_where_a_row_ends_is_known_from_each_line_alone() -> None:
    is_whole = whole_cells(",")

    ends = [is_whole(b'a,"b\n', False), is_whole(b'c,"",d\n', True), is_whole(b'e",f\n', True)]

    assert ends == [False, False, True]


def test_a_cell_may_go_over_lines_and_lines_are_counted_as_they_stand(run: Run) -> None:
    first = {**OTHER_LEGACY, "place_of_birth": 'Saint-"Pré"\r\nsur; Loue,'}
    wrong = {**OTHER_LEGACY, "gender": "?"}
    text = rows(first, wrong, OTHER_LEGACY, delimiter=";")

    result = run("convert", "upgrade", "--from=csv", "-", text=text)

    assert read_lines(result.stdout) == [OTHER_UPGRADED, OTHER_UPGRADED]
    assert result.stderr == ("passerelle: line 4: /gender: inclusion\nlost: place_of_birth (1)\n")


def test_an_empty_cell_is_absent_or_null_as_it_is_said(run: Run) -> None:
    text = "first_name,last_name,gender,birth_date,birth_name,zip_code\n" + (
        "Côme,Tarabiscot,male,2003-11-05,,\n"
    )

    absent = run("convert", "upgrade", "--from=csv", "-", text=text)
    null = run("convert", "upgrade", "--from=csv", "-", "--empty=null", text=text)

    assert read_lines(absent.stdout) == [OTHER_UPGRADED]
    direct = run(
        "convert",
        "upgrade",
        "-",
        text=lines({**OTHER_LEGACY, "birth_name": None, "zip_code": None}),
    )
    assert null.stdout == direct.stdout
    assert null.exit_code == direct.exit_code


def test_columns_that_no_model_has_are_counted_and_not_named(run: Run) -> None:
    text = rows({**OTHER_LEGACY, "shoe.size": "44"}, OTHER_LEGACY)

    result = run("convert", "upgrade", "--from=csv", "-", text=text)

    assert read_lines(result.stdout) == [OTHER_UPGRADED, OTHER_UPGRADED]
    assert result.stderr == "lost: (undeclared) (1)\n"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Côme,Tarabiscot,male", "its first line is no header: no column names a field"),
        ("", "its first line is no header: no column names a field"),
        ("first_name,gender,first_name", "column 3 fills what column 1 fills"),
        ("health_profile,health_profile.condition_ids", "column 2 fills what column 1 fills"),
        ("gender,vaccinations.0.date", "column 2 goes into a list: give the list as JSON in one"),
        ('"first_name"x', "its first line is not CSV in utf-8"),
    ],
)
def test_a_first_line_that_is_no_header_is_told_without_its_text(
    header: str, said: str, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "records.csv"
    file.write_text(header + "\n", encoding="utf-8")

    result = run("convert", "upgrade", str(file), f"--output={tmp_path / 'out.csv'}")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"passerelle: {file}: {said}")
    assert "Côme" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["records.csv"]


def test_a_file_with_nothing_but_a_header_becomes_one(run: Run, tmp_path: Path) -> None:
    file, output = tmp_path / "records.csv", tmp_path / "out.csv"
    file.write_text("first_name;gender", encoding="utf-8")

    result = run("convert", "upgrade", str(file), f"--output={output}")

    assert result.exit_code == 0
    assert output.read_text(encoding="utf-8") == ",".join(modern.HealthRecord.model_fields) + "\n"


def test_csv_is_written_in_the_order_of_the_model_with_members_as_json(
    run: Run, tmp_path: Path
) -> None:
    output = tmp_path / "out.csv"
    dump = tmp_path / "in.ndjson"
    dump.write_text(lines(MODERN, [MODERN, MODERN]), encoding="utf-8")
    direct = read_lines(run("convert", "downgrade", "-", text=lines(MODERN)).stdout)[0]

    result = run("convert", "downgrade", str(dump), f"--output={output}", "--delimiter=;")

    assert result.exit_code == 0
    text = output.read_text(encoding="utf-8")
    assert text.splitlines()[0] == ";".join(legacy.HealthRecord.model_fields)
    written = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert len(written) == 3
    assert json.loads(written[0]["vaccinations"]) == direct["vaccinations"]
    for name in ("uuid", "birth_date", "gender", "last_name", "zip_code"):
        assert written[0][name] == direct[name]
    assert written[0]["email"] == ""


def test_what_is_written_as_csv_reads_back(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "out.csv.gz"
    dump = tmp_path / "in.ndjson"
    dump.write_text(lines(MODERN), encoding="utf-8")
    direct = run("convert", "downgrade", str(dump))
    run("convert", "downgrade", str(dump), f"--output={output}")

    back = run("convert", "upgrade", str(output))

    expected = run("convert", "upgrade", "-", text=direct.stdout)
    assert back.exit_code == expected.exit_code
    assert back.stdout == expected.stdout
    assert [it for it in values(MODERN["vaccination_acts"]) if it in back.stderr] == []


@pytest.mark.parametrize("name", ["Cô\rme", "=1+1"], ids=["half a line end", "a formula"])
def test_a_text_is_written_as_it_is(name: str, run: Run, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    written = {**OTHER_LEGACY, "first_name": name}

    run("convert", "upgrade", "-", f"--output={output}", text=lines(written))

    (row,) = read_rows(output.read_bytes().decode())
    assert row["first_name"] == name


def test_rows_over_several_chunks_and_processes_stay_whole(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    documents = [
        {**record, "place_of_birth": record["place_of_birth"] + '\n"",'}
        for record in legacy_records(SEVERAL_CHUNKS)
    ]
    file.write_bytes(rows(*documents).encode())
    written = []

    for jobs in ("1", "2"):
        output, rejects = tmp_path / f"{jobs}.csv", tmp_path / f"{jobs}.rejects"
        result = run(
            "convert",
            "upgrade",
            str(file),
            f"--output={output}",
            f"--jobs={jobs}",
            f"--rejects={rejects}",
        )
        assert result.exit_code == 1
        written.append((output.read_bytes(), rejects.read_bytes()))

    assert written[0] == written[1]
    wrong = range(1_000, SEVERAL_CHUNKS + 1, 1_000)
    assert [row["zip_code"] for row in read_rows(written[0][0].decode())] == [
        f"{n:05d}" for n in range(1, SEVERAL_CHUNKS + 1) if n not in wrong
    ]
    # Each record takes two lines, after that of the header.
    assert [told["line"] for told in read_lines(written[0][1].decode())] == [2 * n for n in wrong]


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("number", "12", 12),
        ("number", "douze", "douze"),
        ("number", "true", "true"),
        ("number", "null", "null"),
        ("name", "12", "12"),
        ("name", "[1]", "[1]"),
        ("pages", '[{"number": 1}]', [{"number": 1}]),
        ("pages", "[1", "[1"),
        ("pages", "1", "1"),
        ("press", '{"town": "Lyon"}', {"town": "Lyon"}),
        ("press.town", "Lyon", {"town": "Lyon"}),
    ],
)
def test_a_cell_of_the_legacy_model_is_read_by_its_field(name: str, cell: str, value: Any) -> None:
    of = cells.columns([name], toy.OldBook)

    made = cells.document([cell], of, empty="absent")

    assert list(made.values()) == [value]


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("booster", "TRUE", True),
        ("booster", "0", False),
        ("booster", "oui", "oui"),
        ("serial_number", "1", "1"),
    ],
)
def test_a_truth_value_is_read_in_the_forms_that_are_usual(
    name: str, cell: str, value: Any
) -> None:
    of = cells.columns([name], modern.VaccinationAct)

    assert cells.document([cell], of, empty="absent") == {name: value}


def test_a_column_may_go_into_what_holds_anything() -> None:
    of = cells.columns(["profile.52", "modern_id"], modern.HealthRecord)

    made = cells.document(["x", "y"], of, empty="absent")

    assert made == {"profile": {"52": "x"}, "modern_id": "y"}


def test_a_header_of_names_that_hold_no_members_is_none() -> None:
    with pytest.raises(UnreadableError):
        cells.columns(["gender.code"], legacy.HealthRecord)
