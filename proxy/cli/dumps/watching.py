"""What is told of a conversion: how far it is, the first rejects, why it stopped, what was lost."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from proxy.cli.console import ExitCode, complain, err, out
from proxy.cli.dumps.carrying import Carried
from proxy.cli.dumps.form import Source, UnreadableError
from proxy.cli.dumps.journal import Checkpoint
from proxy.cli.dumps.output import Names, Output
from proxy.cli.dumps.pool import DefectError, ProcessLostError
from proxy.cli.dumps.rejects import Reject
from proxy.errors import ConfigurationError, StoreError
from proxy.store.connection import database_errors

STOPPED = 130
"""The exit code of a command that Ctrl-C ended."""
TOLD = 100
"""How many rejects are told one by one."""


def watch(
    done: Generator[Carried, None, None],
    to: Output,
    file: Path,
    source: Source,
    names: Names | None,
) -> None:
    """Show how far it is, and the first rejects where no file has them; a stop can be mended."""
    again = "the same command goes on from here" if names else "nothing can go on from here"
    try:
        with closing(done), _progress(file) as (console, show), _stop(file) as asked:
            for carried in done:
                if names is None or names.rejects is None:
                    _tell_rejects(carried.rejects, to.at.rejected, console)
                show(source.bytes_read, to.at.documents + to.at.rejected)
                if asked:
                    raise KeyboardInterrupt
        return
    except KeyboardInterrupt:
        code, reason = STOPPED, "stopped"
    except UnreadableError as error:
        code, reason = ExitCode.FAILED, f"{file}: {error}"
        if names:
            again = "a sound one is another input: --overwrite begins anew"
    except ProcessLostError as error:
        code, reason = ExitCode.FAILED, str(error)
    except OSError as error:
        cannot_write(error, names)
    except _told_by_others():
        raise
    except Exception as error:  # noqa: BLE001 - the outermost handler: a traceback shows values
        code, reason = ExitCode.FAILED, f"this program is at fault: {DefectError.of(error)}"
        if names:
            again = "once it is mended, the same command says how to go on"
    to.checkpoint()
    complain(f"{reason}, after line {to.at.line:,}; {again}")
    raise typer.Exit(code)


def _told_by_others() -> tuple[type[Exception], ...]:
    """No defects; what a database raises becomes a `StoreError` where the store was opened."""
    return ConfigurationError, StoreError, *database_errors()


def cannot_write(error: OSError, names: Names | None) -> NoReturn:
    """End a command that has no place for what it writes: that is told, with the next step."""
    # A reader that goes away, such as `head`, needs no word.
    if error.errno == errno.EPIPE:
        raise error
    if names is None:
        where, then = "standard output", ""
        # Else what still waits is tried once more when the process ends, which then fails by that.
        with suppress(OSError):
            sys.stdout.close()
    else:
        where, then = str(names.output), "; the same command goes on once that is mended"
    complain(f"{where}: {error.strerror}{then}")
    raise typer.Exit(ExitCode.FAILED) from error


@contextmanager
def _stop(file: Path) -> Iterator[list[int]]:
    """
    Whether Ctrl-C was pressed: a chunk is brought to its end. A second one does not wait, nor does
    the first where standard input may never give another byte.
    """
    asked: list[int] = []
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, _: object) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, before)

    if str(file) != "-":
        signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _tell_rejects(rejects: Sequence[Reject], so_far: int, console: Console) -> None:
    """Say the first ones; `so_far` counts these too."""
    for number, reject in enumerate(rejects, start=so_far - len(rejects) + 1):
        if number <= TOLD:
            complain(str(reject), console)


@contextmanager
def _progress(file: Path) -> Iterator[tuple[Console, Callable[[int, int], None]]]:
    """How far it is, on stderr, on a terminal only, and not among the documents."""
    console = err()
    total = None if str(file) == "-" else file.stat().st_size
    columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}")]
    if total is not None:
        columns += [BarColumn(), TaskProgressColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
    unseen = not console.is_terminal or sys.stdout.isatty()
    with Progress(*columns, console=console, transient=True, disable=unseen) as shown:
        task = shown.add_task("converting", total=total)

        def show(read: int, documents: int) -> None:
            shown.update(task, completed=read, description=f"converting {documents:,} documents")

        yield console, show


def summarize(at: Checkpoint, names: Names | None) -> None:
    """Say what was written, and by field what was lost."""
    if names is not None:
        out().print(f"{at.documents:,} documents in {escape(str(names.output))}", soft_wrap=True)
    for what, counts in (("lost", at.lost), ("unknown codes", at.unknown)):
        if counts:
            told = ", ".join(f"{name} ({count})" for name, count in counts.items())
            err().print(f"[yellow]{what}:[/] {escape(told)}", soft_wrap=True)
    if names is not None and at.rejected:
        lines = f" ({at.rejected_lines:,} lines)" if at.rejected_lines > at.rejected else ""
        where = f", told in {names.rejects}" if names.rejects else ""
        complain(f"{at.rejected:,} rejected{lines}{where}")
    elif at.rejected > TOLD:
        complain(f"and {at.rejected - TOLD:,} more; --output and --rejects list them all")
    if at.rejected:
        raise typer.Exit(ExitCode.FAILED)
