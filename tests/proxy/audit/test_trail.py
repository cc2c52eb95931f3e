"""The file that a process writes: its first line, its faults, its end, its age."""

import json
import os
import stat
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from proxy.audit.folder import LOCK
from proxy.audit.keys import AuditKey
from proxy.audit.trail import HANDED_OVER, Beginning, Trail, remove
from tests.proxy.audit.written import KEY, NOW, Writer, events_in, no_file_beyond, tamper
from tests.proxy.conftest import LogLines


def first_of(path: Path) -> dict[str, object]:
    first: dict[str, object] = json.loads(path.read_bytes().splitlines()[0])
    return first


def test_files_are_for_their_user_alone(writer: Writer) -> None:
    path = writer.file()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(writer.path.stat().st_mode) == 0o700


def test_the_first_line_says_which_file_it_is_and_by_which_key_and_build(writer: Writer) -> None:
    path = writer.file()

    first = first_of(path)

    assert path.name == f"audit-20260305T120000.000000Z-{os.getpid()}.jsonl"
    assert len(str(first.pop("hash"))) == 64
    assert len(str(first.pop("folder"))) == 16
    assert first == {
        "sequence": 0,
        "at": "2026-03-05T12:00:00.000000Z",
        "event": "opened",
        "file": path.name,
        "key": "k1",
        "build": "1.2.3 a-pack 0123456789ab",
        "before": [],
        "removed": [],
    }


def test_two_files_of_one_moment_have_two_names(writer: Writer) -> None:
    one, other = writer.trail(), writer.trail()

    assert one.name < other.name


def test_a_line_that_does_not_fit_on_the_disk_leaves_nothing(writer: Writer) -> None:
    trail = writer.trail(2)

    with no_file_beyond(trail.size + 10), pytest.raises(OSError, match="No space left"):
        trail.append("answered", NOW, {})
    with no_file_beyond(trail.size), pytest.raises(OSError, match="File too large"):
        trail.append("answered", NOW, {})
    trail.append("answered", NOW, {})
    trail.close(NOW)

    assert writer.findings() == []
    assert events_in(writer.path) == ["opened", *["answered"] * 3, "closed"]


def test_there_must_be_room_for_more_than_one_line(writer: Writer) -> None:
    trail = writer.trail(2)

    with no_file_beyond(trail.size + 1000), pytest.raises(OSError, match="No space left"):
        trail.make_sure_of_room()
    trail.make_sure_of_room()
    trail.close(NOW)

    assert writer.findings() == []


def test_a_file_that_cannot_be_begun_leaves_nothing(writer: Writer) -> None:
    with no_file_beyond(100), pytest.raises(OSError, match="No space left"):
        writer.trail()

    assert os.listdir(writer.path) == [".lock"]


def test_what_was_begun_by_a_process_that_was_killed_is_in_nobodys_way(writer: Writer) -> None:
    (writer.path / HANDED_OVER).write_bytes(b'{"half')

    writer.file()

    assert writer.findings() == []


def test_a_pipe_in_the_place_of_what_is_begun_is_not_waited_for(writer: Writer) -> None:
    os.mkfifo(writer.path / HANDED_OVER)

    path = writer.file()

    assert path.is_file()
    assert writer.findings() == []


@pytest.mark.parametrize("name", [HANDED_OVER, LOCK])
def test_nothing_is_made_through_a_link(writer: Writer, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (writer.path / name).unlink(missing_ok=True)
    (writer.path / name).symlink_to(elsewhere)

    with suppress(OSError):
        writer.file()

    assert not elsewhere.exists()


def test_one_process_at_a_time_begins_a_file_and_the_others_wait_for_a_while(
    writer: Writer,
) -> None:
    with writer.kept_by_another(), pytest.raises(BlockingIOError), writer.folder.locked(0.001):
        pass

    assert writer.file().exists()


def test_a_folder_can_be_used_while_another_process_begins_a_file_in_it(writer: Writer) -> None:
    with writer.kept_by_another():
        writer.folder.make()

    assert writer.file().exists()


def test_all_files_of_a_folder_have_its_name_by_whatever_key(writer: Writer) -> None:
    other = AuditKey("k2", bytes([1] * 32))
    before = writer.file()
    book = replace(writer.book(), keys={"k2": other, "k1": KEY})

    with closing(Beginning(book, writer.clock(), 0)) as beginning:
        Trail.begin(beginning, writer.clock()).close(writer.clock())

    first, second = (first_of(path) for path in writer.folder.files())
    assert (first["key"], second["key"]) == ("k1", "k2")
    assert first["folder"] == second["folder"]
    assert before.exists()


@pytest.mark.parametrize("how", ["removed", "moved", "moved with its folder", "cut"])
def test_a_file_that_somebody_else_removed_or_cut_is_noticed(writer: Writer, how: str) -> None:
    trail = writer.trail(2)
    path = writer.path / trail.name
    trail.sync()

    tamper(path, how)

    with pytest.raises(OSError, match="somebody removed or changed it"):
        trail.sync()


def test_a_file_is_full_by_its_size_or_on_another_day(writer: Writer) -> None:
    trail, small = writer.trail(), writer.trail(file_bytes=10)

    assert not trail.is_full(NOW + timedelta(hours=11))
    assert trail.is_full(NOW + timedelta(hours=12))
    assert small.is_full(NOW)


def aged(path: Path, days: float) -> None:
    """As if it had last been written so many days before."""
    then = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))


def old_file(writer: Writer, days: float) -> Path:
    """A file that was begun, and last written, so many days before."""
    writer.clock.now = NOW - timedelta(days=days)
    path = writer.file()
    writer.clock.now = NOW
    aged(path, days)
    return path


def test_files_that_are_too_old_are_removed_and_the_next_one_says_so(writer: Writer) -> None:
    old, older, young = (old_file(writer, days) for days in (400, 366, 364))

    new = writer.file(days=365)

    assert [it.name for it in writer.folder.files()] == [young.name, new.name]
    removed = first_of(new)["removed"]
    assert isinstance(removed, list)
    assert [(it["file"], it["sequence"], it["closed"]) for it in removed] == [
        (old.name, 4, True),
        (older.name, 4, True),
    ]
    assert writer.findings() == []


def test_a_time_that_anybody_can_set_removes_no_file(writer: Writer) -> None:
    path = writer.file()
    aged(path, 400)

    writer.file(days=365)

    assert path.exists()


def test_a_name_that_is_no_moment_is_no_fault(writer: Writer) -> None:
    nonsense = writer.path / "audit-20269999T999999.000000Z-1.jsonl"
    nonsense.write_bytes(b"x\n")

    path = writer.file(days=365)

    assert path.exists()


def test_what_nobody_with_the_key_has_told_counts_for_nothing(writer: Writer) -> None:
    victim = writer.file()
    planted = writer.path / "audit-20250101T000000.000000Z-1.jsonl"
    claim = {"file": victim.name, "sequence": 4, "hash": "0" * 64}
    first = {**first_of(victim), "file": planted.name, "before": [claim]}
    planted.write_text(json.dumps(first, separators=(",", ":")) + "\n", "utf-8")
    writer.file()

    planted.unlink()
    victim.unlink()

    assert writer.findings() == [
        f"{it.name}: is not there; file 0 tells of it" for it in (planted, victim)
    ]


def test_a_file_that_is_written_is_not_removed_and_none_after_it(writer: Writer) -> None:
    writer.clock.now = NOW - timedelta(days=401)
    trail = writer.trail()
    aged(writer.path / trail.name, 401)
    old_file(writer, 400)

    writer.file(days=365)

    assert len(writer.folder.files()) == 3


def test_a_removed_file_without_a_whole_line_is_told_of_too(writer: Writer) -> None:
    empty = writer.path / "audit-20250305T120000.000000Z-1.jsonl"
    empty.write_bytes(b"half a line")
    aged(empty, 400)

    new = writer.file(days=365)

    assert not empty.exists()
    assert first_of(new)["removed"] == [
        {"file": empty.name, "sequence": -1, "hash": "", "closed": False, "written": False}
    ]


def test_an_old_file_that_cannot_be_removed_is_logged_and_no_fault(
    writer: Writer, log_lines: LogLines
) -> None:
    old = old_file(writer, 400)
    outdated = writer.folder.outdated(NOW, 365)
    old.unlink()
    old.mkdir()

    remove(old)

    (line,) = log_lines()
    assert line["event"] == "an old file of the audit log cannot be removed"
    assert line["reason"] == "Is a directory"
    assert outdated[0].file == old.name


def test_the_last_line_of_a_file_is_found_however_long_it_is(writer: Writer) -> None:
    trail = writer.trail()
    trail.append("answered", NOW, {"long": "x" * 300_000})
    trail.let_go()
    writer.clock.let_pass(seconds=1)

    new = writer.file()

    before = first_of(new)["before"]
    assert isinstance(before, list)
    assert before[0]["sequence"] == 1
    assert writer.findings() == []
