"""`passerelle audit`: who saw or changed what, and whether the files that tell it are whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.progress import Progress

from proxy.audit.folder import AuditFolder
from proxy.audit.keys import AuditKey, audit_keys
from proxy.audit.lines import Claim
from proxy.audit.search import Question, Told, search
from proxy.audit.verify import Checked, verify
from proxy.cli.console import ExitCode, complain, err, out, shown
from proxy.errors import ConfigurationError
from proxy.settings import PREFIX, audit_settings_of_environment
from proxy.settings.keys import new_key

app = typer.Typer(
    no_args_is_help=True,
    help="Ask the audit log who saw or changed what, and whether it is as it was written.\n\n"
    "Configured by the environment, as passerelle serve is.",
)

Folder = Annotated[
    Path | None,
    typer.Argument(help="The folder of the audit log; by default PASSERELLE_AUDIT_DIR."),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def _moment(text: str | None) -> str | None:
    """A day or a moment, of UTC where it says no zone; any other text is wrong usage."""
    try:
        datetime.fromisoformat(text or "2000-01-01")
    except ValueError:
        raise typer.BadParameter(
            "expected a time such as 2026-03-05 or 2026-03-05T12:30Z"
        ) from None
    return text


@app.command("new-key")
def make_key() -> None:
    """
    Make a key for the audit log, as PASSERELLE_AUDIT_KEY and PASSERELLE_AUDIT_KEY_FILE take it.

    To change keys, put the new one before the others and restart the gateway; the others are
    needed as long as there are files that were written by them.
    """
    out().print(new_key(), soft_wrap=True, markup=False)


@app.command("verify")
def check(
    folder: Folder = None,
    as_json: AsJson = False,
    heads: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write here how each file ends, if nothing is wrong."),
    ] = None,
    expect: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Check against what --heads wrote before, too."),
    ] = None,
) -> None:
    """
    Check every file: no line changed, removed or moved, no file cut or removed.

    Exit code 1 where something is wrong, with the file and the line.
    """
    place, keys = _opened(folder)
    expected = [] if expect is None else _heads_in(expect)
    with reading(place) as tell:
        found = verify(place, keys, expected, tell)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        for file in found.files:
            out().print(escape(_line_of(file)), soft_wrap=True)
        for finding in found.findings:
            complain(shown(str(finding)))
    if not found.files:
        complain(f"{place.path}: no file of an audit log is there")
    if found.findings or not found.files:
        raise typer.Exit(ExitCode.FAILED)
    if heads is not None:
        _write_heads(heads, found.heads)


@app.command("query")
def ask(
    folder: Folder = None,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", callback=_moment, help="From this time on (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", callback=_moment, help="Before this time (UTC).")
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Of this record: the new API's id of it, or a pseudonym."),
    ] = None,
    client: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of this legacy application: its uid, the token that it showed, or a pseudonym.",
        ),
    ] = None,
    request_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Of this request: the X-Request-Id.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The lines as they stand.")] = False,
) -> None:
    """
    Tell who saw or changed what, a line for each that the audit log has.

    The ids that are given are made pseudonyms by the key; the answer holds pseudonyms alone.
    """
    place, keys = _opened(folder)
    asked = Question(_read(since), _read(until), record, client, request_id)
    results = out()
    with reading(place, bar=not results.is_terminal) as tell:
        for told, line in search(place, keys, asked, tell):
            if as_json:
                sys.stdout.buffer.write(line)
            else:
                results.print(escape(shown(_told_of(told))), soft_wrap=True)
        sys.stdout.buffer.flush()


def _opened(folder: Path | None) -> tuple[AuditFolder, dict[str, AuditKey]]:
    settings = audit_settings_of_environment()
    chosen = folder or settings.audit_dir
    if chosen is None:
        raise ConfigurationError(f"{PREFIX}AUDIT_DIR: it must be set, or a folder named")
    if not chosen.is_dir():
        raise typer.BadParameter(f"{chosen}: no such folder")
    return AuditFolder(chosen), dict(audit_keys(settings))


def _heads_in(file: Path) -> list[Claim]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Claim])
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise typer.BadParameter(f"{file}: not what --heads writes") from error


def _write_heads(file: Path, heads: list[Claim]) -> None:
    try:
        file.write_bytes(msgspec.json.encode(heads) + b"\n")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error


@contextmanager
def reading(folder: AuditFolder, *, bar: bool = True) -> Iterator[Callable[[int], object]]:
    """What hears of the bytes that were read: a bar, on a terminal."""
    console = err()
    shows = bar and console.is_terminal
    try:
        size = sum(path.stat().st_size for path in folder.files())
        # Results that go elsewhere meanwhile are to go there still.
        with Progress(
            console=console, transient=True, disable=not shows, redirect_stdout=False
        ) as progress:
            task = progress.add_task("reading", total=size)
            yield lambda read: progress.advance(task, read)
    except BrokenPipeError:
        # Whoever read the results has enough.
        raise
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}; were files removed meanwhile? run it again")
        raise typer.Exit(ExitCode.FAILED) from error


def _read(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _line_of(file: Checked) -> str:
    told = [f"{file.file}: {file.lines:,} lines", f"{file.first or '-'} to {file.last or '-'}"]
    if file.unwritten:
        told.append(f"{file.unwritten:,} could not be written")
    if file.torn_bytes:
        told.append(f"{file.torn_bytes:,} bytes of a line that was cut short")
    return ", ".join([*told, file.state])


def _told_of(told: Told) -> str:
    who = told.client or f"credential {told.credential or '-'}"
    of = ", ".join(f"{kind} {record}" for kind, record in told.records) or "-"
    status = "" if told.status is None else f" {told.status}"
    return f"{told.at} {told.event}{status}: {told.operation} by {who} of {of}, {told.request_id}"
