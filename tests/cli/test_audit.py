"""`passerelle audit`: what an operator asks, and the exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console

from proxy.cli import audit
from proxy.cli.audit import reading
from tests.cli.conftest import Passerelle, Run
from tests.proxy.audit.written import KEY, KEYS, Writer

RECORD = "5a3d0b6e-0000-4000-8000-00000000000a"
OTHER = "5a3d0b6e-0000-4000-8000-00000000000b"


@pytest.fixture
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """The folder of an audit log, which is configured with its key."""
    monkeypatch.setenv("PASSERELLE_AUDIT_DIR", str(tmp_path / "audit"))
    monkeypatch.setenv("PASSERELLE_AUDIT_KEY", KEYS)
    return Writer(tmp_path / "audit")


@pytest.fixture
def asked(writer: Writer) -> Writer:
    """Two files: of an application that the gateway knows, and of a token, an hour later."""
    for who, record, status in (
        ({"client": "officine-7", "credential": "c" * 32}, RECORD, 200),
        ({"credential": KEY.pseudonym("credential", "a-token")}, OTHER, 404),
    ):
        trail = writer.trail()
        told = {
            "request_id": str(status).zfill(32),
            **who,
            "operation": "GET /records/{id}",
            "records": [["health_record", KEY.pseudonym("record", record)]],
        }
        trail.append("answered", writer.clock(), {**told, "status": status, "upstream_status": 200})
        trail.close(writer.clock())
        writer.clock.let_pass(hours=1)
    return writer


def statuses(run: Run, *arguments: str) -> list[int]:
    """The statuses of the lines that fit, in their order."""
    result = run("audit", "query", "--json", *arguments)
    assert result.exit_code == 0
    return [json.loads(line)["status"] for line in result.stdout.splitlines()]


def test_a_new_key_is_one_that_the_settings_take(
    run: Run, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run("audit", "new-key").stdout

    monkeypatch.setenv("PASSERELLE_AUDIT_KEY", f"{made}{KEYS}")
    writer.file()

    assert re.fullmatch(r"k[0-9a-f]{6}:[A-Za-z0-9+/]{43}=\n", made)
    assert run("audit", "verify").exit_code == 0


def test_verify_tells_of_each_file(run: Run, writer: Writer) -> None:
    closed = writer.file(1200)
    trail = writer.trail()
    trail.append("resumed", writer.clock(), {"unwritten": 7})

    result = run("audit", "verify")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{closed.name}: 1,202 lines, 2026-03-05T12:00:00.000000Z to "
        "2026-03-05T12:00:00.000000Z, closed",
        f"{trail.name}: 2 lines, 2026-03-05T12:00:01.000000Z to 2026-03-05T12:00:01.000000Z, "
        "7 could not be written, written",
    ]


def test_verify_says_where_something_is_wrong(passerelle: Passerelle, writer: Writer) -> None:
    path = writer.file(3)
    path.write_bytes(path.read_bytes().replace(b'"answered"', b'"Answered"', 1))

    ended = passerelle("audit", "verify")

    assert ended.code == 1
    assert ended.err == (
        f"passerelle: {path.name}: line 2: was changed, or one before it was removed\n"
    )


def test_verify_tells_half_a_line(run: Run, writer: Writer) -> None:
    trail = writer.trail()
    with (writer.path / trail.name).open("ab") as file:
        file.write(b"half")

    assert "4 bytes of a line that was cut short, written" in run("audit", "verify").stdout


def test_verify_tells_machines_the_same(run: Run, writer: Writer) -> None:
    path = writer.file(1)
    path.write_bytes(b"")

    result = run("audit", "verify", "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["files"][0]["lines"], told["files"][0]["state"]) == (0, "not closed")
    assert told["findings"][0]["file"] == path.name
    assert told["findings"][0]["line"] is None


def test_an_empty_file_is_told_without_times(run: Run, writer: Writer) -> None:
    writer.file(1).write_bytes(b"")

    assert "0 lines, - to -, not closed" in run("audit", "verify").stdout


def test_heads_that_are_kept_elsewhere_find_that_the_last_file_is_gone(
    run: Run, passerelle: Passerelle, writer: Writer, tmp_path: Path
) -> None:
    heads = str(tmp_path / "heads.json")
    writer.file()
    last = writer.file()
    written = run("audit", "verify", "--heads", heads).exit_code
    unchanged = run("audit", "verify", "--expect", heads).exit_code

    last.unlink()
    ended = passerelle("audit", "verify", "--expect", heads)

    assert (written, unchanged, ended.code) == (0, 0, 1)
    assert f"{last.name}: is not there; the file of heads tells of it" in ended.err


def test_no_heads_are_written_of_what_is_wrong(run: Run, writer: Writer, tmp_path: Path) -> None:
    writer.file().write_bytes(b"")

    result = run("audit", "verify", "--heads", str(tmp_path / "heads.json"))

    assert result.exit_code == 1
    assert not (tmp_path / "heads.json").exists()


def test_heads_that_cannot_be_written_are_wrong_usage(
    run: Run, writer: Writer, tmp_path: Path
) -> None:
    writer.file()

    result = run("audit", "verify", "--heads", str(tmp_path / "nowhere" / "heads.json"))

    assert result.exit_code == 2
    assert "heads.json: No such file or directory" in result.stderr


def test_verify_lets_nothing_in_a_file_speak_to_the_terminal(
    passerelle: Passerelle, writer: Writer
) -> None:
    path = writer.file()
    path.write_bytes(path.read_bytes().replace(b'"key":"k1"', b'"key":"k\\u001b[2J\\nfine"'))

    ended = passerelle("audit", "verify")

    assert ended.err == (
        f"passerelle: {path.name}: line 1: the key k\\x1b[2J\\nfine is not configured\n"
    )


def test_a_folder_without_a_file_is_not_well(passerelle: Passerelle, writer: Writer) -> None:
    ended = passerelle("audit", "verify", str(writer.path))

    assert ended.code == 1
    assert ended.err == f"passerelle: {writer.path}: no file of an audit log is there\n"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file or directory"), ("{}", "not what --heads writes")]
)
@pytest.mark.usefixtures("writer")
def test_what_is_no_file_of_heads_is_wrong_usage(
    run: Run, tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "heads.json"
    if content is not None:
        file.write_text(content, "utf-8")

    result = run("audit", "verify", "--expect", str(file))

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_folder_that_is_not_there_is_wrong_usage(
    run: Run, writer: Writer, tmp_path: Path
) -> None:
    result = run("audit", "verify", str(tmp_path / "nowhere"))

    assert result.exit_code == 2
    assert "no such folder" in result.stderr


def test_without_a_folder_or_a_key_the_configuration_is_wrong(
    passerelle: Passerelle, tmp_path: Path
) -> None:
    without_folder = passerelle("audit", "verify")
    without_key = passerelle("audit", "query", str(tmp_path))

    assert (without_folder.code, without_key.code) == (3, 3)
    assert "PASSERELLE_AUDIT_DIR: it must be set, or a folder named" in without_folder.err
    assert "passerelle audit new-key" in without_key.err


def test_a_file_that_goes_away_while_it_is_read_is_no_traceback(
    writer: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    path = writer.file()

    def read() -> None:
        with reading(writer.folder):
            path.unlink()
            path.read_bytes()

    with pytest.raises(typer.Exit) as ended:
        read()

    assert ended.value.exit_code == 1
    assert "run it again" in capsys.readouterr().err


def test_a_bar_is_shown_on_a_terminal_alone(
    run: Run, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.file()
    elsewhere = run("audit", "verify").stderr
    monkeypatch.setenv("FORCE_COLOR", "1")

    on_a_terminal = run("audit", "verify").stderr

    assert elsewhere == ""
    assert "reading" in on_a_terminal


@pytest.mark.usefixtures("asked")
def test_query_tells_who_saw_what_without_an_id(run: Run) -> None:
    result = run("audit", "query")

    record, other = (KEY.pseudonym("record", it) for it in (RECORD, OTHER))
    token = KEY.pseudonym("credential", "a-token")
    assert result.stdout.splitlines() == [
        "2026-03-05T12:00:00.000000Z answered 200: GET /records/{id} by officine-7 of "
        f"health_record {record}, {'200'.zfill(32)}",
        f"2026-03-05T13:00:00.000000Z answered 404: GET /records/{{id}} by credential {token} of "
        f"health_record {other}, {'404'.zfill(32)}",
    ]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], [200, 404]),
        (["--record", RECORD.upper()], [200]),
        (["--record", KEY.pseudonym("record", OTHER)], [404]),
        (["--client", "officine-7"], [200]),
        (["--client", "a-token"], [404]),
        (["--client", "nobody"], []),
        (["--request-id", "404".zfill(32)], [404]),
        (["--since", "2026-03-05T13:00"], [404]),
        (["--until", "2026-03-05T14:00+01:00"], [200]),
        (["--since", "2026-03-05", "--until", "2026-03-06"], [200, 404]),
        (["--since", "2026-03-06"], []),
    ],
)
@pytest.mark.usefixtures("asked")
def test_query_finds_what_is_asked_for(run: Run, arguments: list[str], found: list[int]) -> None:
    assert statuses(run, *arguments) == found


def test_query_tells_a_write_that_begins_and_one_of_nobody(run: Run, writer: Writer) -> None:
    trail = writer.trail()
    told: dict[str, Any] = {
        "request_id": "0",
        "credential": None,
        "operation": "POST /records",
        "records": [],
    }
    trail.append("begun", writer.clock(), told)

    result = run("audit", "query")

    assert result.stdout == (
        "2026-03-05T12:00:00.000000Z begun: POST /records by credential - of -, 0\n"
    )


def test_query_lets_nothing_in_a_line_speak_to_the_terminal(run: Run, writer: Writer) -> None:
    told = {"request_id": "\x1b[2J", "operation": "GET\n/a\x9b1m [bold]", "records": []}
    writer.trail().append("answered", writer.clock(), told)

    result = run("audit", "query")

    assert result.stdout == (
        "2026-03-05T12:00:00.000000Z answered: GET\\n/a\\x9b1m [bold] by credential - of -, "
        "\\x1b[2J\n"
    )


@pytest.mark.usefixtures("asked")
def test_query_shows_lines_on_a_terminal_and_else_a_bar_beside_them(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = run("audit", "query").stdout
    monkeypatch.setattr(audit, "err", lambda: Console(stderr=True, force_terminal=True))

    elsewhere = run("audit", "query")
    monkeypatch.setenv("FORCE_COLOR", "1")
    on_a_terminal = run("audit", "query")

    assert (elsewhere.stdout, on_a_terminal.stdout) == (lines, lines)
    assert "reading" in elsewhere.stderr
    assert "reading" not in on_a_terminal.stderr


def test_whoever_has_read_enough_is_told_of_no_file(writer: Writer) -> None:
    def read() -> None:
        with reading(writer.folder):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        read()


@pytest.mark.usefixtures("asked")
def test_what_is_no_time_is_wrong_usage(run: Run) -> None:
    result = run("audit", "query", "--since", "yesterday")

    assert result.exit_code == 2
    assert "expected a time such as 2026-03-05" in result.stderr
