"""`passerelle docs`: the pages that are written from the rules, and from the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mappings.core import documentation
from proxy import packs
from proxy.cli.console import ExitCode, complain, out
from proxy.errors import ConfigurationError
from proxy.settings import Settings, pack_settings_of_environment
from proxy.settings.described import roles
from proxy.settings.page import settings_page


def docs(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where a page is stale.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where the pages lie.")] = Path("docs"),
) -> None:
    """
    Write mapping.md and open-questions.md from the rules of the pack.

    With the gateway's own pack settings.md too, from the settings.
    """
    name = pack_settings_of_environment().pack
    pack = packs.load(name).pack
    pages = {
        folder / "mapping.md": documentation.mapping_page(pack),
        folder / "open-questions.md": documentation.questions_page(pack),
    }
    if name == Settings.model_fields["pack"].default:
        # The gateway's page: a pack of somebody else has a folder of pages of its own.
        pages[folder / "settings.md"] = settings_page(roles(Settings))
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
