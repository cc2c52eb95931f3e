"""`passerelle convert --crosswalk`: ids go with the records, by the store that is configured."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mappings import mesvaccins
from mappings.core.record_mapping import RecordMapping
from proxy.cli.dumps.carrying import Carried, Translator
from proxy.cli.dumps.form import Form
from proxy.cli.dumps.ids import StoredIds
from proxy.cli.dumps.plan import Direction, Plan
from proxy.errors import StoreError
from proxy.packs import Loaded
from proxy.settings import StoreSettings
from proxy.store.connection import Connection
from proxy.store.opening import opened
from tests.cli.conftest import Run
from tests.cli.documents import LEGACY, MODERN, UPGRADED, lines, read_lines
from tests.cli.dumps import SEVERAL_CHUNKS, act_id, modern_records, write_lines
from tests.packs import toy

RECORD = "6f2b8f0a-5b0c-4b3e-9a51-3d3f6f7c1e20"
ACTS = [act_id(number) for number in range(1, 6)]


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = tmp_path / "options.toml"
    options.write_text("[acts]\nrequired = []\n", encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(options))
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "state"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A store of its own."""
    settings = StoreSettings(data_dir=tmp_path / "other")
    with opened(settings, fresh=True) as connection:
        yield connection


def exported(run: Run) -> list[str]:
    """The pairs in the store."""
    return sorted(run("crosswalk", "export").stdout.splitlines()[1:])


def legacy_record(*vaccinations: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {**LEGACY, "uuid": RECORD, "vaccinations": list(vaccinations), **members}


def carry(
    connection: Connection, mapping: RecordMapping, direction: Direction, *documents: Any
) -> Carried:
    """What becomes of documents by a mapping, with the ids of a store."""
    plan = Plan(direction, "it", date(2026, 11, 25), Form.NDJSON, Form.NDJSON, crosswalk=True)
    pack = replace(mesvaccins.PACK, mappings={"it": mapping}, uuid_kinds=frozenset())
    ids = StoredIds(connection, mapping, pack.uuid_kinds)
    records = [(line, line, json.dumps(it).encode()) for line, it in enumerate(documents, start=1)]
    translator = Translator(plan, Loaded(pack, {}), ids)
    return translator.settled(records, translator.carry(records))


def written(carried: Carried) -> list[Any]:
    return read_lines(carried.written.decode())


def test_downgrading_gives_ids_out_and_the_store_keeps_them(run: Run) -> None:
    first = run("convert", "downgrade", "--crosswalk", "-", text=lines(MODERN))
    again = run("convert", "downgrade", "--crosswalk", "-", text=lines([MODERN], MODERN))

    (record,) = read_lines(first.stdout)
    (act,) = record["vaccinations"]
    assert isinstance(act["id"], int)
    assert read_lines(again.stdout) == [[record], record]
    assert exported(run) == [f"vaccination,{act['id']},{MODERN['vaccination_acts'][0]['id']}"]


def test_a_record_that_is_rejected_is_given_no_id(run: Run) -> None:
    result = run(
        "convert", "downgrade", "--crosswalk", "-", text=lines({**MODERN, "birth_date": "?"})
    )

    assert result.exit_code == 1
    assert exported(run) == []


def test_several_processes_give_out_ids_that_stay(run: Run, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "in.ndjson", modern_records(SEVERAL_CHUNKS))
    outputs = [tmp_path / "two.ndjson", tmp_path / "one.ndjson"]

    for jobs, output in zip(("2", "1"), outputs, strict=True):
        result = run(
            "convert",
            "downgrade",
            "--crosswalk",
            str(file),
            f"--output={output}",
            f"--jobs={jobs}",
        )
        assert result.exit_code == 0

    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    records = read_lines(outputs[0].read_text(encoding="utf-8"))
    given = {record["vaccinations"][0]["id"] for record in records}
    assert len(given) == SEVERAL_CHUNKS
    assert len(exported(run)) == SEVERAL_CHUNKS


def test_ids_that_a_line_before_told_are_known_however_many_processes_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def records() -> Iterator[dict[str, Any]]:
        for number in range(0, SEVERAL_CHUNKS, 2):
            act = {"id": number + 1, "date": "2010-01-02"}
            for vaccination in ({**act, "modern_id": act_id(number)}, act):
                yield legacy_record(vaccination, place_of_birth="Vireuil-sur-Bastogne " * 20)

    file, outputs = write_lines(tmp_path / "in.ndjson", records()), []

    for jobs in ("1", "3"):
        monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / f"state{jobs}"))
        output = tmp_path / f"out{jobs}.ndjson"
        files = (str(file), f"--output={output}")
        result = run("convert", "upgrade", "--crosswalk", *files, f"--jobs={jobs}")
        assert result.exit_code == 0
        outputs.append(output.read_bytes())

    assert outputs[0] == outputs[1]
    assert outputs[0].count(b'"vaccination_acts":[{"id":') == SEVERAL_CHUNKS


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_store_that_fails_on_the_way_is_told_however_many_processes_work(
    jobs: str, run: Run, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "in.ndjson", modern_records(SEVERAL_CHUNKS))
    run("convert", "downgrade", "--crosswalk", "-", text=lines(MODERN))
    with closing(sqlite3.connect(tmp_path / "state" / "passerelle.db")) as store:
        store.execute(
            "CREATE TRIGGER no BEFORE INSERT ON crosswalk BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    options = ("--crosswalk", f"--output={tmp_path / 'out.ndjson'}", f"--jobs={jobs}")

    result = run("convert", "downgrade", str(file), *options)

    assert result.exit_code == 1
    assert result.stderr.startswith("passerelle: the store failed: ")
    assert not (tmp_path / "out.ndjson").exists()


def test_upgrading_tells_the_store_the_pairs_of_the_dump_and_carries_the_ids(run: Run) -> None:
    record = legacy_record(
        {"id": 77, "modern_id": ACTS[0], "date": "2010-01-02"}, {"id": 78, "date": "2010-01-03"}
    )

    result = run("convert", "upgrade", "--crosswalk", "-", text=lines(record))

    assert result.exit_code == 0
    (modern,) = read_lines(result.stdout)
    assert modern["id"] == RECORD
    assert [act.get("id") for act in modern["vaccination_acts"]] == [ACTS[0], None]
    assert {name: modern[name] for name in UPGRADED} == UPGRADED
    assert result.stderr == "lost: vaccinations[].id (1), email (1), home_phone (1)\n"
    assert exported(run) == [f"vaccination,77,{ACTS[0]}"]


def test_upgrading_takes_ids_that_were_imported_before(run: Run, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(f"kind,legacy_id,modern_id\nvaccination,77,{ACTS[0]}\n", encoding="utf-8")
    run("crosswalk", "import", str(pairs))
    record = legacy_record({"id": "77", "date": "2010-01-02"})

    result = run("convert", "upgrade", "--crosswalk", "-", text=lines([record]))

    ((modern,),) = read_lines(result.stdout)
    assert [act["id"] for act in modern["vaccination_acts"]] == [ACTS[0]]
    assert result.stderr == "lost: email (1), home_phone (1)\n"


def test_upgrading_rows_takes_the_modern_id_from_its_column(run: Run, tmp_path: Path) -> None:
    options = tmp_path / "options.toml"
    options.write_text('[records]\nids = "crosswalk"\n', encoding="utf-8")
    text = (
        "uuid,modern_id,first_name,last_name,gender,birth_date\n"
        f"{RECORD},{ACTS[1]},Côme,Tarabiscot,male,2003-11-05\n"
    )

    result = run("convert", "upgrade", "--crosswalk", "--from=csv", "-", text=text)

    (modern,) = read_lines(result.stdout)
    assert modern["id"] == ACTS[1]
    assert exported(run) == [f"health_record,{RECORD},{ACTS[1]}"]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (legacy_record(modern_id=ACTS[0]), "/modern_id: mismatch"),
        (legacy_record({"id": 0}), "/vaccinations/0/id: expected an integer from 1 to 2147483647"),
        (legacy_record({"id": 7, "modern_id": "Isaure"}), "/vaccinations/0/modern_id: expected an"),
        ([7], "/0: not_an_object"),
    ],
    ids=["the same id on both sides", "no id", "no modern id", "no object"],
)
def test_ids_that_cannot_be_are_rejects_and_nothing_is_stored(
    record: Any, said: str, run: Run
) -> None:
    result = run("convert", "upgrade", "--crosswalk", "-", text=lines(record))

    assert result.exit_code == 1
    assert f"passerelle: line 1: {said}" in result.stderr
    assert "Isaure" not in result.stderr
    assert exported(run) == []


def test_a_line_that_contradicts_the_store_or_one_before_is_rejected_alone(run: Run) -> None:
    told = [
        (77, ACTS[0]),
        (78, ACTS[1]),
        (77, ACTS[2]),
        (79, ACTS[1]),
        (77, ACTS[0]),
        (79, ACTS[3]),
    ]
    records = [legacy_record({"id": old, "modern_id": new}) for old, new in told]
    run("convert", "upgrade", "--crosswalk", "-", text=lines(records[0]))

    result = run("convert", "upgrade", "--crosswalk", "-", text=lines(*records))

    assert result.exit_code == 1
    ids = [it["vaccination_acts"][0]["id"] for it in read_lines(result.stdout)]
    assert ids == [ACTS[0], ACTS[1], ACTS[0], ACTS[3]]
    why = "modern_id: contradicts the crosswalk, or a line before"
    assert [line for line in result.stderr.splitlines() if "line" in line] == [
        f"passerelle: line 3: {why}",
        f"passerelle: line 4: {why}",
    ]
    assert exported(run) == [
        f"vaccination,77,{ACTS[0]}",
        f"vaccination,78,{ACTS[1]}",
        f"vaccination,79,{ACTS[3]}",
    ]


def test_a_store_that_cannot_be_used_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "passerelle.db").write_text("no database at all " * 100)

    result = run("convert", "downgrade", "--crosswalk", "-", text=lines(MODERN))

    assert result.exit_code == 1
    assert result.stderr.startswith("passerelle: the store failed: ")


def test_ids_of_every_record_within_are_carried_both_ways(connection: Connection) -> None:
    book = {
        "number": 1,
        "modern_id": ACTS[0],
        "name": "Le Grand Meaulnes",
        "press": {"town": "Lyon"},
        "pages": [{"number": 2, "modern_id": ACTS[1], "heading": "Un"}, {"heading": "Deux"}],
        "loans": [{"number": 3, "modern_id": ACTS[2], "by": "Côme"}],
    }

    up = carry(connection, toy.BOOK, Direction.UPGRADE, book, {"name": "Rien"}, 7)

    upgraded, nothing = written(up)
    assert upgraded["id"] == ACTS[0]
    assert [page.get("id") for page in upgraded["leaves"]] == [ACTS[1], None]
    assert [loan["id"] for loan in upgraded["borrowings"]] == [ACTS[2]]
    assert upgraded["printer"] == {"city": "Lyon"}
    assert nothing == {"title": "Rien"}
    assert [reject.line for reject in up.rejects] == [3]
    modern = {**upgraded, "leaves": upgraded["leaves"][:1]}
    (downgraded,) = written(carry(connection, toy.BOOK, Direction.DOWNGRADE, modern))
    assert downgraded["number"] == 1
    assert [page["number"] for page in downgraded["pages"]] == [2]
    assert [loan["number"] for loan in downgraded["loans"]] == [3]


def test_a_mapping_without_an_identifier_has_no_ids_to_carry(connection: Connection) -> None:
    carried = carry(connection, toy.PRESS, Direction.UPGRADE, {"town": "Lyon"})

    assert written(carried) == [{"city": "Lyon"}]


class Raced(Connection):
    """A connection before which somebody else writes just after it has looked."""

    is_sqlite = True
    BEGIN = "BEGIN IMMEDIATE"

    def __init__(self, behind: Connection) -> None:
        super().__init__(behind.driver)
        self._behind = behind

    @property
    def lost(self) -> bool:
        return self._behind.lost

    def tables(self) -> set[str]:
        return self._behind.tables()

    def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        if statement.startswith("INSERT"):
            self._behind.execute("INSERT INTO crosswalk VALUES (?, ?, ?)", "book", "1", ACTS[4])
        return self._behind.execute(statement, *values)


def test_ids_that_another_has_just_written_stop_the_run(connection: Connection) -> None:
    book = {"number": 1, "modern_id": ACTS[0], "name": "Le Grand Meaulnes"}

    with pytest.raises(StoreError, match="another has just written the same ids: run this again"):
        carry(Raced(connection), toy.BOOK, Direction.UPGRADE, book)

    assert connection.execute("SELECT * FROM crosswalk") == []
