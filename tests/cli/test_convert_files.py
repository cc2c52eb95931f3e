"""`passerelle convert --output`: what it never writes over, and how its files are left."""

import errno
import fcntl
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy.cli.dumps import journal
from tests.cli.conftest import Run
from tests.cli.documents import LEGACY, OTHER_LEGACY, UPGRADED, WRONG, lines, read_lines
from tests.cli.dumps import half_done, refused
from tests.sockets.processes import PROGRAM, environment, until

NAMES = ("out.ndjson", "rejects.ndjson")


@pytest.fixture
def _files_for_all() -> Iterator[None]:
    """As where files that say nothing else can be read by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_files_for_all")
def test_an_output_and_its_rejects_are_for_their_owner_alone(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / name for name in NAMES]
    files[0].touch(0o644)
    options = (f"--output={files[0]}", f"--rejects={files[1]}", "--overwrite")

    result = run("convert", "upgrade", "-", *options, text=lines(LEGACY, WRONG))

    assert result.exit_code == 1
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]


@pytest.mark.usefixtures("_files_for_all")
def test_an_output_that_is_half_done_is_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    half_done(run, tmp_path)

    part = tmp_path / "out.ndjson.part"
    assert stat.S_IMODE(part.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["out.ndjson", "out.ndjson.part", "rejects.ndjson"])
def test_a_file_that_is_there_is_replaced_only_where_that_is_asked_for(
    name: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("something else\n", encoding="utf-8")
    arguments = (
        "upgrade",
        "-",
        f"--output={tmp_path / NAMES[0]}",
        f"--rejects={tmp_path / NAMES[1]}",
    )

    said = refused(run, *arguments)
    result = run("convert", *arguments, "--overwrite", text=lines(LEGACY))

    assert f"{tmp_path / name} is there already; --overwrite replaces it" in said
    assert result.exit_code == 0
    assert read_lines((tmp_path / NAMES[0]).read_text(encoding="utf-8")) == [UPGRADED]
    assert {path.name for path in tmp_path.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", ["sub/../out.ndjson", "out.ndjson.part", "out.ndjson.progress"])
def test_rejects_are_never_in_a_file_of_the_output(name: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    files = (f"--output={tmp_path / 'out.ndjson'}", f"--rejects={tmp_path / name}")

    said = refused(run, "upgrade", "-", *files)

    assert "one file is named twice" in said
    assert [path.name for path in tmp_path.iterdir()] == ["sub"]


def test_an_input_under_another_name_is_not_written_over(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "in.ndjson"
    file.write_text(lines(LEGACY), encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path)
    output = f"--output={tmp_path / 'link' / 'in.ndjson'}"

    said = refused(run, "upgrade", str(file), output, "--overwrite")

    assert "one file is named twice" in said
    assert file.read_text(encoding="utf-8") == lines(LEGACY)


def test_what_is_no_file_is_not_replaced(run: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    said = refused(run, "upgrade", "-", f"--output={pipe}", "--overwrite")

    assert f"{pipe} is no file" in said
    assert pipe.is_fifo()


@pytest.mark.parametrize("shared", NAMES)
def test_a_second_run_at_one_time_is_refused(shared: str, run: Run, tmp_path: Path) -> None:
    other, (output, rejects) = tmp_path / "in.ndjson", [tmp_path / name for name in NAMES]
    other.write_text(lines(OTHER_LEGACY), encoding="utf-8")
    files = [f"--output={output}", f"--rejects={rejects}"]
    line = [str(PROGRAM), "convert", "upgrade", "--from=ndjson", "-", *files]
    others = [f"--output={tmp_path / 'other'}", f"--rejects={tmp_path / 'others'}"]
    others[NAMES.index(shared)] = files[NAMES.index(shared)]
    with subprocess.Popen(line, env=environment(), stdin=subprocess.PIPE) as running:
        assert running.stdin
        running.stdin.write(b"\n")
        running.stdin.flush()
        until((tmp_path / "out.ndjson.progress").exists)

        said = refused(run, "upgrade", str(other), *others, "--overwrite")

        running.communicate(lines(LEGACY).encode())
    assert f"{tmp_path / shared}: another run is writing it" in said
    assert running.returncode == 0
    assert read_lines(output.read_text(encoding="utf-8")) == [UPGRADED]


def meanwhile(monkeypatch: pytest.MonkeyPatch, done: Callable[[], object]) -> None:
    """Let another run do something just before this one locks its first file."""
    lock = fcntl.flock
    waiting = [done]

    def late(file: Any, how: int) -> None:
        while waiting:
            waiting.pop()()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)


@pytest.mark.parametrize("begun", [False, True], ids=["ended", "ended, and a third one began"])
@pytest.mark.parametrize("options", [[], ["--overwrite"]], ids=["anew", "over what is there"])
def test_an_output_that_another_run_ended_meanwhile_is_not_written_over(
    begun: bool, options: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, part = tmp_path / "out.ndjson", tmp_path / "out.ndjson.part"

    def ended() -> None:
        part.rename(output)
        output.write_text("whole\n", encoding="utf-8")
        if begun:
            part.touch()

    meanwhile(monkeypatch, ended)
    said = refused(run, "upgrade", "-", f"--output={output}", *options)

    assert f"{output}: another run has just written it" in said
    assert output.read_text(encoding="utf-8") == "whole\n"


def test_work_that_another_run_has_gone_on_with_meanwhile_is_not_cut_back(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, output = half_done(run, tmp_path)
    path = tmp_path / "out.ndjson.progress"
    found = journal.read(path)
    assert found is not None
    further = replace(found, at=replace(found.at, documents=found.at.documents + 1))

    meanwhile(monkeypatch, lambda: journal.write(path, further))
    said = refused(run, "upgrade", str(file), f"--output={output}")

    assert f"{output}: another run has just written it" in said
    assert journal.read(path) == further


def test_a_disk_without_room_for_the_end_is_told_and_the_same_command_goes_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, output, part = (tmp_path / it for it in ("in.ndjson", NAMES[0], f"{NAMES[0]}.part"))
    file.write_text(lines(LEGACY), encoding="utf-8")
    sync = os.fsync

    def full(descriptor: int) -> None:
        if part.stat().st_size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        stopped = run("convert", "upgrade", str(file), f"--output={output}")
    again = run("convert", "upgrade", str(file), f"--output={output}")

    assert stopped.exit_code == 1
    assert stopped.stderr == (
        f"passerelle: {output}: No space left on device; "
        "the same command goes on once that is mended\n"
    )
    assert again.exit_code == 0
    assert read_lines(output.read_text(encoding="utf-8")) == [UPGRADED]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no such device")
@pytest.mark.parametrize("count", [1, 3_000], ids=["at the end", "on the way"])
def test_a_full_disk_behind_standard_output_is_told(count: int, tmp_path: Path) -> None:
    file = tmp_path / "in.ndjson"
    file.write_text(lines(LEGACY) * count, encoding="utf-8")

    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [str(PROGRAM), "convert", "upgrade", str(file)],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert ended.returncode == 1
    assert ended.stderr == "passerelle: standard output: No space left on device\n"
