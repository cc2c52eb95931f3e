"""A run under growing work as tables: on the terminal and in the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median

from bench.speed import curves
from bench.speed.curve_plot import drawn
from bench.speed.curves import CURVES, FILLED, WANTED_RPS, Curve, Grown, Point
from bench.speed.extent import Extent
from bench.speed.goals import Judged
from bench.speed.table import VERDICT_HEADINGS, markdown, number, processor, replaced, verdicts

BEGIN = "<!-- from here on written by scripts/bench --growth -->"
FIGURE_HEADINGS = ("what", "measured")


def tables(grown: Grown) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """A title, headings and lines for each curve that was measured."""
    for curve in CURVES:
        series = {name: it for (of, name), it in grown.points.items() if of == curve.name}
        if curve is curves.LISTS:
            series["CPU us per record"] = curves.per_record(grown)
        if series:
            yield curve.title, (curve.across, *series), _lines(list(series.values()))


def figures(grown: Grown) -> list[tuple[str, ...]]:
    """What was measured at one place only, and what follows for a deployment."""
    lines: list[tuple[str, ...]] = [(name, number(value)) for name, value in grown.figures.items()]
    for work, name in (("readings", curves.READINGS), ("creations", curves.CREATIONS)):
        if name in grown.figures:
            count = curves.replicas(grown.figures[name])
            lines.append((f"replicas for {WANTED_RPS:,} {work}/s", str(count)))
    return lines


def write_docs(docs: Path, grown: Grown, extent: Extent, demands: list[Judged]) -> None:
    """Put a run in the place of the one that the page has, its figures beside it."""
    parts = [
        f"Taken on {date.today().isoformat()} on {processor()}: {extent.rounds} rounds of "
        f"{extent.seconds} s; of each figure the median, in brackets the least and the most.",
        markdown(FIGURE_HEADINGS, figures(grown)),
        f"A replica has one core, of which {FILLED:.0%} may be filled, and one replica more than "
        "needed may be gone.",
    ]
    written = {curve.title: curve for curve in CURVES}
    for title, headings, lines in tables(grown):
        curve = written[title]
        (docs / _file(curve)).write_text(drawn(curve, grown), encoding="utf-8")
        parts += [f"![{title}]({_file(curve)})", markdown(headings, lines)]
    parts += ["Against what is demanded:", markdown(VERDICT_HEADINGS, verdicts(demands))]
    replaced(docs / "performance.md", BEGIN, "\n\n".join(parts))


def _file(curve: Curve) -> str:
    return f"performance-{curve.name}.svg"


def _lines(series: list[list[Point]]) -> list[tuple[str, ...]]:
    """A line for each place, with what each of the series has there."""
    return [
        (f"{points[0].x:,.0f}", *(_told(point.values) for point in points))
        for points in zip(*series, strict=True)
    ]


def _told(values: tuple[float, ...]) -> str:
    if len(values) == 1:
        return number(values[0])
    return f"{number(median(values))} ({number(min(values))} to {number(max(values))})"
