"""What is found in files that were tampered with, and in those that were not."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.audit.lines import Claim
from proxy.audit.verify import verify
from tests.proxy.audit.written import NOW, Writer

UNTOLD = (
    "has no last line, and no other file tells how it ended: its process was killed, or it was cut"
)
CHANGED = "was changed, or one before it was removed"


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def without(number: int) -> Callable[[list[bytes]], list[bytes]]:
    """Without the line of this number, from 1."""
    return lambda lines: [*lines[: number - 1], *lines[number:]]


def test_files_that_are_whole_are_told_with_their_lines_and_times(writer: Writer) -> None:
    writer.file(3)
    writer.trail(1)

    found = writer.verified()

    assert found.findings == []
    assert [(it.lines, it.state) for it in found.files] == [(5, "closed"), (2, "written")]
    assert (found.files[0].first, found.files[0].last) == ("2026-03-05T12:00:00.000000Z",) * 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(without(3), f"file 0: line 3: {CHANGED}", id="a line removed"),
        pytest.param(
            lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
            f"file 0: line 3: {CHANGED}",
            id="two lines in another order",
        ),
        pytest.param(
            lambda lines: [*lines[:2], lines[1], *lines[2:]],
            f"file 0: line 3: {CHANGED}",
            id="a line twice",
        ),
        pytest.param(
            lambda lines: [*lines, lines[-1]],
            "file 0: line 6: stands behind the last one",
            id="a line after the last one",
        ),
        pytest.param(
            lambda lines: [*lines, b"half a line"],
            "file 0: line 6: stands behind the last one",
            id="half a line after the last one",
        ),
        pytest.param(without(1), "file 0: line 1: is not the first line of an audit log", id="top"),
        pytest.param(without(5), f"file 0: {UNTOLD}", id="the last line removed"),
        pytest.param(
            lambda lines: lines[:3], f"file 0: {UNTOLD}", id="the lines at the end removed"
        ),
        pytest.param(
            lambda lines: [*lines[:2], b"{}\n", *lines[2:]],
            "file 0: line 3: is no line of an audit log",
            id="a strange line",
        ),
        pytest.param(
            lambda lines: [*lines[:2], b"\xff" + lines[2][1:], *lines[3:]],
            "file 0: line 3: is no line of an audit log",
            id="a byte that is no text",
        ),
        pytest.param(lambda lines: [], f"file 0: {UNTOLD}", id="nothing left"),
    ],
)
def test_what_was_done_to_a_file_is_found(
    writer: Writer, change: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    path = writer.file(3)

    path.write_bytes(b"".join(change(lines_of(path))))

    assert writer.findings() == [said]


def test_every_byte_counts(writer: Writer) -> None:
    path = writer.file(2)
    whole = path.read_bytes()

    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert writer.findings(), f"byte {place}"


def test_a_file_of_another_name_is_found(writer: Writer) -> None:
    path = writer.file()

    path.rename(path.with_name(path.name.replace("2026", "2025")))

    assert writer.findings() == ["file 0: line 1: is that of another file"]


def test_a_file_by_a_key_that_is_not_configured_is_not_judged(writer: Writer) -> None:
    path = writer.file()

    path.write_bytes(path.read_bytes().replace(b'"key":"k1"', b'"key":"k7"'))

    assert writer.findings() == ["file 0: line 1: the key k7 is not configured"]


def test_a_file_that_was_removed_is_missed_by_the_one_after_it(writer: Writer) -> None:
    first, second = writer.file(), writer.file()

    first.unlink()

    assert writer.findings() == [f"{first.name}: is not there; file 0 tells of it"]
    assert second.exists()


def test_a_file_that_was_cut_is_missed_by_the_one_after_it(writer: Writer) -> None:
    path = writer.file(3)
    writer.file()

    path.write_bytes(b"".join(lines_of(path)[:-1]))

    assert writer.findings() == ["file 0: was cut: file 1 tells of 5 lines"]


def test_another_file_in_the_place_of_one_is_found(writer: Writer) -> None:
    path = writer.file(3)
    lines = lines_of(path)
    path.write_bytes(b"".join(lines[:2]))
    writer.file()

    path.write_bytes(b"".join(lines))

    assert writer.findings() == []
    told = Claim(path.name, 1, "f" * 64)
    assert writer.findings([told]) == [
        "file 0: line 2: is another one than the file of heads tells of"
    ]


def test_a_killed_process_leaves_a_file_of_which_the_next_one_tells(writer: Writer) -> None:
    writer.trail(3).let_go()
    alone = writer.findings()
    writer.clock.let_pass(seconds=1)

    writer.file()

    assert alone == [f"file 0: {UNTOLD}"]
    assert writer.findings() == []
    assert [it.state for it in writer.verified().files] == ["not closed", "closed"]


def test_half_a_line_that_a_power_failure_left_is_told_and_no_tampering(writer: Writer) -> None:
    trail = writer.trail(3)
    trail.let_go()
    with (writer.path / trail.name).open("ab") as file:
        file.write(b'{"sequence":4,')
    writer.clock.let_pass(seconds=1)

    writer.file()

    assert writer.findings() == []
    assert writer.verified().files[0].torn_bytes == 14


def test_several_processes_tell_of_each_other_however_they_end(writer: Writer) -> None:
    """Each file tells of the others as they were when it was begun."""
    one = writer.trail(2)
    writer.clock.let_pass(seconds=1)
    other = writer.trail(2)
    one.append("answered", NOW, {})
    one.close(NOW)
    other.close(NOW)
    writer.clock.let_pass(seconds=1)
    writer.file()

    before = [json.loads(lines_of(path)[0])["before"] for path in writer.folder.files()]

    assert writer.findings() == []
    assert [[(it["sequence"], it["closed"], it["written"]) for it in some] for some in before] == [
        [],
        [(2, False, True)],
        [(4, True, False), (3, True, False)],
    ]


def test_what_one_file_tells_of_the_end_of_another_no_third_one_repeats(writer: Writer) -> None:
    for _ in range(3):
        writer.file()

    before = [json.loads(lines_of(path)[0])["before"] for path in writer.folder.files()]

    assert [len(some) for some in before] == [0, 1, 1]


def test_heads_that_were_kept_elsewhere_find_what_the_folder_alone_cannot(writer: Writer) -> None:
    first, last = writer.file(), writer.file()
    heads = writer.verified().heads

    last.unlink()

    assert writer.findings() == []
    assert writer.findings(heads) == [f"{last.name}: is not there; the file of heads tells of it"]
    assert first.exists()


def test_the_head_of_a_file_that_has_grown_since_still_fits(writer: Writer) -> None:
    trail = writer.trail(2)
    heads = writer.verified().heads
    trail.append("answered", NOW, {})
    trail.close(NOW)

    assert writer.findings(heads) == []


def test_a_line_of_many_brackets_is_no_line(writer: Writer) -> None:
    (writer.path / "audit-20250101T000000.000000Z-1.jsonl").write_bytes(
        b'{"x":' + b"[" * 200_000 + b"\n"
    )

    writer.file()

    assert writer.findings() == ["file 0: line 1: is not the first line of an audit log"]


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_has_the_name_of_a_file_and_is_none_is_told_and_not_opened(
    writer: Writer, tmp_path: Path, kind: str
) -> None:
    place = writer.path / "audit-20250101T000000.000000Z-1.jsonl"
    if kind == "folder":
        place.mkdir()
    elif kind == "link":
        place.symlink_to(tmp_path / "nowhere")
    else:
        os.mkfifo(place)

    path = writer.file()

    assert writer.folder.files() == [path]
    assert writer.findings() == [f"{place.name}: is no file: a folder, a link or a pipe"]


def test_a_link_in_the_place_of_a_file_is_told_once(writer: Writer) -> None:
    path = writer.file()
    writer.file()

    path.symlink_to(path.rename(path.with_name("elsewhere")))

    assert writer.findings() == [f"{path.name}: is no file: a folder, a link or a pipe"]


def test_a_whole_file_of_another_folder_by_the_same_key_is_found(
    writer: Writer, tmp_path: Path
) -> None:
    elsewhere = Writer(tmp_path / "elsewhere").file()
    writer.clock.let_pass(seconds=1)
    writer.file()
    writer.file()

    elsewhere.rename(writer.path / elsewhere.name)

    assert writer.findings() == ["file 0: line 1: is of another folder"]


def test_whoever_reads_hears_how_far_it_is(writer: Writer) -> None:
    path, read = writer.file(), list[int]()

    verify(writer.folder, {}, tell=read.append)

    assert read == [len(lines_of(path)[0])]
