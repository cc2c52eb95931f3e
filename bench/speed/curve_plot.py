"""One curve as an image: what grows goes by tenfolds from left to right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bench.speed import svg
from bench.speed.curves import Curve, Grown, Point

COLOURS = (svg.BLUE, svg.YELLOW, svg.GREEN)
LEFT, WIDTH, TOP, HEIGHT = 80, 620, 56, 260
STEPS = (1, 2, 2.5, 5, 10)


def drawn(curve: Curve, grown: Grown) -> str:
    """An SVG image; a thin line goes from the least to the most of all rounds."""
    series = {name: grown.points[curve.name, name] for name in curve.series}
    points = [point for it in series.values() for point in it]
    ticks = _ticks(points, steep=curve.steep)
    shapes = [
        svg.text(LEFT, 18, curve.title),
        *_axes(curve.across, points, ticks, steep=curve.steep),
    ]
    for place, (name, own) in enumerate(series.items()):
        colour, x = COLOURS[place], LEFT + 130 * place
        shapes += [svg.box(x, 28, 10, 10, colour), svg.text(x + 14, 38, name)]
        across = [(_x(point, points), point) for point in own]
        for at, point in across:
            ends = [
                _y(end, ticks, steep=curve.steep) for end in (min(point.values), max(point.values))
            ]
            shapes.append(svg.line((at, ends[0]), (at, ends[1]), "#555"))
        shapes.append(
            svg.path([(at, _y(point.y, ticks, steep=curve.steep)) for at, point in across], colour)
        )
    return svg.image(LEFT + WIDTH + 60, TOP + HEIGHT + 50, shapes)


def _axes(
    across: str, points: Sequence[Point], ticks: Sequence[float], *, steep: bool
) -> Iterator[str]:
    for tick in ticks:
        y = _y(tick, ticks, steep=steep)
        yield svg.line((LEFT, y), (LEFT + WIDTH, y), "#ddd")
        yield svg.text(LEFT - 8, y + 4, f"{tick:,g}", "end")
    for point in {point.x: point for point in points}.values():
        yield svg.text(_x(point, points), TOP + HEIGHT + 18, f"{point.x:,.0f}", "middle")
    yield svg.text(LEFT + WIDTH, TOP + HEIGHT + 38, across, "end")


def _x(point: Point, points: Sequence[Point]) -> float:
    ends = [math.log10(end) for end in (min(it.x for it in points), max(it.x for it in points))]
    return LEFT + (math.log10(point.x) - ends[0]) * WIDTH / (ends[1] - ends[0] or 1)


def _y(value: float, ticks: Sequence[float], *, steep: bool) -> float:
    low, high = ticks[0], ticks[-1]
    if steep:
        value, low, high = math.log10(value), math.log10(low), math.log10(high)
    return TOP + HEIGHT - (value - low) * HEIGHT / (high - low)


def _ticks(points: Sequence[Point], *, steep: bool) -> list[float]:
    """Round numbers that hold all: from nothing on, or where it is steep powers of ten."""
    values = [value for point in points for value in point.values]
    if steep:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return [10.0**power for power in range(low, max(high, low + 1) + 1)]
    about = max(values) / 5
    unit = 10.0 ** math.floor(math.log10(about))
    step = next(it * unit for it in STEPS if it * unit >= about)
    return [step * place for place in range(math.ceil(max(values) / step) + 1)]
