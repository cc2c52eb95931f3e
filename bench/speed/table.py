"""A run as tables: on the terminal and in the documentation."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

from bench.speed.goals import CPU, Judged
from bench.speed.rounds import CONNECTIONS, Measured, Plan

BEGIN, END = "<!-- from here on written by scripts/bench -->", "<!-- up to here -->"
HEADINGS = (
    "gateway", "work", "CPU us", "passerelle's over it", "goal", "least", "req/s", "p50 us",
    "p99 us", "MB", "errors",
)  # fmt: skip

LATENCY_HEADINGS = ("gateway", "added p50 us", "CPU us")
VERDICT_HEADINGS = ("what", "work", "measured", "goal", "least", "")


def figures(measured: Measured) -> list[tuple[str, ...]]:
    """A line for each gateway and work: what it costs, and passerelle's cost over that."""
    return [_line(row, measured) for row in measured.rows if row["connections"] == CONNECTIONS]


def latencies(measured: Measured) -> list[tuple[str, ...]]:
    """A line for each gateway: the median latency that it adds at one connection."""
    return [
        (row["peer"], str(row["added_p50_us"]), number(row["cpu_us"]["median"]))
        for row in measured.rows
        if row["connections"] == 1
    ]


def number(value: float) -> str:
    """A figure with as many digits as it is good for."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def verdicts(demands: Iterable[Judged]) -> list[tuple[str, ...]]:
    """A line for each demand."""
    return [
        (
            it.what,
            it.work,
            "" if it.measured is None else f"{it.measured:.3g}",
            f"{it.goal:.3g}",
            f"{it.least:.3g}",
            it.verdict,
        )
        for it in demands
    ]


def shown(title: str, headings: Sequence[str], lines: Iterable[Sequence[str]]) -> Table:
    """A table for the terminal."""
    table = Table(*headings, title=title, title_justify="left")
    for line in lines:
        table.add_row(*line)
    return table


def markdown(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table for the documentation."""
    rows = [headings, ["---"] * len(headings), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write_docs(path: Path, measured: Measured, plan: Plan, demands: list[Judged]) -> None:
    """Put a run in the place of the one that the page has."""
    missing = [f"Not measured: {name}: {why}" for name, why in measured.missing.items()]
    parts = [
        f"Taken on {date.today().isoformat()} on {processor()}, Python "
        f"{platform.python_version()}: {plan.rounds} interleaved rounds of {plan.seconds} s, "
        f"{CONNECTIONS} connections. Of each figure the median; in brackets the least and the "
        "most of all rounds.",
        *missing,
        markdown(HEADINGS, figures(measured)),
        "![passerelle's CPU over each gateway's](performance.svg)",
        "At one connection, reading one record:",
        markdown(LATENCY_HEADINGS, latencies(measured)),
        "Against what is demanded:",
        markdown(VERDICT_HEADINGS, verdicts(demands)),
    ]
    replaced(path, BEGIN, "\n\n".join(parts))


def replaced(page: Path, begin: str, text: str) -> None:
    """Put a text between two marks of a page; a page without them gets them at its end."""
    head, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, tail = rest.partition(END)
    page.write_text(f"{head}{begin}\n\n{text}\n\n{END}{tail}", encoding="utf-8")


def _line(row: dict[str, Any], measured: Measured) -> tuple[str, ...]:
    key, cpu = (row["peer"], row["work"]), row["cpu_us"]
    ratios, demand = measured.ratios.get(key), CPU.get(key)
    over = ""
    if ratios:
        over = f"{number(median(ratios))} ({number(min(ratios))} to {number(max(ratios))})"
    return (
        row["peer"],
        row["work"],
        f"{number(cpu['median'])} ({number(cpu['min'])} to {number(cpu['max'])})",
        over,
        number(demand[0]) if demand else "",
        number(demand[1]) if demand else "",
        f"{row['rps']:,}",
        f"{row['p50_us']:,}",
        f"{row['p99_us']:,}",
        number(row["rss_mb"]),
        str(row["errors"]),
    )


def processor() -> str:
    """The processor's name, as Linux has it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
