"""`passerelle docs`: the pages that are written from the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mappings.core import documentation
from proxy import packs
from proxy.cli.console import ExitCode, complain, out
from proxy.errors import ConfigurationError
from proxy.settings import pack_settings_of_environment


def docs(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where a page is stale.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where the pages lie.")] = Path("docs"),
) -> None:
    """Write docs/mapping.md and docs/open-questions.md from the rules of the pack."""
    pack = packs.load(pack_settings_of_environment().pack).pack
    pages = {
        folder / "mapping.md": documentation.mapping_page(pack),
        folder / "open-questions.md": documentation.questions_page(pack),
    }
    stale = [path for path, text in pages.items() if not _says(path, text)]
    if check and stale:
        complain(f"stale: {', '.join(map(str, stale))}; `passerelle docs` writes them anew")
        raise typer.Exit(ExitCode.FAILED)
    try:
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[path], encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--folder {folder}: {error.strerror}") from error
    out().print(f"{len(pages)} pages, {len(stale)} written")


def _says(path: Path, text: str) -> bool:
    return path.exists() and path.read_bytes() == text.encode()
