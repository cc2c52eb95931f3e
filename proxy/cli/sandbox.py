"""`passerelle sandbox`: the stand-in for the new API, on a socket."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from proxy.cli import serving
from proxy.cli.console import err
from sandbox import create_app as create_sandbox


class Pages(StrEnum):
    """How the sandbox's list tells of its next page."""

    LINK = "link"
    PAGE = "page"
    CURSOR = "cursor"


def sandbox(
    host: serving.Host = "127.0.0.1",
    port: serving.Port = 9000,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Take no tokens but its own.")] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Begin without the invented people.")
    ] = False,
    idempotency: Annotated[
        bool,
        typer.Option(
            "--idempotency/--no-idempotency", help="Honour the Idempotency-Key of a creation."
        ),
    ] = True,
    page_size: Annotated[
        int | None, typer.Option(min=1, help="Give the list of records in pages of so many.")
    ] = None,
    pages: Annotated[Pages, typer.Option(help="How a page tells of the next one.")] = Pages.LINK,
) -> None:
    """Serve a stand-in for the new API, in memory, with invented people."""
    listening = serving.listen(host, port)
    err().print(f"the sandbox serves on {serving.address(listening)}", soft_wrap=True)
    app = create_sandbox(
        strict=strict,
        seed=not empty,
        idempotency=idempotency,
        page_size=page_size,
        pages=pages.value,
    )
    serving.run(serving.config(app), listening)
