"""Bars of passerelle's CPU over each gateway's, on a scale of tenfolds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from bench.speed import svg
from bench.speed.goals import CPU
from bench.speed.rounds import Measured

COLOURS = {"create": svg.BLUE, "read": svg.GREEN, "list100": svg.YELLOW}
LEFT, WIDTH, TOP = 110, 640, 56
BAR, GAP = 16, 14


@dataclass(frozen=True, slots=True)
class Scale:
    """Powers of ten from left to right."""

    low: int
    high: int

    def x(self, ratio: float) -> float:
        """Where a ratio lies."""
        return LEFT + (math.log10(ratio) - self.low) * WIDTH / (self.high - self.low)


def plot(measured: Measured) -> str:
    """An SVG image; a bar's thin line goes from the least to the most, its tick is the goal."""
    ratios = {key: it for key, it in measured.ratios.items() if it and key[1] in COLOURS}
    peers = list(dict.fromkeys(peer for peer, _ in ratios))
    ends = [value for it in ratios.values() for value in it]
    ends += [CPU[key][0] for key in ratios if key in CPU] + [0.9, 1.1]
    scale = Scale(math.floor(math.log10(min(ends))), math.ceil(math.log10(max(ends))))
    bottom = TOP + len(peers) * (3 * BAR + GAP)
    lines = [*_legend(), *_axis(scale, bottom)]
    for place, peer in enumerate(peers):
        top = TOP + place * (3 * BAR + GAP)
        lines.append(svg.text(LEFT - 8, top + 1.5 * BAR + 4, peer, "end"))
        for row, work in enumerate(COLOURS):
            if found := ratios.get((peer, work)):
                goal = CPU.get((peer, work), (None,))[0]
                lines += _bar(scale, found, goal, top + row * BAR, COLOURS[work])
    return svg.image(LEFT + WIDTH + 60, bottom + 34, lines)


def _legend() -> Iterator[str]:
    yield svg.text(LEFT, 18, "passerelle's CPU per request over each gateway's (black: the goal)")
    for place, (work, colour) in enumerate(COLOURS.items()):
        x = LEFT + 90 * place
        yield svg.box(x, 28, 10, 10, colour)
        yield svg.text(x + 14, 38, work)


def _axis(scale: Scale, bottom: float) -> Iterator[str]:
    for power in range(scale.low, scale.high + 1):
        x = scale.x(10.0**power)
        yield svg.line((x, TOP - 6), (x, bottom), "#ddd" if power else "#000")
        yield svg.text(x, bottom + 16, f"{10.0**power:g}", "middle")


def _bar(
    scale: Scale, ratios: Sequence[float], goal: float | None, y: float, colour: str
) -> Iterator[str]:
    one, middle, end = scale.x(1), scale.x(median(ratios)), scale.x(max(ratios))
    yield svg.box(min(middle, one), y, abs(middle - one), BAR - 2, colour)
    centre = y + BAR / 2 - 1
    yield svg.line((scale.x(min(ratios)), centre), (end, centre), "#555")
    told = f"{median(ratios):.0f}" if median(ratios) >= 10 else f"{median(ratios):.2g}"
    yield svg.text(max(end, one) + 6, y + 12, told)
    if goal is not None:
        yield svg.line((scale.x(goal), y - 1), (scale.x(goal), y + BAR - 1), "#000", 2)
