"""The file that a process writes: its first line, its faults, its end, its age."""

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from proxy.audit.trail import BEGUN, remove
from tests.proxy.audit.written import NOW, Writer, events_in, no_file_beyond
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
    (writer.path / BEGUN).write_bytes(b'{"half')

    writer.file()

    assert writer.findings() == []


@pytest.mark.parametrize("how", ["removed", "cut"])
def test_a_file_that_somebody_else_removed_or_cut_is_noticed(writer: Writer, how: str) -> None:
    trail = writer.trail(2)
    path = writer.path / trail.name
    trail.sync()

    if how == "removed":
        path.unlink()
    else:
        os.truncate(path, 100)

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


def test_files_that_are_too_old_are_removed_and_the_next_one_says_so(writer: Writer) -> None:
    old, older, young = writer.file(), writer.file(), writer.file()
    aged(old, 400)
    aged(older, 366)
    aged(young, 364)

    new = writer.file(days=365)

    assert [it.name for it in writer.folder.files()] == [young.name, new.name]
    removed = first_of(new)["removed"]
    assert isinstance(removed, list)
    assert [(it["file"], it["sequence"], it["closed"]) for it in removed] == [
        (old.name, 4, True),
        (older.name, 4, True),
    ]
    assert writer.findings() == []


def test_a_file_that_is_written_is_not_removed_and_none_after_it(writer: Writer) -> None:
    trail = writer.trail()
    writer.clock.let_pass(seconds=1)
    after = writer.file()
    for name in (trail.name, after.name):
        aged(writer.path / name, 400)

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
    old = writer.file()
    aged(old, 400)
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
