"""`passerelle convert --output` that was stopped: the same command goes on, to the same bytes."""

import csv
import gzip
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from proxy.cli.dumps import journal
from proxy.cli.dumps.output import CHECKPOINT_BYTES
from proxy.settings import StoreSettings
from tests.cli.conftest import Run
from tests.cli.documents import LEGACY, MODERN, OTHER_LEGACY, UPGRADED, lines, read_lines
from tests.cli.dumps import (
    SEVERAL_CHUNKS,
    half_done,
    legacy_records,
    mark_ended,
    refused,
    saved,
    write_lines,
)
from tests.sockets.processes import PATIENCE_SECONDS, PROGRAM, environment, until

RECORDS = 36_000
NAMES = ("out.ndjson", "rejects.ndjson")


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dump with several checkpoints."""
    folder = tmp_path_factory.mktemp("dump")
    file = write_lines(folder / "in.ndjson", legacy_records(RECORDS))
    assert file.stat().st_size > 2.5 * CHECKPOINT_BYTES
    return file


@pytest.fixture(scope="module")
def whole(dump: Path) -> list[bytes]:
    """What a run writes that nobody stops."""
    folder = dump.parent / "whole"
    folder.mkdir()
    ended = subprocess.run(command(dump, folder, "--jobs=1"), env=environment(), check=False)
    assert ended.returncode == 1
    return [(folder / name).read_bytes() for name in NAMES]


def command(dump: Path, folder: Path, *options: str, ending: str = "") -> list[str]:
    """The command that converts a dump into a folder."""
    files = (f"--output={folder / NAMES[0]}{ending}", f"--rejects={folder / NAMES[1]}")
    return [str(PROGRAM), "convert", "upgrade", str(dump), *files, *options]


@contextmanager
def begun(line: list[str], output: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that has come to a checkpoint."""
    running = subprocess.Popen(
        line, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    with running:
        until(lambda: saved(output)["offset"] > 0 or running.poll() is not None)
        yield running


def workers_of(pid: int) -> list[int]:
    """The processes that carry chunks over for a process, as far as this system tells."""
    told = Path(f"/proc/{pid}/task/{pid}/children")
    children = told.read_text().split() if told.exists() else []
    return [int(it) for it in children if b"spawn_main" in Path(f"/proc/{it}/cmdline").read_bytes()]


@pytest.mark.parametrize("ending", ["", ".gz"], ids=["plain", "gzip"])
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(
    ending: str, dump: Path, whole: list[bytes], tmp_path: Path
) -> None:
    output = tmp_path / f"out.ndjson{ending}"

    with begun(command(dump, tmp_path, "--jobs=2", ending=ending), output) as running:
        workers = workers_of(running.pid)
        running.kill()
    assert running.returncode == -signal.SIGKILL
    assert not output.exists()
    # A kill may come in the middle of a write, of either file.
    for name in (output.name, NAMES[1]):
        with (tmp_path / f"{name}.part").open("ab") as part:
            part.write(b'{"half a li')
    again = subprocess.run(
        command(dump, tmp_path, "--jobs=1", ending=ending),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert again.returncode == 1
    assert again.stderr.startswith("going on after line ")
    written = output.read_bytes()
    assert (gzip.decompress(written) if ending else written) == whole[0]
    assert (tmp_path / NAMES[1]).read_bytes() == whole[1]
    assert {path.name for path in tmp_path.iterdir()} == {output.name, NAMES[1]}
    assert again.stdout == f"{RECORDS - RECORDS // 1000:,} documents in {output}\n"
    assert f"passerelle: {RECORDS // 1000} rejected" in again.stderr
    until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_csv_goes_on_after_a_kill_in_the_middle_of_its_rows(
    dump: Path, whole: list[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    records = read_lines(dump.read_text(encoding="utf-8"))
    with file.open("w", encoding="utf-8", newline="") as rows:
        writer = csv.DictWriter(rows, records[0])
        writer.writeheader()
        writer.writerows(records)

    with begun(command(file, tmp_path, "--jobs=1"), tmp_path / NAMES[0]) as running:
        running.kill()
    again = subprocess.run(command(file, tmp_path), env=environment(), check=False)

    assert running.returncode == -signal.SIGKILL
    assert again.returncode == 1
    assert (tmp_path / NAMES[0]).read_bytes() == whole[0]
    told = read_lines((tmp_path / NAMES[1]).read_text(encoding="utf-8"))
    assert [it["line"] for it in told] == [n + 1 for n in range(1_000, RECORDS + 1, 1_000)]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_at_a_checkpoint_and_says_how_to_go_on(
    jobs: str, dump: Path, whole: list[bytes], tmp_path: Path
) -> None:
    zipped = tmp_path / "in.ndjson.gz"
    zipped.write_bytes(gzip.compress(dump.read_bytes(), 1))
    output = tmp_path / NAMES[0]

    with begun(command(zipped, tmp_path, f"--jobs={jobs}"), output) as running:
        # As a terminal does: to all processes of the command.
        os.killpg(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=PATIENCE_SECONDS)
    line = saved(output)["line"]
    again = subprocess.run(command(zipped, tmp_path), env=environment(), check=False)

    assert running.returncode == 130
    said = f"passerelle: stopped, after line {line:,}; the same command goes on from here\n"
    assert told == said
    assert again.returncode == 1
    assert [(tmp_path / name).read_bytes() for name in NAMES] == whole


def rest(workers: list[int]) -> Callable[[], bool]:
    """Whether these processes have done nothing since this was asked before."""
    before: list[list[str]] = []

    def resting() -> bool:
        # Whether each sleeps, and its ticks so far (proc_pid_stat(5)).
        told = [Path(f"/proc/{it}/stat").read_text().split()[2:15] for it in workers]
        states = [[of[0], of[11], of[12]] for of in told]
        same, before[:] = states == before, states
        return same and {state[0] for state in states} == {"S"}

    return resting


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system does not tell")
@pytest.mark.parametrize("killed", [1, 2], ids=["one of them", "both"])
def test_a_process_that_was_killed_is_told_and_the_next_run_goes_on(
    killed: int, dump: Path, whole: list[bytes], tmp_path: Path
) -> None:
    with begun(command(dump, tmp_path, "--jobs=2"), tmp_path / NAMES[0]) as running:
        # Nobody takes their answers, so that these stay half sent.
        running.send_signal(signal.SIGSTOP)
        workers = workers_of(running.pid)
        until(rest(workers))
        for worker in workers[:killed]:
            os.kill(worker, signal.SIGKILL)
        running.send_signal(signal.SIGCONT)
        try:
            _, told = running.communicate(timeout=PATIENCE_SECONDS)
        finally:
            running.kill()
    again = subprocess.run(command(dump, tmp_path), env=environment(), check=False)

    assert len(workers) == 2
    assert running.returncode == 1
    assert told.startswith("passerelle: a process was killed: too little memory?, after line ")
    assert again.returncode == 1
    assert [(tmp_path / name).read_bytes() for name in NAMES] == whole


def test_processes_that_are_killed_as_they_start_are_told(tmp_path: Path) -> None:
    # More than a pipe holds is told to each as it starts.
    header = f"first_name;{'x' * 2**20}\n"
    file = tmp_path / "in.csv"
    file.write_text(header + f"{'Isaure ' * 100};\n" * SEVERAL_CHUNKS, encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "if '--multiprocessing-fork' in sys.orig_argv:\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n",
        encoding="utf-8",
    )

    ended = subprocess.run(
        command(file, tmp_path, "--jobs=2"),
        env={**environment(), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )

    assert ended.returncode == 1
    assert ended.stderr == (
        "passerelle: a process was killed: too little memory?, after line 0; "
        "the same command goes on from here\n"
    )


def test_processes_that_cannot_be_started_are_told(dump: Path, tmp_path: Path) -> None:
    line = command(dump, tmp_path, "--jobs=40")

    limited = ["sh", "-c", 'ulimit -n 16 && exec "$@"', "sh", *line]
    ended = subprocess.run(limited, env=environment(), capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert ended.stderr == (
        "passerelle: a process cannot be started: Too many open files, after line 0; "
        "the same command goes on from here\n"
    )


@pytest.mark.parametrize("options", [[], ["--crosswalk"]], ids=["alone", "with the store"])
def test_a_disk_that_gets_full_is_told_and_the_next_run_goes_on(
    options: list[str], dump: Path, tmp_path: Path
) -> None:
    line = command(dump, tmp_path, "--jobs=1", *options)
    state = environment(data_dir=str(tmp_path / "state"))

    # As many blocks as that: the file takes a part of a write, and no more.
    limited = ["sh", "-c", 'ulimit -f 1001 && exec "$@"', "sh", *line]
    full = subprocess.run(limited, env=state, capture_output=True, text=True, check=False)
    again = subprocess.run(line, env=state, capture_output=True, text=True, check=False)

    assert full.returncode == 1
    assert full.stderr == (
        f"passerelle: {tmp_path / NAMES[0]}: File too large; "
        "the same command goes on once that is mended\n"
    )
    assert again.returncode == 1
    written = (tmp_path / NAMES[0]).read_bytes()
    assert written.count(b"\n") == RECORDS - RECORDS // 1000


def test_ctrl_c_without_an_output_says_that_nothing_can_go_on() -> None:
    with subprocess.Popen(
        [PROGRAM, "convert", "upgrade", "--from=ndjson", "-"],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin
        assert running.stderr
        running.stdin.write((b"{broken" + b" " * 1_000 + b"\n") * 3_000)
        running.stdin.flush()
        # It is at work once it tells of the first one.
        first = running.stderr.readline()
        running.send_signal(signal.SIGINT)
        told = running.stderr.read()

    assert first == b"passerelle: line 1: not strict JSON\n"
    assert running.returncode == 130
    assert b"passerelle: stopped, after line " in told
    assert told.endswith(b"; nothing can go on from here\n")


def test_a_reader_that_goes_away_ends_it_quietly(dump: Path) -> None:
    with subprocess.Popen(
        [str(PROGRAM), "convert", "upgrade", str(dump)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout
        assert running.stderr
        first = running.stdout.readline()
        running.stdout.close()
        told = running.stderr.read()

    assert json.loads(first)["zip_code"] == "00001"
    assert running.returncode == 1
    assert b"Traceback" not in told


def test_an_input_that_has_changed_is_refused(run: Run, tmp_path: Path) -> None:
    file, output = half_done(run, tmp_path)
    file.write_bytes(gzip.compress(lines(OTHER_LEGACY).encode()))

    said = refused(run, "upgrade", str(file), f"--output={output}")

    assert (
        f"{output} is half done, and the input has changed: the command of before goes on; "
        "--overwrite begins anew"
    ) in said


def test_another_mapping_or_other_options_are_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, output = half_done(run, tmp_path)
    options = tmp_path / "options.toml"
    options.write_text('[names]\npolicy = "straight"\n', encoding="utf-8")
    (tmp_path / "tables" / "of last year").mkdir(parents=True)
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(options))
    monkeypatch.setenv("PASSERELLE_TABLES", str(tmp_path / "tables"))

    said = refused(run, "upgrade", str(file), f"--output={output}", "--encoding=latin-1")

    assert (
        "the options are others, and the mapping, its options or its tables have changed:" in said
    )


def test_half_done_work_is_begun_anew_where_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    file, output = half_done(run, tmp_path)
    file.write_bytes(gzip.compress(lines(LEGACY).encode()))

    result = run("convert", "upgrade", str(file), f"--output={output}", "--overwrite")

    assert result.exit_code == 0
    assert read_lines(output.read_text(encoding="utf-8")) == [UPGRADED]


def test_a_journal_that_cannot_be_read_is_told(run: Run, tmp_path: Path) -> None:
    file, output = half_done(run, tmp_path)
    (tmp_path / "out.ndjson.progress").write_text('{"at": ', encoding="utf-8")

    said = refused(run, "upgrade", str(file), f"--output={output}")

    assert "out.ndjson.progress cannot be read; --overwrite begins anew" in said


def test_a_part_that_lost_its_end_is_told(run: Run, tmp_path: Path) -> None:
    file, output = half_done(run, tmp_path)
    os.truncate(tmp_path / "out.ndjson.part", 10)

    said = refused(run, "upgrade", str(file), f"--output={output}")

    assert "out.ndjson.part is shorter than it was left; --overwrite begins anew" in said


def test_standard_input_cannot_be_taken_up_again(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "out.ndjson"
    broken = gzip.compress(lines(LEGACY).encode() * 3_000)[:-1]
    options = ("upgrade", "--from=ndjson", "-", f"--output={output}")
    assert run("convert", *options, text=broken).exit_code == 1

    result = run("convert", *options, text=lines(LEGACY))

    assert result.exit_code == 2
    assert "standard input cannot be read again" in result.stderr


def test_a_run_that_was_killed_between_two_names_is_ended_by_the_next(
    run: Run, tmp_path: Path
) -> None:
    file, output = half_done(run, tmp_path)
    at = mark_ended(output)
    (tmp_path / "out.ndjson.part").rename(output)

    result = run("convert", "upgrade", str(file), f"--output={output}")

    assert result.exit_code == 0
    assert result.stdout == f"{at['documents']:,} documents in {output}\n"
    assert not (tmp_path / "out.ndjson.progress").exists()


def test_an_output_that_was_taken_away_at_the_end_is_missed(run: Run, tmp_path: Path) -> None:
    file, output = half_done(run, tmp_path)
    mark_ended(output)
    (tmp_path / "out.ndjson.part").rename(tmp_path / "elsewhere")

    said = refused(run, "upgrade", str(file), f"--output={output}")

    assert f"{output} was written and is no longer there; --overwrite begins anew" in said


def test_another_crosswalk_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "state"))
    file, output = half_done(run, tmp_path, "downgrade", MODERN, "--crosswalk")
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "elsewhere"))

    said = refused(run, "downgrade", str(file), f"--output={output}", "--crosswalk")

    assert f"{output} is half done, and the store is another one: the command of before" in said


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("postgresql://other:hushed@db:5433/ids?host=/run/db&password=hushed", True),
        ("postgresql://me:sesame@spare:5433/ids?host=/run/db", False),
        ("postgresql://me:sesame@db:5434/ids?host=/run/db", False),
        ("postgresql://me:sesame@db:5433/spare?host=/run/db", False),
        ("postgresql://me:sesame@db:5433/ids?host=/run/spare", False),
    ],
    ids=["another user", "another host", "another port", "another database", "another socket"],
)
def test_a_database_is_the_same_whoever_signs_in_there(url: str, same: bool) -> None:
    here = StoreSettings(store_url=SecretStr("postgresql://me:sesame@db:5433/ids?host=/run/db"))

    name = journal.store_name(StoreSettings(store_url=SecretStr(url)))

    assert (name == journal.store_name(here)) is same
    assert [it for it in ("me", "sesame", "hushed") if it in name] == []


def test_the_day_stays_the_one_of_the_first_run(run: Run, tmp_path: Path) -> None:
    file, output = half_done(run, tmp_path, "downgrade", MODERN)
    progress = tmp_path / "out.ndjson.progress"
    told = json.loads(progress.read_bytes())
    progress.write_text(json.dumps({**told, "at": {}, "today": "1989-08-24"}), encoding="utf-8")

    run("convert", "downgrade", str(file), f"--output={output}")

    shown = read_lines((tmp_path / "out.ndjson.part").read_text(encoding="utf-8"))
    assert {record["caption"] for record in shown} == {"Femme de 10 ans"}
