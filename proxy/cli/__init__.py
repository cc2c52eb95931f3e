"""The command line: serve, sandbox, demo, check, explain, convert, docs, store, crosswalk, ..."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import cast

import typer

from proxy.errors import ConfigurationError

MODULES = {
    "serve": "serving",
    "sandbox": "sandbox",
    "demo": "demo",
    "check": "checking",
    "settings": "settings",
    "explain": "translating",
    "convert": "convert",
    "docs": "pages",
    "new": "new",
    "openapi": "openapi",
    "store": "store",
    "crosswalk": "crosswalk",
    "audit": "audit",
    "applications": "applications",
}
"""Where each command stands: in a function of its name, or with commands of its own in an `app`."""


def commands(named: str = "") -> typer.Typer:
    """The program with the command of this name; with every one where that is no command."""
    program = typer.Typer(
        name="passerelle",
        help="A gateway that lets applications written for an old API keep working against the new "
        "one.\n\nExit codes: 0 all is well; 1 something failed; 2 wrong usage; 3 wrong "
        "configuration.",
        callback=_alone,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    # A server would hold in memory, as long as it runs, what the other commands import.
    for name in [named] if named in MODULES else MODULES:
        module = import_module(f"proxy.cli.{MODULES[name]}")
        if hasattr(module, "app"):
            program.add_typer(module.app, name=name)
        else:
            program.command(name)(getattr(module, name))
    return program


def run(program: typer.Typer) -> None:
    """Run the command that the arguments name; what an operator can mend is told in a line."""
    for stream in cast("tuple[TextIOWrapper, ...]", (sys.stdout, sys.stderr)):
        # A frame or an accent that a terminal cannot show is no reason to fail.
        stream.reconfigure(errors="replace")
    try:
        program()
    except ConfigurationError as error:
        # It imports rich: a server that is well needs none.
        from proxy.cli.console import ExitCode, complain  # noqa: PLC0415 - see above

        complain(str(error))
        sys.exit(ExitCode.CONFIGURATION)


def _alone() -> None:
    """With one command alone, its name would be no part of the line."""
