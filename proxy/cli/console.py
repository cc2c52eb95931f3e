"""How the commands speak: results on stdout, everything else on stderr, colours on a terminal."""

from __future__ import annotations

from enum import IntEnum

from rich.console import Console
from rich.markup import escape


class ExitCode(IntEnum):
    """What a command's exit code says; 2, wrong usage, is typer's own."""

    FAILED = 1
    CONFIGURATION = 3


def out() -> Console:
    """Where results go."""
    return Console(highlight=False)


def err() -> Console:
    """Where everything else goes."""
    return Console(stderr=True, highlight=False)


def shown(text: str) -> str:
    """A text in which nothing speaks to the terminal: it may come from a file that was changed."""
    return "".join(it if it.isprintable() else ascii(it)[1:-1] for it in text)


def complain(text: str, console: Console | None = None) -> None:
    """Say what is wrong; beside something that moves, on the console on which that moves."""
    (console or err()).print(f"[bold red]passerelle:[/] {escape(text)}", soft_wrap=True)
