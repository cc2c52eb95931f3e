"""Titles, which are works now, and their copies: what becomes of each field, both ways."""

from __future__ import annotations

from lending import new, old
from lending.names import Authors
from lending.options import Options
from lending.sources import DESK, MOVE, REEL
from mappings.core.codecs import code_table
from mappings.core.context import Document, Scope
from mappings.core.evidence import guess, inferred
from mappings.core.record_mapping import RecordMapping
from mappings.core.verbs import (
    coded,
    computed,
    each,
    identifier,
    renamed,
    same,
    set_aside,
    untouched,
)

STATE = code_table({"IN": "available", "OUT": "on_loan", "LOST": "missing"}, unknown="OUT")
"""What is being mended is not on its shelf either."""

COPY = RecordMapping(
    old.Copy,
    new.Holding,
    identifier("number", to="id", kind="holding", source=MOVE),
    renamed("shelf", to="location", source=MOVE),
    coded("state", STATE, to="availability", source=MOVE),
    untouched("rfid", because="the old desk had no radio tags", source=REEL),
    kind="holding",
)


def title(options: Options) -> RecordMapping:
    """The mapping of a title."""
    return RecordMapping(
        old.Title,
        new.Work,
        identifier("id", to="id", kind="work", source=MOVE),
        renamed("name", to="title", source=MOVE),
        renamed("author", to="authors", codec=Authors(), source=inferred("3.4")),
        renamed("year", to="published_in", source=MOVE),
        coded(
            "medium",
            code_table(options.titles.media),
            to="format",
            source=guess(
                "3.5", question="Which formats does the new API have?", option="titles.media"
            ),
        ),
        same("isbn", source=MOVE),
        each("copies", to="holdings", mapping=COPY, key="number", source=MOVE),
        computed(
            "label",
            label,
            made_of=("title", "published_in"),
            because="the new API makes no line for the spine",
            source=DESK,
        ),
        set_aside(
            "note",
            because="the new API has no place for what the desk wrote down",
            source=MOVE,
        ),
        untouched("cover", because="the old desk had no pictures", source=REEL),
        untouched("updated_at", because="the old desk did not tell", source=REEL),
        kind="work",
        required=("name",),
    )


def label(read: Document, scope: Scope) -> str:
    """The name and the year, as they stand on the spine."""
    name, year = read["title"], read["published_in"]
    return name if year is None else f"{name} ({year})"
