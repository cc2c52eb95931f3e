"""`passerelle store`: what an operator reads, and the exit codes."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from proxy.cli.store import tell_erased, tell_rotated
from proxy.settings.keys import new_key
from proxy.store import upkeep
from tests.cli.conftest import Passerelle, Run

RECORD = "5a3d0b6e-0000-4000-8000-00000000000a"
OTHER = "5a3d0b6e-0000-4000-8000-00000000000b"
ACT = "5a3d0b6e-0000-4000-8000-0000000000a1"

DUMP: list[dict[str, Any]] = [
    {
        "uuid": RECORD,
        "email": "octavie.fracas@example.org",
        "vaccinations": [{"id": 12, "modern_id": ACT, "comments": [{"text": "well"}]}],
    },
    {"uuid": OTHER, "email": None},
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store that is not there yet; the key is configured."""
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PASSERELLE_KEYS", new_key())
    return tmp_path / "state"


@pytest.fixture
def of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store on a PostgreSQL that nobody asks."""
    monkeypatch.setenv("PASSERELLE_STORE_URL", "postgresql://somebody@127.0.0.1:1/none")


@pytest.fixture
def filled(run: Run) -> None:
    """A store with values of a record and of one within it."""
    text = "".join(json.dumps(line) + "\n" for line in DUMP)
    result = run("store", "import", "-", text=text)
    assert result.stdout == (
        "2 lines, 2 records with values to set aside: 2 filled in, 1 pairs of ids added\n"
    )
    assert result.exit_code == 0


def exported(run: Run, *arguments: str) -> list[Any]:
    result = run("store", "export", *arguments)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_new_key_is_one_that_the_settings_take(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = run("store", "new-key"), run("store", "new-key")

    assert re.fullmatch(r"k[0-9a-f]{6}:[A-Za-z0-9+/]{43}=\n", one.stdout)
    assert one.stdout != other.stdout
    monkeypatch.setenv("PASSERELLE_KEYS", f"{one.stdout},{other.stdout}")
    assert run("store", "upgrade").exit_code == 0


def test_upgrade_tells_the_revision(run: Run) -> None:
    assert run("store", "upgrade").stdout == "revision 0001\n"
    assert run("store", "upgrade").stdout == "revision 0001, as before\n"


@pytest.mark.usefixtures("filled")
def test_status_tells_rows_by_table_and_by_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first, (old, _, _) = new_key(), run("store", "new-key").stdout.partition(":")
    status = json.loads(run("store", "status", "--json").stdout)
    (sealing,) = status["keys"]
    monkeypatch.setenv("PASSERELLE_KEYS", first)

    result = run("store", "status")

    assert result.stdout.splitlines() == [
        "database: SQLite",
        "revision: 0001",
        "rows: crosswalk 1, intent 0, secret 0, sequence 0, session 0, set_aside 2",
        f"sealed rows by key: {first.partition(':')[0]} 0 (seals), "
        f"{sealing} 2 (not configured: these cannot be opened)",
    ]
    assert status["rows"]["set_aside"] == 2
    assert status["rows_by_key"] == {sealing: 2}
    assert old not in result.stdout


def test_status_of_a_store_without_tables_tells_the_next_step(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PASSERELLE_KEYS")
    folder.mkdir()
    (folder / "passerelle.db").touch()

    result = run("store", "status")

    assert result.stdout.splitlines() == [
        "database: SQLite",
        "revision: none, not 0001: run passerelle store upgrade",
        "rows: none",
        "sealed rows by key: none, and no key is configured",
    ]


def test_status_of_a_store_that_is_not_there_is_wrong_configuration(
    passerelle: Passerelle, folder: Path
) -> None:
    ended = passerelle("store", "status")

    assert ended.code == 3
    assert ended.err == (
        f"passerelle: PASSERELLE_DATA_DIR: there is no {folder / 'passerelle.db'}\n"
    )


@pytest.mark.usefixtures("filled")
def test_a_copy_is_made_and_restored(run: Run, tmp_path: Path, folder: Path) -> None:
    copy = tmp_path / "copy.db"

    assert run("store", "backup", str(copy)).stdout == f"copied to {copy}\n"
    refused = run("store", "backup", str(copy))
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"passerelle: {copy} is there already: --force overwrites it\n",
    )
    assert run("store", "backup", "--force", str(copy)).exit_code == 0

    refused = run("store", "restore", str(copy))
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"passerelle: {folder / 'passerelle.db'} has 3 rows: --force overwrites them\n",
    )
    assert run("store", "restore", "--force", str(copy)).stdout == f"restored from {copy}\n"
    assert len(exported(run)) == 2


@pytest.mark.usefixtures("of_postgresql")
@pytest.mark.parametrize(("work", "tool"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_a_postgresql_has_tools_of_its_own_for_copies(work: str, tool: str, run: Run) -> None:
    result = run("store", work, "copy.db")

    assert result.exit_code == 2
    assert tool in result.stderr


@pytest.mark.usefixtures("of_postgresql")
def test_a_database_that_cannot_be_reached_is_told(run: Run) -> None:
    result = run("store", "status")

    assert result.exit_code == 1
    assert result.stderr == "passerelle: the store failed: OperationalError\n"


@pytest.mark.usefixtures("filled")
def test_keys_are_rotated_and_the_old_one_may_go(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = os.environ["PASSERELLE_KEYS"], new_key()
    monkeypatch.setenv("PASSERELLE_KEYS", f"{new},{old}")

    result = run("store", "rotate-keys", "--batch", "1")

    assert result.exit_code == 0
    assert result.stdout == "2 rows sealed anew\nno row needs another key than the first\n"
    monkeypatch.setenv("PASSERELLE_KEYS", new)
    assert len(exported(run)) == 2


@pytest.mark.usefixtures("filled")
def test_rows_that_no_key_opens_make_a_rotation_fail(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_KEYS", new_key())

    result = run("store", "rotate-keys")

    assert result.exit_code == 1
    assert result.stdout == "0 rows sealed anew\n"
    assert result.stderr == (
        "passerelle: 2 rows cannot be opened by any key that is configured; passerelle store "
        "status tells the names of their keys\n"
    )


def test_rows_that_another_key_sealed_meanwhile_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as ended:
        tell_rotated(upkeep.Rotated(sealed=5, broken=0, left=1))

    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == (
        "passerelle: 1 rows were sealed by another key meanwhile: restart the replicas that have "
        "another key first, and run this again\n"
    )


@pytest.mark.usefixtures("filled")
def test_forgetting_a_record_tells_how_much_was_erased(run: Run) -> None:
    result = run("store", "forget", RECORD.upper(), "--yes")

    assert result.exit_code == 0
    assert result.stdout == "erased: 2 records with values set aside, 0 creations, 0 sessions\n"
    assert exported(run) == []


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("answer", "left"), [(b"y\n", 0), (b"n\n", 2)], ids=["yes", "no"])
def test_forgetting_asks_on_a_terminal(
    answer: bytes,
    left: int,
    run: Run,
    passerelle: Passerelle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keyboard, terminal = os.openpty()
    os.write(keyboard, answer)

    with open(terminal, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        ended = passerelle("store", "forget", RECORD)

    os.close(keyboard)
    assert ended.code == (1 if left else 0)
    assert "for good?" in ended.err
    assert len(exported(run)) == left


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["forget", RECORD], "say --yes"),
        (["forget", "somebody", "--yes"], "expected a UUID"),
        (["export", "--record", "somebody"], "expected a UUID"),
        (["rotate-keys", "--batch", "0"], "--batch"),
        (["import", "/nowhere/at.ndjson"], "/nowhere/at.ndjson: No such file"),
        (["backup"], "Missing argument"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(arguments: list[str], said: str, run: Run) -> None:
    result = run("store", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.usefixtures("filled")
def test_purging_tells_what_was_erased_and_what_has_no_end(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = run("store", "purge")
    monkeypatch.setenv("PASSERELLE_SET_ASIDE_DAYS", "1")
    with_an_end = run("store", "purge")

    assert without.stderr == (
        "PASSERELLE_SET_ASIDE_DAYS is not set: values set aside have no end\n"
    )
    assert with_an_end.stderr == ""
    nothing = "erased: 0 records with values set aside, 0 creations, 0 sessions\n"
    assert (without.stdout, with_an_end.stdout) == (nothing, nothing)


def test_what_still_lies_in_the_log_makes_erasing_fail(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as ended:
        tell_erased(upkeep.Erased({"set_aside": 1, "intent": 0, "session": 0}, settled=False))

    assert ended.value.exit_code == 1
    written = capsys.readouterr()
    assert written.out == "erased: 1 records with values set aside, 0 creations, 0 sessions\n"
    assert written.err == (
        "passerelle: the write-ahead log is being read and still has the sealed values: run this "
        "again\n"
    )


@pytest.mark.usefixtures("filled")
def test_what_is_only_here_is_exported_with_its_ids(run: Run) -> None:
    record = {
        "kind": "health_record",
        "modern_id": RECORD,
        "owner_id": RECORD,
        "legacy_id": None,
        "values": {"email": "octavie.fracas@example.org"},
    }
    act = {
        "kind": "vaccination",
        "modern_id": ACT,
        "owner_id": RECORD,
        "legacy_id": 12,
        "values": {"comments": [{"text": "well"}]},
    }

    assert exported(run) == [record, act]
    assert exported(run, "--record", RECORD.upper()) == [record, act]
    assert exported(run, "--record", OTHER) == []


def test_a_dump_with_problems_is_told_by_line_without_a_value(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "dump.ndjson"
    file.write_text(json.dumps({"uuid": RECORD, "email": ["secret"]}) + "\n{\n", encoding="utf-8")

    result = run("store", "import", str(file))

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == ("passerelle: line 1: /email: not_a_text\nline 2: not strict JSON\n")


def test_fields_that_are_dropped_by_the_settings_are_not_imported(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_SET_ASIDE_FIELDS", "email=drop")
    line = {"uuid": RECORD, "email": "octavie.fracas@example.org", "home_phone": "0498000017"}

    run("store", "import", "-", text=json.dumps(line))

    (found,) = exported(run)
    assert found["values"] == {"home_phone": "0498000017"}


def test_without_a_key_no_dump_is_taken(
    passerelle: Passerelle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PASSERELLE_KEYS")
    (tmp_path / "dump.ndjson").write_text(json.dumps(DUMP[0]), encoding="utf-8")

    ended = passerelle("store", "import", str(tmp_path / "dump.ndjson"))

    assert ended.code == 3
    assert "`passerelle store new-key` makes one" in ended.err


def test_progress_is_shown_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    result = run("store", "import", "-", text=json.dumps(DUMP[0]))

    assert "writing 2 of 2" in result.stderr


@pytest.mark.usefixtures("filled")
def test_progress_of_a_rotation_is_shown_on_a_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_KEYS", f"{new_key()},{os.environ['PASSERELLE_KEYS']}")
    monkeypatch.setenv("FORCE_COLOR", "1")

    result = run("store", "rotate-keys")

    assert "sealing 2 of 2" in result.stderr
