"""`passerelle explain` and `passerelle convert`: the mapping without a server."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from mappings.core import explain as explaining
from mappings.core.context import Context, Loss
from mappings.core.errors import DocumentError, Problem
from mappings.core.record_mapping import RecordMapping
from proxy import packs, strict_json
from proxy.cli.console import ExitCode, complain, err, out
from proxy.journey.legacy_body import BOM
from proxy.observe.losses import Losses
from proxy.settings import pack_settings_of_environment

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
    table = Table()
    for head in ("field", "what becomes of it", "becomes", "why", "source"):
        table.add_column(head, overflow="fold")
    for row in explaining.explain(mapping, document, direction.value):
        cells = (row.pointer, row.fate, row.becomes, row.because, row.source)
        table.add_row(*map(Text, cells))
    out().print(table)
    out().print("source: a chapter of docs/apis.md, or one of its sources")


def convert(
    direction: Annotated[Direction, typer.Argument(help="Which way.")],
    file: File,
    resource: Resource = None,
) -> None:
    """
    Carry documents over: JSON or NDJSON in, the same out, problems on stderr by line.

    Exit code 1 where a document failed; the others are written all the same. What is lost is
    counted by field.
    """
    loaded = _loaded()
    conversion = Conversion(_mapping(loaded, resource), direction, _today(loaded), loaded.tables)
    failed, losses = 0, Losses()
    with _opened(file) as lines, _progress() as progress:
        counter = progress.add_task("converting", total=None)
        for line, raw in _documents(lines):
            try:
                converted = conversion.of(strict_json.parse(raw, MAX_DEPTH))
            except (DocumentError, strict_json.NotStrictJsonError) as error:
                failed += 1
                complain(f"line {line}: {error}", progress.console)
            else:
                sys.stdout.buffer.write(strict_json.dump(converted.document) + b"\n")
                losses.count(converted.lost, converted.unknown)
            progress.advance(counter)
    sys.stdout.buffer.flush()
    _tell("lost", losses.by_field)
    _tell("unknown codes", losses.unknown)
    if failed:
        raise typer.Exit(ExitCode.FAILED)


@dataclass(frozen=True, slots=True)
class Converted:
    """One document carried over, what of it was lost, the codes that no table has."""

    document: Any
    lost: tuple[Loss, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversion:
    """Carries documents one way, without a base and without anything set aside."""

    mapping: RecordMapping
    direction: Direction
    today: date
    tables: Mapping[str, Any]

    def of(self, document: Any) -> Converted:
        """What becomes of a document, or of each in an array; all problems are told together."""
        if not isinstance(document, list):
            return self._of_one(document)
        converted, problems = [], []
        for place, item in enumerate(document):
            try:
                converted.append(self._of_one(item))
            except DocumentError as error:
                problems += [Problem(f"/{place}{it.pointer}", it.reason) for it in error.problems]
        if problems:
            raise DocumentError(problems)
        return Converted(
            [one.document for one in converted],
            tuple(loss for one in converted for loss in one.lost),
            tuple(place for one in converted for place in one.unknown),
        )

    def _of_one(self, document: Any) -> Converted:
        context = Context(today=self.today, tables=self.tables)
        if self.direction is Direction.DOWNGRADE:
            downgraded = self.mapping.downgrade(document, context)
            return Converted(downgraded.document, unknown=downgraded.unknown)
        upgraded = self.mapping.upgrade(document, context)
        return Converted(upgraded.document, upgraded.lost_unless_kept)


def _tell(what: str, counts: Mapping[str, int]) -> None:
    if counts:
        told = ", ".join(f"{name} ({count})" for name, count in counts.items())
        err().print(f"[yellow]{what}:[/] {escape(told)}", soft_wrap=True)


def _documents(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """
    The documents in a file, each with its line: a line each where the first or the second is one
    by itself, else the whole file is one.
    """
    lines = _lines(file, start=1)
    number, first = next(lines, (0, b""))
    first = first.removeprefix(BOM)
    if first and not _is_document(first):
        rest = file.read()
        second = next(_lines(io.BytesIO(rest), start=number + 1), (0, b""))[1]
        if _is_document(first + rest) or not _is_document(second):
            yield number, first + rest
            return
        lines = _lines(io.BytesIO(rest), start=number + 1)
    if first:
        yield number, first
    yield from lines


def _lines(file: BinaryIO, start: int) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers."""
    for number, line in enumerate(iter(file.readline, b""), start):
        if line.strip():
            yield number, line


def _is_document(raw: bytes) -> bool:
    try:
        strict_json.parse(raw, MAX_DEPTH)
    except strict_json.NotStrictJsonError:
        return False
    return True


def _loaded() -> packs.Loaded:
    settings = pack_settings_of_environment()
    return packs.load(settings.pack, settings.pack_options, settings.tables)


def _today(loaded: packs.Loaded) -> date:
    """The day on the legacy side."""
    return datetime.now(UTC).astimezone(loaded.pack.zone).date()


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
    """A count on stderr, on a terminal only, and not among the documents."""
    console = err()
    unseen = not console.is_terminal or sys.stdout.isatty()
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed} documents"))
    return Progress(*columns, console=console, transient=True, disable=unseen)
