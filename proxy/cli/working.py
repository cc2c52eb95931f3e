"""How commands on the store show that they work, and how they fail."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeVar

import typer
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

from proxy.cli.console import ExitCode, complain, err
from proxy.errors import StoreError
from proxy.store.backup import BackupError
from proxy.store.staging import ImportRefusedError

T = TypeVar("T")

Input = Annotated[
    Path,
    typer.Argument(metavar="FILE|-", help="A file, or - for standard input.", show_default=False),
]


def told(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What comes of the work; what can go wrong with a store is told, with exit code 1."""
    with failures():
        return asyncio.run(work())


@contextmanager
def failures() -> Iterator[None]:
    """Tell what can go wrong with a store."""
    try:
        yield
    except (BackupError, ImportRefusedError, StoreError) as error:
        complain(str(error))
        raise typer.Exit(ExitCode.FAILED) from error


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """A file that a command reads, or standard input."""
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    with opened:
        yield opened


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """What to tell progress to: it is shown on stderr, on a terminal only, one line a step."""
    console = err()
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.fields[told]}"))
    steps: dict[str, TaskID] = {}
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:

        def tell(what: str, done: int, total: int | None) -> None:
            if what not in steps:
                steps[what] = shown.add_task(what, total=None, told="")
            of = "" if total is None else f" of {total:,}"
            shown.update(steps[what], told=f"{done:,}{of}")

        yield tell
