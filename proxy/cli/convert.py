"""`passerelle convert`: documents and whole dumps carried over, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from proxy import packs
from proxy.cli.console import ExitCode, complain, err
from proxy.cli.dumps import form as forms
from proxy.cli.dumps import journal, pool
from proxy.cli.dumps import output as outputs
from proxy.cli.dumps.carrying import Translator
from proxy.cli.dumps.chunks import dump_of
from proxy.cli.dumps.form import Form, UnreadableError
from proxy.cli.dumps.journal import Checkpoint, Journal
from proxy.cli.dumps.output import Names, Output, OutputRefusedError
from proxy.cli.dumps.plan import Direction, Plan
from proxy.cli.dumps.watching import cannot_write, summarize, watch
from proxy.cli.translating import Resource, loaded_pack, resource_of
from proxy.errors import StoreError
from proxy.settings import pack_settings_of_environment, store_settings_of_environment


class Delimiter(StrEnum):
    """What stands between two cells."""

    COMMA = ","
    SEMICOLON = ";"


class Encoding(StrEnum):
    """How the characters of an input are written."""

    UTF_8 = "utf-8"
    LATIN_1 = "latin-1"
    WINDOWS_1252 = "windows-1252"


class Empty(StrEnum):
    """What an empty cell means."""

    ABSENT = "absent"
    NULL = "null"


class Written(StrEnum):
    """The forms that are written."""

    NDJSON = "ndjson"
    CSV = "csv"


def convert(
    direction: Annotated[Direction, typer.Argument(help="Which way.")],
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON, NDJSON or CSV, gzip or not; - for standard input.", show_default=False
        ),
    ],
    *,
    resource: Resource = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write here instead of standard output; gzip where it ends in .gz. The same "
            "command again goes on where the one before was stopped."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew, and replace what is there.")
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(
            help="Write here, as NDJSON, the line of each record that is not carried over, and why."
        ),
    ] = None,
    rejects_with_documents: Annotated[
        bool,
        typer.Option(
            "--rejects-with-documents", help="Write these records there too, in the clear."
        ),
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="How many processes; by default one a core.")
    ] = None,
    read_as: Annotated[
        Form | None, typer.Option("--from", help="The form of the input; by default its ending's.")
    ] = None,
    write_as: Annotated[
        Written | None,
        typer.Option("--to", help="The form of the output; by default its ending's, or NDJSON."),
    ] = None,
    delimiter: Annotated[
        Delimiter | None, typer.Option(help="Of CSV; by default what its first line has more of.")
    ] = None,
    encoding: Annotated[Encoding, typer.Option(help="Of the input.")] = Encoding.UTF_8,
    empty: Annotated[Empty, typer.Option(help="What an empty cell means.")] = Empty.ABSENT,
    crosswalk: Annotated[
        bool,
        typer.Option(
            "--crosswalk",
            help="Carry ids too, by the configured store: upgrading tells it the pairs of the "
            "dump, downgrading gives new ids out.",
        ),
    ] = False,
) -> None:
    """
    Carry documents over: a JSON document, or a dump in NDJSON or CSV, problems told by line.

    Exit code 1 where a record failed; the others are written all the same, but a JSON array is one
    record, and large dumps are better NDJSON. What is lost is counted by field. Ctrl-C ends with
    exit code 130.
    """
    names = _names(file, output, rejects, with_documents=rejects_with_documents)
    loaded = loaded_pack()
    name = resource_of(loaded, resource)
    with _refusals(file, names), ExitStack() as stack:
        dump = dump_of(
            stack.enter_context(forms.opened(file)),
            read_as or forms.form_of(file),
            encoding.value,
            delimiter and delimiter.value,
        )
        plan = Plan(
            direction,
            name,
            _day(loaded, None if overwrite else names),
            dump.form,
            Form(write_as or (forms.form_of(output) if output else Form.NDJSON)),
            zipped=output is not None and forms.is_zipped(output),
            header=dump.header,
            delimiter=dump.delimiter,
            written_delimiter=delimiter.value if delimiter else ",",
            encoding=encoding.value,
            empty=empty.value,
            crosswalk=crosswalk,
            rejected_text=rejects_with_documents,
        )
        translator = Translator(plan, loaded, pool.ids_of(plan, loaded, stack))
        to = _output(stack, plan, file, names, overwrite=overwrite)
        if not to.at.ended:
            done = pool.carried_over(
                plan, dump.chunks(to.at.offset, to.at.line), jobs or pool.cores(), translator, to
            )
            watch(done, to, file, dump.source, names)
        to.end()
    summarize(to.at, names)


def _names(
    file: Path, output: Path | None, rejects: Path | None, *, with_documents: bool
) -> Names | None:
    """The files to write, none for standard output; what cannot be meant is wrong usage."""
    if rejects is not None and output is None:
        raise typer.BadParameter("--rejects needs --output")
    if with_documents and rejects is None:
        raise typer.BadParameter("--rejects-with-documents needs --rejects")
    written = [path.resolve() for path in (output, rejects) if path is not None]
    beside = [it for path in written for it in (path, outputs.part_of(path))]
    if output is not None:
        beside.append(journal.path_of(output.resolve()))
    named = [file.resolve(), *beside]
    if len(set(named)) < len(named):
        raise typer.BadParameter("one file is named twice")
    for path in written:
        if path.exists() and not path.is_file():
            raise typer.BadParameter(f"{path} is no file")
    return None if output is None else Names(output, rejects)


def _day(loaded: packs.Loaded, names: Names | None) -> date:
    """The day on the legacy side; of a conversion that goes on, the day on which it began."""
    begun = None if names is None else outputs.journal_of(names)
    if begun is not None:
        return date.fromisoformat(begun.today)
    return datetime.now(UTC).astimezone(loaded.pack.zone).date()


def _output(
    stack: ExitStack, plan: Plan, file: Path, names: Names | None, *, overwrite: bool
) -> Output:
    if names is None:
        return Output(Checkpoint())
    store = journal.store_name(store_settings_of_environment()) if plan.crosswalk else ""
    identity = journal.identity_of(plan, names.rejects, pack_settings_of_environment(), file, store)
    fresh = Journal(identity, plan.today.isoformat(), Checkpoint())
    files = stack.enter_context(outputs.opened(names, fresh, overwrite=overwrite))
    if files.at.offset:
        err().print(f"going on after line {files.at.line:,}")
    return files


@contextmanager
def _refusals(file: Path, names: Names | None) -> Iterator[None]:
    """Tell what is wrong with the files, or with the store."""
    try:
        yield
    except OutputRefusedError as error:
        raise typer.BadParameter(str(error)) from error
    except UnreadableError as error:
        complain(f"{file}: {error}")
        raise typer.Exit(ExitCode.FAILED) from error
    except StoreError as error:
        complain(str(error))
        raise typer.Exit(ExitCode.FAILED) from error
    except OSError as error:
        if error.filename is None:
            cannot_write(error, names)
        raise typer.BadParameter(f"{error.filename}: {error.strerror}") from error
