"""The few shapes that the figures of the bench are drawn with."""

from __future__ import annotations

from collections.abc import Iterable

BLUE, GREEN, YELLOW = "#4269d0", "#3ca951", "#efb118"


def image(width: float, height: float, shapes: Iterable[str]) -> str:
    """A whole image on white."""
    size = f'width="{width:g}" height="{height:g}"'
    style = 'font-family="sans-serif" font-size="12"'
    drawn = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{drawn}\n</svg>\n'
    )


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle."""
    size = f'width="{width:.1f}" height="{height:g}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"/>'


def line(begin: tuple[float, float], end: tuple[float, float], colour: str, width: int = 1) -> str:
    """A straight line."""
    ends = f'x1="{begin[0]:.1f}" y1="{begin[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'


def path(points: Iterable[tuple[float, float]], colour: str) -> str:
    """Points, and the line from each to the next."""
    places = list(points)
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


def text(x: float, y: float, said: str, anchor: str = "start") -> str:
    """A line of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{said}</text>'
