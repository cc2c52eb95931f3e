"""`passerelle applications`: what the file of legacy applications needs."""

from __future__ import annotations

import sys

import typer

from proxy.cli.console import out
from proxy.credentials.hashes import SecretHash

app = typer.Typer(
    no_args_is_help=True,
    help="Make what the file of legacy applications (PASSERELLE_APPLICATIONS) needs.",
)


@app.callback()
def applications() -> None:
    """With one command alone, its name would be no part of the line."""


@app.command("hash")
def hash_secret() -> None:
    """
    Hash a legacy application's secret for the file of applications.

    The secret is asked for on a terminal, else the first line of standard input is it: given as
    an argument it would stand in the list of processes.
    """
    if sys.stdin.isatty():
        secret = typer.prompt("Secret", hide_input=True, confirmation_prompt=True, err=True)
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise typer.BadParameter("expected a secret on standard input")
    out().print(str(SecretHash.of(secret)), soft_wrap=True, markup=False)
