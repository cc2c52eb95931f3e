"""Every choice that the sources leave open, with its default. One TOML file changes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from lending import old
from mappings.core.evidence import guess
from mappings.core.options import Section, option


def _field(name: str) -> str:
    if name not in old.Borrower.model_fields:
        raise ValueError("expected a field of the old borrower")
    return name


Field = Annotated[str, AfterValidator(_field)]


class Borrowers(Section):
    """Borrowers."""

    required: tuple[Field, ...] = option(
        ("surname", "card"),
        "The fields that a new borrower must have.",
        guess(
            "1.2",
            question="Without which fields did the old desk refuse a new borrower?",
            option="borrowers.required",
        ),
    )


class Titles(Section):
    """Titles."""

    media: dict[str, str] = option(
        {"BK": "book", "CD": "audio_disc", "DVD": "film", "MAP": "map"},
        "New format by old medium; any other format shows null.",
        guess("3.5", question="Which formats does the new API have?", option="titles.media"),
    )


class Deletions(Section):
    """Deletions."""

    status: Literal[200, 204] = option(
        200,
        "The status of a deletion: 200 with an empty object, or 204 with nothing.",
        guess(
            "1.3",
            question="With which status did the old desk answer a deletion?",
            option="deletions.status",
        ),
    )


class Options(Section):
    """The options of the lending pack."""

    borrowers: Borrowers = Borrowers()
    titles: Titles = Titles()
    deletions: Deletions = Deletions()
