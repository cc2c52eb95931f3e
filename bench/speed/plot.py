"""Bars of passerelle's CPU over each gateway's, on a scale of tenfolds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from bench.speed.goals import CPU
from bench.speed.rounds import Measured

COLOURS = {"create": "#4269d0", "read": "#3ca951", "list100": "#efb118"}
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
        lines.append(_text(LEFT - 8, top + 1.5 * BAR + 4, peer, "end"))
        for row, work in enumerate(COLOURS):
            if found := ratios.get((peer, work)):
                goal = CPU.get((peer, work), (None,))[0]
                lines += _bar(scale, found, goal, top + row * BAR, COLOURS[work])
    size = f'width="{LEFT + WIDTH + 60}" height="{bottom + 34}"'
    style = 'font-family="sans-serif" font-size="12"'
    drawn = "\n".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{drawn}\n</svg>\n'
    )


def _legend() -> Iterator[str]:
    yield _text(LEFT, 18, "passerelle's CPU per request over each gateway's (black: the goal)")
    for place, (work, colour) in enumerate(COLOURS.items()):
        x = LEFT + 90 * place
        yield f'<rect x="{x}" y="28" width="10" height="10" fill="{colour}"/>'
        yield _text(x + 14, 38, work)


def _axis(scale: Scale, bottom: float) -> Iterator[str]:
    for power in range(scale.low, scale.high + 1):
        x = scale.x(10.0**power)
        yield _line((x, TOP - 6), (x, bottom), "#ddd" if power else "#000")
        yield _text(x, bottom + 16, f"{10.0**power:g}", "middle")


def _bar(
    scale: Scale, ratios: Sequence[float], goal: float | None, y: float, colour: str
) -> Iterator[str]:
    one, middle, end = scale.x(1), scale.x(median(ratios)), scale.x(max(ratios))
    size = f'width="{abs(middle - one):.1f}" height="{BAR - 2}"'
    yield f'<rect x="{min(middle, one):.1f}" y="{y:.1f}" {size} fill="{colour}"/>'
    centre = y + BAR / 2 - 1
    yield _line((scale.x(min(ratios)), centre), (end, centre), "#555")
    told = f"{median(ratios):.0f}" if median(ratios) >= 10 else f"{median(ratios):.2g}"
    yield _text(max(end, one) + 6, y + 12, told)
    if goal is not None:
        yield _line((scale.x(goal), y - 1), (scale.x(goal), y + BAR - 1), "#000", 2)


def _line(begin: tuple[float, float], end: tuple[float, float], colour: str, width: int = 1) -> str:
    ends = f'x1="{begin[0]:.1f}" y1="{begin[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
