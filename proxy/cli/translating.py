"""`passerelle explain` and `passerelle convert`: the mapping without a server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from mappings.core import explain as explaining
from mappings.core.context import Context
from mappings.core.errors import DocumentError
from mappings.core.record_mapping import RecordMapping
from proxy import packs
from proxy.cli.console import ExitCode, complain, err, out
from proxy.journey import strict_json
from proxy.settings import PackSettings

MAX_DEPTH = 64


class Direction(StrEnum):
    """Which way a document is carried."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


File = Annotated[
    Path, typer.Argument(help="A JSON file, or - for standard input.", show_default=False)
]
Resource = Annotated[
    str | None, typer.Option(help="Which mapping of the pack; the first one by default.")
]


def explain(
    file: File,
    resource: Resource = None,
    direction: Annotated[Direction, typer.Option(help="Which way.")] = Direction.UPGRADE,
) -> None:
    """Tell what becomes of each field of a document, why, and where that is known from."""
    mapping = _mapping(_loaded(), resource)
    with _opened(file) as lines:
        try:
            document = strict_json.parse(lines.read(), MAX_DEPTH)
        except strict_json.NotStrictJsonError as error:
            complain(f"{file}: {error}")
            raise typer.Exit(ExitCode.FAILED) from error
    if not isinstance(document, dict):
        complain(f"{file}: expected one JSON object")
        raise typer.Exit(ExitCode.FAILED)
    table = Table("field", "what becomes of it", "becomes", "why", "source")
    for row in explaining.explain(mapping, document, direction.value):
        table.add_row(row.pointer, row.fate, row.becomes, row.because, row.source)
    out().print(table)


def convert(
    direction: Annotated[Direction, typer.Argument(help="Which way.")],
    file: File,
    resource: Resource = None,
) -> None:
    """
    Carry documents over: JSON or NDJSON in, the same out, problems on stderr by line.

    Exit code 1 where a document failed; the others are written all the same.
    """
    loaded = _loaded()
    mapping = _mapping(loaded, resource)
    today = datetime.now(UTC).astimezone(loaded.pack.zone).date()
    context = Context(today=today, tables=loaded.tables)
    failed = 0
    with _opened(file) as lines, _progress() as progress:
        counter = progress.add_task("converting", total=None)
        for line, document in _documents(lines):
            try:
                written = _converted(mapping, document, direction, context)
            except (DocumentError, strict_json.NotStrictJsonError) as error:
                failed += 1
                complain(f"line {line}: {error}")
            else:
                sys.stdout.buffer.write(strict_json.dump(written) + b"\n")
            progress.advance(counter)
    sys.stdout.buffer.flush()
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def _converted(mapping: RecordMapping, raw: bytes, direction: Direction, context: Context) -> Any:
    document = strict_json.parse(raw, MAX_DEPTH)
    if isinstance(document, list):
        return [_carried(mapping, item, direction, context) for item in document]
    return _carried(mapping, document, direction, context)


def _carried(mapping: RecordMapping, document: Any, direction: Direction, context: Context) -> Any:
    if direction is Direction.UPGRADE:
        return mapping.upgrade(document, context).document
    return mapping.downgrade(document, context).document


def _documents(lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """
    The documents in a file, each with its line: a line each where the first line is one by
    itself, else the whole file is one.
    """
    first = lines.readline()
    try:
        strict_json.parse(first, MAX_DEPTH)
    except strict_json.NotStrictJsonError:
        yield 1, first + lines.read()
        return
    yield 1, first
    for number, line in enumerate(lines, start=2):
        if line.strip():
            yield number, line


def _loaded() -> packs.Loaded:
    settings = PackSettings()
    return packs.load(settings.pack, settings.pack_options, settings.tables)


def _mapping(loaded: packs.Loaded, resource: str | None) -> RecordMapping:
    mappings = loaded.pack.mappings
    name = resource or next(iter(mappings))
    if name not in mappings:
        raise typer.BadParameter(f"{name} is none of: {', '.join(mappings)}")
    return mappings[name]


def _opened(file: Path) -> BinaryIO:
    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error


def _progress() -> Progress:
    """A count on stderr, on a terminal only."""
    console = err()
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed} documents"))
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
