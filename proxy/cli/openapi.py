"""`passerelle openapi`: either side of the pack as an OpenAPI 3.1 document."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mappings.core.openapi import legacy_document, modern_document
from proxy import packs
from proxy.errors import ConfigurationError
from proxy.settings import pack_settings_of_environment


class Side(StrEnum):
    """Of which API."""

    LEGACY = "legacy"
    MODERN = "modern"


DOCUMENTS = {Side.LEGACY: legacy_document, Side.MODERN: modern_document}


def openapi(
    side: Annotated[
        Side, typer.Argument(help="What the gateway serves, or what it asks of the new API.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="A file to write; standard output by default.")
    ] = None,
) -> None:
    """Write one side of the pack, with its options, as OpenAPI 3.1 in JSON."""
    settings = pack_settings_of_environment()
    pack = packs.load(settings.pack, settings.pack_options).pack
    text = json.dumps(DOCUMENTS[side](pack), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--out {out}: {error.strerror}") from error
