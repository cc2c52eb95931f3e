"""`passerelle convert --output`: whole dumps, on every core, and what they leave behind."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.cli.dumps.chunks import CHUNK_BYTES
from proxy.cli.dumps.form import MAX_WHOLE_BYTES
from proxy.store.staging import MAX_LINE_BYTES
from tests.cli.conftest import Run
from tests.cli.documents import (
    LEGACY,
    OTHER_LEGACY,
    OTHER_UPGRADED,
    UPGRADED,
    WRONG,
    lines,
    read_lines,
    values,
)
from tests.cli.dumps import SEVERAL_CHUNKS, legacy_records, modern_records, write_lines
from tests.sockets.processes import environment

PEAK = """
import resource, sys
from proxy.program import main
try:
    main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Lines of three records, the second of which is wrong."""
    file = tmp_path / "records.ndjson"
    file.write_text(lines(LEGACY, WRONG, OTHER_LEGACY), encoding="utf-8")
    return file


def test_an_output_gets_its_name_when_it_is_whole(run: Run, dump: Path, tmp_path: Path) -> None:
    output, rejects = tmp_path / "out.ndjson", tmp_path / "rejects.ndjson"

    result = run("convert", "upgrade", str(dump), f"--output={output}", f"--rejects={rejects}")

    assert result.exit_code == 1
    assert read_lines(output.read_text(encoding="utf-8")) == [UPGRADED, OTHER_UPGRADED]
    assert result.stdout == f"2 documents in {output}\n"
    assert result.stderr == (
        f"lost: email (1), home_phone (1)\npasserelle: 1 rejected, told in {rejects}\n"
    )
    assert {path.name for path in tmp_path.iterdir()} == {
        "records.ndjson",
        "out.ndjson",
        "rejects.ndjson",
    }


def test_rejects_tell_line_pointer_and_reason_and_no_value(
    run: Run, dump: Path, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.ndjson"

    run("convert", "upgrade", str(dump), f"--output={tmp_path / 'out'}", f"--rejects={rejects}")

    told = rejects.read_text(encoding="utf-8")
    assert read_lines(told) == [
        {
            "line": 2,
            "problems": [
                {"pointer": "/birth_date", "reason": "date"},
                {"pointer": "/gender", "reason": "inclusion"},
            ],
        }
    ]
    assert [value for value in values(WRONG) if value in told] == []


def test_rejects_hold_the_record_where_that_is_asked_for(
    run: Run, dump: Path, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.ndjson"
    options = (f"--output={tmp_path / 'out'}", f"--rejects={rejects}", "--rejects-with-documents")

    run("convert", "upgrade", str(dump), *options)

    (told,) = read_lines(rejects.read_text(encoding="utf-8"))
    assert json.loads(told["text"]) == WRONG


def test_without_a_file_for_rejects_they_are_told_by_line(
    run: Run, dump: Path, tmp_path: Path
) -> None:
    result = run("convert", "upgrade", str(dump), f"--output={tmp_path / 'out.ndjson'}")

    assert result.exit_code == 1
    assert "passerelle: line 2: /birth_date: date; /gender: inclusion\n" in result.stderr
    assert result.stderr.endswith("passerelle: 1 rejected\n")


def test_the_first_hundred_rejects_are_told_and_the_others_counted(run: Run) -> None:
    result = run("convert", "upgrade", "-", text="[7]\n{}\n" + "{broken\n" * 150)

    told = [line for line in result.stderr.splitlines() if " line " in line]
    assert len(told) == 100
    assert result.stderr.endswith("passerelle: and 52 more; --output and --rejects list them all\n")


def test_several_processes_write_what_one_writes(run: Run, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "in.ndjson", legacy_records(SEVERAL_CHUNKS))
    assert file.stat().st_size > 5 * CHUNK_BYTES
    written = []

    for jobs in ("1", "2"):
        output, rejects = tmp_path / f"{jobs}.ndjson", tmp_path / f"{jobs}.rejects"
        result = run(
            "convert",
            "upgrade",
            str(file),
            f"--output={output}",
            f"--rejects={rejects}",
            f"--jobs={jobs}",
        )
        assert result.exit_code == 1
        written.append((output.read_bytes(), rejects.read_bytes(), result.stderr.splitlines()[0]))

    assert written[0] == written[1]
    zip_codes = [record["zip_code"] for record in read_lines(written[0][0].decode())]
    wrong = range(1_000, SEVERAL_CHUNKS + 1, 1_000)
    assert zip_codes == [f"{n:05d}" for n in range(1, SEVERAL_CHUNKS + 1) if n not in wrong]
    assert [told["line"] for told in read_lines(written[0][1].decode())] == list(wrong)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_gzip_is_read_and_written(jobs: str, run: Run, tmp_path: Path) -> None:
    plain = write_lines(tmp_path / "in.ndjson", modern_records(SEVERAL_CHUNKS))
    # Two members, as tools that append write it; its name does not tell.
    raw = plain.read_bytes()
    zipped = tmp_path / "zipped.ndjson"
    zipped.write_bytes(gzip.compress(raw[:1000]) + gzip.compress(raw[1000:]))
    outputs = tmp_path / "out.ndjson", tmp_path / "out.ndjson.gz"

    run("convert", "downgrade", str(plain), f"--output={outputs[0]}", f"--jobs={jobs}")
    result = run("convert", "downgrade", str(zipped), f"--output={outputs[1]}", f"--jobs={jobs}")

    assert result.exit_code == 0
    assert gzip.decompress(outputs[1].read_bytes()) == outputs[0].read_bytes()
    assert outputs[1].stat().st_size < outputs[0].stat().st_size / 4


def test_gzip_is_read_from_standard_input(run: Run) -> None:
    result = run("convert", "upgrade", "-", text=gzip.compress(lines(LEGACY).encode()))

    assert read_lines(result.stdout) == [UPGRADED]


@pytest.mark.parametrize("named", [[], ["--from=ndjson"]], ids=["as JSON", "as NDJSON"])
def test_gzip_without_its_end_is_told(named: list[str], run: Run, tmp_path: Path) -> None:
    file = tmp_path / "records.gz"
    file.write_bytes(gzip.compress(lines(LEGACY).encode() * 20)[:-9])

    result = run("convert", "upgrade", str(file), f"--output={tmp_path / 'out.ndjson'}", *named)

    assert result.exit_code == 1
    assert f"passerelle: {file}: its gzip is damaged, or has no end" in result.stderr
    assert not (tmp_path / "out.ndjson").exists()


@pytest.mark.parametrize("output", [[], ["--output=out"]], ids=["no output", "an output"])
def test_what_stands_before_the_damage_of_gzip_is_carried_over(
    output: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("records.ndjson.gz")
    file.write_bytes(gzip.compress(lines(LEGACY, OTHER_LEGACY).encode()) + b"no gzip")

    result = run("convert", "upgrade", str(file), *output)

    assert result.exit_code == 1
    again = (
        "a sound one is another input: --overwrite begins anew"
        if output
        else "nothing can go on from here"
    )
    said = "records.ndjson.gz: its gzip is damaged, or has no end, after line 2"
    assert result.stderr == f"passerelle: {said}; {again}\n"
    written = Path("out.part").read_text(encoding="utf-8") if output else result.stdout
    assert read_lines(written) == [UPGRADED, OTHER_UPGRADED]


def test_a_json_document_in_gzip_without_its_end_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "records.json.gz"
    text = json.dumps([LEGACY] * 2_000, indent=1).encode()
    file.write_bytes(gzip.compress(text)[:-9])

    result = run("convert", "upgrade", str(file))

    assert result.exit_code == 1
    assert result.stderr == f"passerelle: {file}: its gzip is damaged, or has no end\n"


def test_a_name_that_says_gzip_over_something_else_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "records.ndjson.gz"
    file.write_text(lines(LEGACY), encoding="utf-8")

    result = run("convert", "upgrade", str(file))

    assert result.exit_code == 1
    assert result.stderr == f"passerelle: {file}: it ends in .gz and is no gzip\n"


def test_a_json_document_on_many_lines_is_one(run: Run, tmp_path: Path) -> None:
    file, output = tmp_path / "all.json", tmp_path / "out.ndjson"
    file.write_text(json.dumps([LEGACY, OTHER_LEGACY], indent=2), encoding="utf-8")

    result = run("convert", "upgrade", str(file), f"--output={output}")

    assert result.exit_code == 0
    assert read_lines(output.read_text(encoding="utf-8")) == [[UPGRADED, OTHER_UPGRADED]]


def test_a_reject_on_many_lines_tells_the_last_one_too(run: Run) -> None:
    text = json.dumps([LEGACY, WRONG], indent=1)

    result = run("convert", "upgrade", "-", text=text)

    last = len(text.splitlines())
    assert result.stderr.startswith(f"passerelle: lines 1 to {last}: /1/birth_date: date; ")


def test_a_file_too_large_to_be_one_document_is_read_by_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "records.json"
    with file.open("wb") as written:
        written.write(b"{broken\n" + lines(LEGACY).encode())
        written.truncate(MAX_WHOLE_BYTES + 2 * MAX_LINE_BYTES)

    result = run("convert", "upgrade", str(file))

    assert read_lines(result.stdout) == [UPGRADED]
    assert result.stderr.startswith("passerelle: line 1: not strict JSON\npasserelle: line 3: ")


def test_a_line_without_an_end_costs_no_memory_and_spoils_no_other(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "records.ndjson"
    with file.open("wb") as written:
        written.write(lines(LEGACY).encode())
        written.write(b'{"first_name": "' + b"x" * (2 * MAX_LINE_BYTES) + b'"}\n')
        written.write(lines(OTHER_LEGACY).encode())

    result = run("convert", "upgrade", str(file))

    assert read_lines(result.stdout) == [UPGRADED, OTHER_UPGRADED]
    assert result.stderr.startswith("passerelle: line 2: longer than 16 MiB\n")


def test_dumps_in_latin_1_are_read_where_that_is_said(run: Run) -> None:
    text = lines(OTHER_LEGACY).encode("latin-1")

    refused = run("convert", "upgrade", "-", text=text)
    result = run("convert", "upgrade", "-", "--encoding=latin-1", text=text)

    assert refused.stderr == "passerelle: line 1: not strict JSON\n"
    assert read_lines(result.stdout) == [OTHER_UPGRADED]


def test_lines_in_latin_1_are_lines_whatever_the_file_is_called(run: Run) -> None:
    text = lines(*[OTHER_LEGACY] * 3).encode("latin-1")

    result = run("convert", "upgrade", "-", "--encoding=latin-1", text=text)

    assert read_lines(result.stdout) == [OTHER_UPGRADED] * 3


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252"])
def test_a_byte_order_mark_contradicts_another_encoding(encoding: str, run: Run) -> None:
    text = lines(LEGACY).encode("utf-8-sig")

    result = run("convert", "upgrade", "-", f"--encoding={encoding}", text=text)

    assert result.exit_code == 1
    assert result.stdout == ""
    said = f"passerelle: -: its byte order mark says that it is UTF-8, and not {encoding}\n"
    assert result.stderr == said


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak has another unit")
def test_memory_does_not_grow_with_the_dump(tmp_path: Path) -> None:
    peaks = []

    for count in (4_000, 40_000):
        file = write_lines(tmp_path / f"{count}.ndjson", legacy_records(count))
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                PEAK,
                "convert",
                "upgrade",
                str(file),
                "--jobs=1",
                f"--output={tmp_path / 'out'}",
                f"--rejects={tmp_path / 'no'}",
                "--overwrite",
            ],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        assert done.returncode == 1, done.stderr
        peaks.append(int(done.stderr.split()[-1]) / 1024)

    assert peaks[1] - peaks[0] < 6, peaks


def test_progress_of_a_file_has_a_rate_and_the_time_that_is_left(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = write_lines(tmp_path / "in.ndjson", legacy_records(6_000, wrong_every=9_999))

    result = run("convert", "upgrade", str(file), f"--output={tmp_path / 'out.ndjson'}", "--jobs=1")

    assert "converting 6,000 documents" in result.stderr
    for shown in ("100%", "MB/s", "0:00:00"):
        assert shown in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rejects=no.ndjson"], "--rejects needs --output"),
        (["--output=out", "--rejects-with-documents"], "needs --rejects"),
        (["--output=records.ndjson"], "one file is named twice"),
        (["--output=out", "--rejects=out"], "one file is named twice"),
        (["--output=nowhere/out"], "nowhere/out.part: No such file"),
        (["--jobs=0"], "--jobs"),
        (["--delimiter=|"], "--delimiter"),
    ],
)
def test_options_that_cannot_be_meant_are_wrong_usage(
    options: list[str], said: str, run: Run, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(dump.parent)

    result = run("convert", "upgrade", "records.ndjson", *options)

    assert result.exit_code == 2
    assert said in result.stderr
