"""The bench under growing work: its curves, what is demanded of them, and its crosswalks."""

from __future__ import annotations

import shutil
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bench.speed import clients, crosswalk_rows, curves, grown_page
from bench.speed.curve_plot import drawn
from bench.speed.curves import Grown
from bench.speed.extent import Extent, followed
from bench.speed.golden import golden
from bench.speed.processes import cores
from bench.speed.table import END


def run(at_10_000: float = 200_000, at_1024: float = 70, worst: float = 40) -> Grown:
    """A run that holds all, unless it is told otherwise."""
    grown = Grown()
    for length, cost in ((1, 80.0), (100, 2_500.0), (10_000, at_10_000)):
        grown.add(curves.LISTS, "CPU us", length, (cost * 0.9, cost, cost * 1.1))
    for count, cost in ((16, 60.0), (1024, at_1024)):
        grown.add(curves.CONNECTIONS, "CPU us", count, (cost,))
        grown.add(curves.CONNECTIONS, "MB", count, (70.0,))
    grown.figures |= {curves.READINGS: 10_000.0, curves.CREATIONS: 5_000.0, curves.WORST: worst}
    return grown


def test_a_run_holds_where_lists_are_linear_connections_flat_and_no_list_stalls_the_rest() -> None:
    assert [it.held for it in curves.demands(run())] == [True] * 4


@pytest.mark.parametrize(
    ("grown", "short"),
    [
        (run(at_10_000=400_000), "CPU per record, most over least"),
        (run(at_1024=91), "CPU at 1,024 connections over 16"),
        (run(worst=251), curves.WORST),
    ],
)
def test_what_grows_too_much_is_named(grown: Grown, short: str) -> None:
    assert [it.what for it in curves.demands(grown) if not it.held] == [short]


def test_one_error_is_one_too_many() -> None:
    grown = run()
    grown.errors = 1

    assert [it.what for it in curves.demands(grown) if not it.held] == ["errors"]


def test_what_was_not_measured_is_not_held() -> None:
    assert [it.verdict for it in curves.demands(Grown())] == ["not measured"] * 3 + ["goal"]


def test_a_record_of_a_list_costs_its_part() -> None:
    assert [(it.x, it.y) for it in curves.per_record(run())] == [(1, 80), (100, 25), (10_000, 20)]


def test_replicas_are_filled_in_part_and_one_may_be_gone() -> None:
    assert curves.replicas(10_000) == 3
    assert curves.replicas(5_000) == 5


def test_the_file_of_a_run_has_every_point_and_figure() -> None:
    rows = run().rows

    assert {
        "curve": "lists",
        "series": "CPU us",
        "x": 100,
        "median": 2_500.0,
        "min": 2_250.0,
        "max": 2_750.0,
    } in rows
    assert {"figure": curves.WORST, "value": 40} in rows


@pytest.mark.parametrize("curve", [curves.LISTS, curves.CONNECTIONS], ids=lambda it: it.name)
def test_a_curve_is_an_image_with_a_dot_for_each_point(curve: curves.Curve) -> None:
    image = ET.fromstring(drawn(curve, run()))  # noqa: S314 - written by ourselves

    points = run().points[curve.name, "CPU us"]
    texts = [it.text for it in image.iter("{http://www.w3.org/2000/svg}text")]
    assert len(list(image.iter("{http://www.w3.org/2000/svg}circle"))) == len(points)
    assert {f"{it.x:,.0f}" for it in points} <= set(texts)
    assert curve.title in texts


def test_what_is_higher_lies_higher_and_within_the_image() -> None:
    image = ET.fromstring(drawn(curves.LISTS, run()))  # noqa: S314 - written by ourselves

    heights = [float(it.get("cy", "")) for it in image.iter("{http://www.w3.org/2000/svg}circle")]

    assert heights == sorted(heights, reverse=True)
    assert all(0 < it < float(image.get("height", "")) for it in heights)


def test_a_run_takes_the_place_of_the_one_before_with_an_image_for_each_curve(
    tmp_path: Path,
) -> None:
    grown, page = run(), tmp_path / "performance.md"
    page.write_text(f"before\n{grown_page.BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")

    grown_page.write_docs(tmp_path, grown, Extent(), curves.demands(grown))

    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{grown_page.BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert "| 100 | 2,500 (2,250 to 2,750) | 25.0 (22.5 to 27.5) |" in text
    assert "| replicas for 10,000 creations/s | 5 |" in text
    assert sorted(it.name for it in tmp_path.glob("*.svg")) == [
        "performance-connections.svg",
        "performance-lists.svg",
    ]


def test_the_vaccinations_of_the_records_drawn_lie_all_over_the_crosswalk() -> None:
    records = crosswalk_rows.drawn(rows=1000, most=20)

    ids = [act["id"] for record in records for act in record["vaccination_acts"]]
    known = [crosswalk_rows.modern_id(number, 1000) for number in range(1000)]
    places = sorted(known.index(it) for it in ids)
    assert len(set(ids)) == 120
    assert (places[0], places[-1]) == (0, 8 * 119)


def test_the_gateway_knows_the_ids_that_were_put_into_its_store(tmp_path: Path) -> None:
    right = golden(tmp_path / "golden", cores().rest)
    store = tmp_path / "store"
    shutil.copytree(right.store, store)

    crosswalk_rows.fill(store, ["a", "b", "c"])

    with closing(sqlite3.connect(store / crosswalk_rows.FILE)) as line:
        rows = line.execute(
            "SELECT legacy_id, modern_id FROM crosswalk WHERE kind = 'vaccination' ORDER BY 1"
        )
        assert rows.fetchall() == [("1", "a"), ("2", "b"), ("3", "c")]


def test_every_step_is_taken_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    taken: list[str] = []

    followed([("first", lambda: taken.append("1")), ("last", lambda: taken.append("2"))], 3)

    assert taken == ["1", "2"]
    assert capfd.readouterr().err == ("2 steps, about 3 minutes\n  1 of 2: first\n  2 of 2: last\n")


class _Refusing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/good" else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_client_counts_what_is_not_answered_well_and_stops_when_it_is_told() -> None:
    with HTTPServer(("127.0.0.1", 0), _Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()

        seen = clients.read(server.server_port, ["/good", "/bad", "/good"])
        none = clients.read(server.server_port, ["/good"], until=lambda: True)
        server.shutdown()

    assert (len(seen.milliseconds), seen.errors) == (3, 1)
    assert none.milliseconds == []
    assert seen.at(0.5) <= seen.at(0.99) == max(seen.milliseconds)
