"""`passerelle store`: what the gateway remembers, kept in order by an operator."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from mappings.core.model import UUID_PATTERN
from proxy import packs, strict_json
from proxy.app import now
from proxy.cli.console import ExitCode, complain, err, out
from proxy.cli.working import Input, failures, opened, progress, told
from proxy.journey.memory import policy_of
from proxy.settings import PREFIX, StoreSettings, store_settings_of_environment
from proxy.settings.keys import new_key
from proxy.store import backup as copies
from proxy.store import records, upkeep

app = typer.Typer(
    no_args_is_help=True,
    help="Keep what the gateway remembers in order: pairs of ids, and values set aside.\n\n"
    "Configured by the environment, as passerelle serve is.",
)

WORDS = {
    "set_aside": "records with values set aside",
    "intent": "creations",
    "session": "sessions",
}


def _uuid(text: str) -> str:
    """The id of a record; any other text is wrong usage."""
    if not UUID_PATTERN.fullmatch(text.strip().lower()):
        raise typer.BadParameter("expected a UUID")
    return text.strip().lower()


RECORD = "The record, as legacy applications name it, or as the new API does."


@app.command("new-key")
def make_key() -> None:
    """
    Make a key for values set aside, as PASSERELLE_KEYS and PASSERELLE_KEYS_FILE take it.

    To rotate keys, put the new one before the others, restart the gateway, and run
    passerelle store rotate-keys; the others may then go.
    """
    out().print(new_key(), soft_wrap=True, markup=False)


@app.command()
def upgrade() -> None:
    """Bring the tables to this version; a SQLite store does so by itself when it is opened."""
    settings = store_settings_of_environment()
    before, after = told(lambda: upkeep.upgrade(settings))
    out().print(f"revision {after}" + (", as before" if before == after else ""))


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Tell what kind of database it is, its revision, and how many rows it has, by key too."""
    settings = store_settings_of_environment()
    found = told(lambda: upkeep.status(settings))
    if as_json:
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        return
    behind = found.revision != found.newest_revision
    lines = {
        "database": found.database,
        "revision": f"{found.revision or 'none'}"
        + (f", not {found.newest_revision}: run passerelle store upgrade" if behind else ""),
        "rows": ", ".join(f"{name} {count:,}" for name, count in found.rows.items()) or "none",
        "sealed rows by key": ", ".join(
            f"{name} {count:,}{_of_key(name, found.keys)}"
            for name, count in found.rows_by_key.items()
        )
        or "none, and no key is configured",
    }
    for name, text in lines.items():
        out().print(f"{name}: {escape(text)}", soft_wrap=True)


def _of_key(name: str, keys: tuple[str, ...]) -> str:
    if name not in keys:
        return " (not configured: these cannot be opened)"
    return " (seals)" if name == keys[0] else ""


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write the copy.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file.")] = False,
) -> None:
    """
    Copy a SQLite store into a file while the gateway serves.

    Values set aside are sealed in it; keep the keys elsewhere, for without them nobody reads them.
    """
    settings = _of_sqlite(
        'pg_dump --format=custom --file=FILE "$PASSERELLE_STORE_URL" copies a PostgreSQL store'
    )
    with failures():
        copies.backup(settings, file, force=force)
    out().print(f"copied to {escape(str(file))}", soft_wrap=True)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A copy of a store.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Overwrite a store with rows.")] = False,
) -> None:
    """
    Put a copy in the place of a SQLite store, while no gateway runs.

    Integer ids that were given out since the copy was made are lost: they answer 404, and are
    never given to another record. What was forgotten since is back: forget it again.
    """
    settings = _of_sqlite(
        'pg_restore --dbname="$PASSERELLE_STORE_URL" FILE restores a PostgreSQL store'
    )
    with failures():
        copies.restore(settings, file, force=force)
    out().print(f"restored from {escape(str(file))}", soft_wrap=True)


def _of_sqlite(instead: str) -> StoreSettings:
    settings = store_settings_of_environment()
    if settings.store_url is not None:
        raise typer.BadParameter(instead)
    return settings


@app.command("rotate-keys")
def rotate_keys(
    batch: Annotated[
        int, typer.Option(min=1, max=10_000, help="How many rows are locked at a time.")
    ] = 500,
) -> None:
    """
    Seal every row by the first key, while the gateway serves; the other keys may then go.

    Every replica must know the new key first: put it before the others, and restart them.
    """
    settings = store_settings_of_environment()
    with progress() as tell:
        rotated = told(lambda: upkeep.rotate(settings, batch, tell))
    tell_rotated(rotated)


def tell_rotated(rotated: upkeep.Rotated) -> None:
    """Say what came of a rotation; that it is not at its end is exit code 1."""
    out().print(f"{rotated.sealed:,} rows sealed anew")
    if rotated.broken:
        complain(
            f"{rotated.broken:,} rows cannot be opened by any key that is configured; "
            "passerelle store status tells the names of their keys"
        )
    elif rotated.left:
        complain(
            f"{rotated.left:,} rows were sealed by another key meanwhile: restart the replicas "
            "that have another key first, and run this again"
        )
    if rotated.left:
        raise typer.Exit(ExitCode.FAILED)
    out().print("no row needs another key than the first")


@app.command()
def forget(
    record: Annotated[str, typer.Argument(metavar="UUID", help=RECORD, callback=_uuid)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase what is set aside for a record and those within it, and the creations of them."""
    settings = store_settings_of_environment()
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("nobody is there to confirm it: say --yes")
        typer.confirm("Erase what is set aside for this record, for good?", abort=True, err=True)
    tell_erased(told(lambda: upkeep.forget(settings, record)))


@app.command()
def purge() -> None:
    """Erase what is too old: values (PASSERELLE_SET_ASIDE_DAYS), creations, sessions."""
    settings = store_settings_of_environment()
    if settings.set_aside_days is None:
        err().print(f"{PREFIX}SET_ASIDE_DAYS is not set: values set aside have no end")
    tell_erased(told(lambda: upkeep.purge(settings, now().timestamp())))


def tell_erased(erased: upkeep.Erased) -> None:
    """Say how much was erased; that something is left of it is exit code 1."""
    counted = ", ".join(f"{count:,} {WORDS[name]}" for name, count in erased.rows.items())
    out().print(f"erased: {counted}", soft_wrap=True)
    if not erased.settled:
        complain(
            "the write-ahead log is being read and still has the sealed values: run this again"
        )
        raise typer.Exit(ExitCode.FAILED)


@app.command("import")
def import_records(file: Input) -> None:
    """
    Fill in values set aside from a dump of the old API: NDJSON, one legacy record a line.

    A line may say modern_id where the new API's id is another one; so may a record within it.
    Either the whole file is imported or nothing. What is here already is newer, and stays.
    """
    settings = store_settings_of_environment()
    pack = packs.load(settings.pack, settings.pack_options).pack
    policy = policy_of(settings, pack, keeps=settings.keys is not None or bool(settings.keys_file))
    with opened(file) as lines, progress() as tell:
        done = told(
            lambda: records.import_records(
                settings,
                lines,
                next(iter(pack.mappings.values())),
                uuid_kinds=pack.uuid_kinds,
                keeps=lambda name: policy.of(name) == "keep",
                now=now().timestamp(),
                progress=tell,
            )
        )
    out().print(
        f"{done.lines:,} lines, {done.records:,} records with values to set aside: "
        f"{done.filled:,} filled in, {done.pairs:,} pairs of ids added",
        soft_wrap=True,
    )


@app.command("export")
def export_records(
    record: Annotated[
        str | None, typer.Option(metavar="UUID", help=RECORD + " All by default.")
    ] = None,
) -> None:
    """
    Write what is only here, in the clear: NDJSON, one record with values set aside a line.

    Each has its kind, modern_id, owner_id (the record around it), legacy_id and values.
    """
    settings = store_settings_of_environment()
    asked = None if record is None else _uuid(record)

    with failures():
        for found in records.export_records(settings, now=now().timestamp(), record=asked):
            sys.stdout.buffer.write(strict_json.dump(found) + b"\n")
    sys.stdout.buffer.flush()
