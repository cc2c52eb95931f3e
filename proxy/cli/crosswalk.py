"""`passerelle crosswalk`: pairs of ids, by the file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from proxy import packs, strict_json
from proxy.cli.console import out
from proxy.cli.working import Input, failures, opened, progress, told
from proxy.settings import store_settings_of_environment
from proxy.store import transfer
from proxy.store.staging import Pair
from proxy.store.transfer import MEMBERS, Form

app = typer.Typer(
    no_args_is_help=True,
    help="Carry pairs of ids in and out: what each record of the new API is called on the legacy "
    "side.\n\nConfigured by the environment, as passerelle serve is.",
)

ENDINGS: dict[str, Form] = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}


@app.command("import")
def import_pairs(
    file: Input,
    form: Annotated[
        Form | None, typer.Option("--format", help="By default what the file's ending says.")
    ] = None,
) -> None:
    """
    Add pairs: CSV with the header kind,legacy_id,modern_id, or NDJSON with these members.

    Either the whole file is imported or nothing. A pair that is here already is no problem, one
    that contradicts it is. Needs no stop of the gateway, which waits while the pairs are written.
    """
    chosen = form or ENDINGS.get(file.suffix.lower())
    if chosen is None:
        raise typer.BadParameter("its ending is none of a known format: say --format")
    settings = store_settings_of_environment()
    kinds = packs.load(settings.pack, settings.pack_options).pack.kinds
    with opened(file) as lines, progress() as tell:
        done = told(lambda: transfer.import_pairs(settings, lines, chosen, kinds, tell))
    out().print(f"{done.read:,} pairs, {done.added:,} of them new")


@app.command("export")
def export_pairs(
    form: Annotated[Form, typer.Option("--format", help="How they are written.")] = "csv",
) -> None:
    """Write all pairs to standard output, in a form that passerelle crosswalk import takes."""
    settings = store_settings_of_environment()
    written = WRITTEN[form]
    if form == "csv":
        sys.stdout.buffer.write(",".join(MEMBERS).encode() + b"\n")
    with failures():
        for pairs in transfer.export_pairs(settings):
            sys.stdout.buffer.write(b"".join(map(written, pairs)))
    sys.stdout.buffer.flush()


def _comma_row(pair: Pair) -> bytes:
    return f"{pair.kind},{pair.legacy_id},{pair.modern_id}\n".encode()


def _json_row(pair: Pair) -> bytes:
    legacy = int(pair.legacy_id) if pair.legacy_id.isdecimal() else pair.legacy_id
    row = {"kind": pair.kind, "legacy_id": legacy, "modern_id": pair.modern_id}
    return strict_json.dump(row) + b"\n"


WRITTEN: dict[Form, Callable[[Pair], bytes]] = {"csv": _comma_row, "ndjson": _json_row}
