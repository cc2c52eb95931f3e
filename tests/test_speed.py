"""The bench of speed: its work is what the gateway does, and its figures are what they say."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from bench.speed import engine, instructions, small
from bench.speed.goals import judged
from bench.speed.golden import Golden, golden, unlike
from bench.speed.load import Sample, row, sample, told_by_wrk
from bench.speed.peers import PEERS, Place
from bench.speed.plot import plot
from bench.speed.processes import Running, cores, cpu_seconds, tree
from bench.speed.rounds import Measured, Plan
from bench.speed.table import BEGIN, END, write_docs
from bench.speed.workload import MADE, READ, READ_ONE, WORKS, modern_record, new_record

PYTHON_PEERS = Path(__file__).parent.parent / "bench/peers/python"
WINDOWS = [
    Sample(cpu_us=80, rps=900, p50_us=700, p99_us=1500, rss_mb=40, requests=900, errors=0),
    Sample(cpu_us=90, rps=800, p50_us=800, p99_us=1700, rss_mb=41, requests=800, errors=2),
    Sample(cpu_us=70, rps=950, p50_us=600, p99_us=1600, rss_mb=40.5, requests=950, errors=0),
]


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Golden:
    """What the gateway itself answers and sends."""
    return golden(tmp_path_factory.mktemp("golden") / "golden", cores().rest)


def test_the_gateway_carries_six_vaccinations_and_lists_a_hundred_records(right: Golden) -> None:
    read, listed = right.answers["read"].document, right.answers["list100"].document

    assert read["uuid"] == modern_record(READ)["id"]
    assert [it["id"] is not None for it in read["vaccinations"]] == [True] * 6
    assert 2500 < len(json.dumps(read, ensure_ascii=False, separators=(",", ":"))) < 4000
    assert len(listed) == 100
    assert listed[READ] == read


def test_a_creation_is_one_call_and_its_answer_holds_six_vaccinations(right: Golden) -> None:
    made = right.answers["create"]

    assert made.status == 201
    assert made.document["uuid"] == modern_record(MADE)["id"]
    assert len(made.document["vaccinations"]) == 6
    assert right.sent == {
        "first_name": new_record(999_999_999)["first_name"],
        "last_name": "Sourdeval",
        "customary_name": "Le Quintrec",
        "birth_date": "1987-03-09",
        "zip_code": "01270",
        "gender": "f",
    }


def test_the_dict_code_of_the_python_peers_does_what_the_gateway_does(
    right: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PYTHON_PEERS))
    peer = importlib.import_module("records").Records(right.tables)

    shown = [peer.downgrade(modern_record(number)) for number in range(100)]

    assert list(unlike(shown, right.answers["list100"].document, "")) == []
    assert peer.upgrade(new_record(999_999_999)) == right.sent


def test_the_engine_that_is_measured_gives_the_same_either_way() -> None:
    assert json.loads(engine.read()) == json.loads(engine.read_plain())
    assert json.loads(engine.read_all()) == json.loads(engine.read_all_plain())


def test_every_work_whose_instructions_are_counted_is_one_of_the_engine() -> None:
    assert instructions.WORKS.keys() == engine.WORKS.keys()


def test_the_dict_code_of_the_python_peers_does_the_small_work_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(PYTHON_PEERS))
    peer = importlib.import_module("small").Records(None)

    shown = [peer.downgrade(small.modern_document(number)) for number in range(100)]

    assert shown == [small.legacy_document(small.modern_document(it)) for it in range(100)]
    assert peer.upgrade(small.made_document()) == small.sent_document()
    assert 2300 < len(small.upstream_answers()[f"GET {READ_ONE.upstream}"]) < 2700


def test_a_gateway_is_compared_with_its_sketch_once_the_machine_is_allowed_for() -> None:
    costs = {"nginx": 9.0, "go": 66.5, "node": 68.0, "express": 324.0, "mitmproxy": 500.0}
    windows = {peer: [Sample(cost, 900, 700, 1500, 40, 900, 0)] for peer, cost in costs.items()}
    rows = [row(peer, "create", 16, it, 0, equal=True) for peer, it in windows.items()]

    told = {line[0]: line for line in small.compared(Measured(rows))}

    assert told["go"][-2:] == ("1.00", "within")
    assert told["express"][-2:] == ("2.00", "slower")
    assert told["mitmproxy"][-2:] == ("0.75", "faster")


def test_documents_that_differ_are_told_place_by_place() -> None:
    found = {"a": [1, {"b": None}], "c": 1, "d": True}
    wanted = {"a": [1, {"b": ""}], "e": 2, "d": 1}

    assert list(unlike(found, wanted, "")) == [
        "/a/1/b: 'None', not ''",
        "/c: not wanted",
        "/d: 'True', not '1'",
        "/e: missing",
    ]


def test_the_time_of_a_process_is_told_finer_than_in_ticks() -> None:
    before = time.process_time()
    told = cpu_seconds(os.getpid())
    after = time.process_time()

    assert before <= told <= after


def test_a_process_held_at_most_no_less_than_it_holds(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        serving = Running(process, 0, tmp_path / "log")

        assert 0 < serving.rss_megabytes() <= serving.peak_megabytes() * 1.001


def test_a_tree_of_processes_begins_with_its_root() -> None:
    assert next(tree(os.getpid())) == os.getpid()


def test_a_window_is_told_for_each_request() -> None:
    output = (
        "Running 2s test\n"
        'TOLD {"requests": 500, "microseconds": 2000000, "errors": 1, "p50": 9, "p99": 20}\n'
    )

    seen = sample(told_by_wrk(output), cpu_seconds=0.5, rss_mb=44)

    assert seen == Sample(1000, 250, 9, 20, 44, 500, 1)


def test_a_row_has_the_median_of_its_windows_and_all_of_their_errors() -> None:
    assert row("go", "read", 16, WINDOWS, 1, equal=True) == {
        "peer": "go",
        "work": "read",
        "connections": 16,
        "cpu_us": {"median": 80, "min": 70, "max": 90},
        "rps": 900,
        "p50_us": 700,
        "p99_us": 1600,
        "rss_mb": 41,
        "errors": 3,
        "equal": True,
    }


def run(ratio: float, errors: int = 0) -> Measured:
    """A run of reading against nginx with Lua."""
    windows = [Sample(80, 900, 700, 1500, 40, 900, errors)]
    rows: list[dict[str, Any]] = [
        row("passerelle", "read", 16, windows, 0, equal=True),
        row("nginx-lua", "read", 16, windows, 0, equal=True),
    ]
    added = {"passerelle": 120.0, "nginx-lua": 100.0}
    return Measured(rows, {}, {("nginx-lua", "read"): [ratio - 0.1, ratio, ratio + 0.1]}, added)


@pytest.mark.parametrize(
    ("ratio", "verdict", "held"),
    [(0.9, "goal", True), (1.2, "least", True), (1.4, "SHORT", False)],
)
def test_a_ratio_is_judged_by_its_median(ratio: float, verdict: str, held: bool) -> None:
    demands = judged(run(ratio), ("read",), ("nginx-lua",))

    found = {it.what: it for it in demands}["CPU over nginx-lua"]

    assert (found.verdict, found.held) == (verdict, held)


def test_what_was_not_measured_is_not_held() -> None:
    assert {it.verdict for it in judged(Measured(), ("read",), ()) if not it.held} == {
        "not measured"
    }


def test_one_error_is_one_too_many() -> None:
    demands = judged(run(0.9, errors=1), ("read",), ("nginx-lua",))

    assert [it.what for it in demands if not it.held] == ["errors, 16 connections"]


def test_a_run_takes_the_place_of_the_one_before_in_the_documentation(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    measured = run(0.9)

    write_docs(page, measured, Plan(4, 1, ("read",)), judged(measured, ("read",), ("nginx-lua",)))

    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert "| nginx-lua | read | 80.0 (80.0 to 80.0) | 0.90 (0.80 to 1.00) |" in text


def test_the_plot_is_an_image_with_every_gateway_in_it() -> None:
    drawn = ET.fromstring(plot(run(0.9)))  # noqa: S314 - written by ourselves

    texts = [it.text for it in drawn.iter("{http://www.w3.org/2000/svg}text")]

    assert "nginx-lua" in texts
    assert "0.9" in texts


def test_every_peer_starts_by_a_command_with_its_own_port(tmp_path: Path) -> None:
    for peer in PEERS:
        folder = tmp_path / peer.name
        folder.mkdir()
        place = Place(folder, 4711, "127.0.0.1:4712", tmp_path, tmp_path)

        command, env = peer.start(place)

        configured = [path.read_text() for path in folder.iterdir()]
        assert "4711" in " ".join([*map(str, command), *env.values(), *configured]), peer.name
        assert set(peer.works) <= WORKS.keys()
