"""The command line: serve, sandbox, demo, check, explain, convert, docs, store, crosswalk, ..."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import cast

import typer

from proxy.cli import (
    applications,
    checking,
    crosswalk,
    demo,
    pages,
    serving,
    store,
    translating,
)
from proxy.cli.console import ExitCode, complain
from proxy.errors import ConfigurationError

app = typer.Typer(
    name="passerelle",
    help="A gateway that lets applications written for an old API keep working against the new "
    "one.\n\nExit codes: 0 all is well; 1 something failed; 2 wrong usage; 3 wrong configuration.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(serving.serve)
app.command()(serving.sandbox)
app.command()(demo.demo)
app.command()(checking.check)
app.command()(translating.explain)
app.command()(translating.convert)
app.command()(pages.docs)
app.add_typer(store.app, name="store")
app.add_typer(crosswalk.app, name="crosswalk")
app.add_typer(applications.app, name="applications")


def main() -> None:
    """Run the command that the arguments name; what an operator can mend is told in a line."""
    for stream in cast("tuple[TextIOWrapper, ...]", (sys.stdout, sys.stderr)):
        # A frame or an accent that a terminal cannot show is no reason to fail.
        stream.reconfigure(errors="replace")
    try:
        app()
    except ConfigurationError as error:
        complain(str(error))
        sys.exit(ExitCode.CONFIGURATION)
