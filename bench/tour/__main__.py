"""Take a tour: look at each thing that is promised, and say what held."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bench.tour import deployment, integrators, operators
from bench.tour.bullet import Bullet, Seen
from bench.tour.stage import Stage

TOURS = {"operate": (*operators.BULLETS, *deployment.BULLETS, *integrators.BULLETS)}
COLOURS = {"held": "green", "SHORT": "bold red", "not here": "yellow"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at what is asked for; 0 only where nothing falls short."""
    parser = argparse.ArgumentParser(prog="scripts/tour", description=__doc__)
    parser.add_argument(
        "tour", nargs="?", default="operate", choices=TOURS, help="which tour; operate by default"
    )
    parser.add_argument("name", nargs="*", metavar="NAME", help="which bullets; by default all")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    parser.add_argument("--json", action="store_true", help="write what was seen as JSON")
    chosen = parser.parse_args(arguments)
    bullets = TOURS[chosen.tour]
    unknown = sorted({*chosen.name} - {bullet.name for bullet in bullets})
    if unknown:
        parser.error(f"no bullet is called {', '.join(unknown)}; --list says what there is")
    wanted = [it for it in bullets if not chosen.name or it.name in chosen.name]
    if chosen.list:
        rows = [{"name": it.name, "promise": it.promise, "command": it.command} for it in wanted]
        _write(rows, _listed(wanted), as_json=chosen.json)
        return 0
    seen = looked(wanted)
    counts = Counter(it.verdict for it in seen)
    _write([it.row() for it in seen], _table(seen), as_json=chosen.json)
    told = f"{counts['held']} of {len(seen)} held, {counts['SHORT']} fall short, "
    told += f"{counts['not here']} could not be seen here, {sum(it.seconds for it in seen):.0f} s"
    Console(stderr=True, highlight=False).print(told, style="red" if counts["SHORT"] else None)
    return int(counts["SHORT"] > 0)


def looked(bullets: Sequence[Bullet]) -> list[Seen]:
    """Look at one after the other; on a terminal, say at which."""
    terminal = Console(stderr=True)
    progress = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=terminal,
        transient=True,
        disable=not terminal.is_terminal,
    )
    seen = []
    with tempfile.TemporaryDirectory(prefix="passerelle-tour-") as name, ExitStack() as at_the_end:
        stage = Stage(Path(name), at_the_end)
        with progress:
            task = progress.add_task("", total=len(bullets))
            for bullet in bullets:
                progress.update(task, description=f"{bullet.name}: {bullet.command}")
                seen.append(bullet.seen(stage))
                progress.advance(task)
    return seen


def _write(rows: Sequence[Mapping[str, str | float]], table: Table, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(list(rows), ensure_ascii=False, indent=2) + "\n")
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(table)


def _listed(bullets: Sequence[Bullet]) -> Table:
    table = Table("bullet", "what is promised", "command")
    for it in bullets:
        table.add_row(*map(Text, (it.name, it.promise, it.command)))
    return table


def _table(seen: Sequence[Seen]) -> Table:
    table = Table("bullet", "command", "what was seen", "", show_lines=True)
    for it in seen:
        verdict = Text(it.verdict, COLOURS[it.verdict])
        table.add_row(Text(it.bullet.name), Text(it.bullet.command), Text(it.told), verdict)
    return table


if __name__ == "__main__":
    sys.exit(main())
