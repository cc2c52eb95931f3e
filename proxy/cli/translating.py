"""`passerelle explain`: what becomes of each field, without a server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.table import Table
from rich.text import Text

from mappings.core import explain as explaining
from proxy import packs, strict_json
from proxy.cli.console import ExitCode, complain, out
from proxy.cli.dumps.form import MAX_DEPTH
from proxy.cli.dumps.plan import Direction
from proxy.settings import pack_settings_of_environment

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
    loaded = loaded_pack()
    mapping = loaded.pack.mappings[resource_of(loaded, resource)]
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


def loaded_pack() -> packs.Loaded:
    """The pack that the environment names."""
    settings = pack_settings_of_environment()
    return packs.load(settings.pack, settings.pack_options, settings.tables)


def resource_of(loaded: packs.Loaded, resource: str | None) -> str:
    """The mapping that is meant; the first one of the pack by default."""
    mappings = loaded.pack.mappings
    name = resource or next(iter(mappings))
    if name not in mappings:
        raise typer.BadParameter(f"{name} is none of: {', '.join(mappings)}")
    return name


def _opened(file: Path) -> BinaryIO:
    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
