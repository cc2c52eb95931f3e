"""A town library: the lending desk's old API, and the one that replaced it."""

from __future__ import annotations

from datetime import UTC

from lending.borrower import borrower
from lending.endpoints import endpoints
from lending.errors import DeskErrors
from lending.options import Options
from lending.samples import SAMPLE
from lending.sources import SOURCES
from lending.title import title
from mappings.core.pack import Pack

__all__ = ["PACK", "Options", "build"]


def build(options: Options) -> Pack:
    """The pack for these options; raises `ContradictionError` where a mapping does not hold."""
    borrowers, titles = borrower(options), title(options)
    return Pack(
        name="lending",
        title="A town library: the old lending desk and the new API",
        options=options,
        mappings={"borrower": borrowers, "title": titles},
        endpoints=endpoints(options, borrowers, titles),
        sample=SAMPLE,
        errors=DeskErrors(),
        zone=UTC,
        sources=SOURCES,
        prefixes=("/desk",),
    )


PACK = build(Options())
"""The pack with every option at its default, built and checked when it is imported."""
