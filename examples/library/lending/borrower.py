"""Borrowers, who are patrons now: what becomes of each field, both ways."""

from __future__ import annotations

from lending import new, old
from lending.dates import DayFirstDate
from lending.names import BorrowerName
from lending.options import Options
from lending.sources import DESK, MOVE, REEL
from mappings.core.codecs import code_table
from mappings.core.context import Document, Scope
from mappings.core.evidence import inferred
from mappings.core.record_mapping import RecordMapping
from mappings.core.verbs import (
    coded,
    computed,
    grouped,
    identifier,
    nested,
    renamed,
    same,
    set_aside,
    shown,
    untouched,
)

CATEGORY = code_table(
    {"A": "adult", "C": "child", "S": "senior", "P": "senior"},
    comes_back={"senior": "S"},
)
"""`P`, for pensioner, is the older word for `S`."""

ADDRESS = RecordMapping(
    old.Address,
    new.Home,
    renamed("street", to="line_1", source=MOVE),
    renamed("town", to="city", source=MOVE),
    renamed("postcode", to="post_code", source=MOVE),
    untouched("country", because="the old desk knew one country only", source=DESK),
)


def borrower(options: Options) -> RecordMapping:
    """The mapping of a borrower."""
    return RecordMapping(
        old.Borrower,
        new.Patron,
        identifier("number", to="id", kind="patron", source=MOVE),
        grouped(
            ("forename", "surname"),
            ("full_name", "family_name"),
            BorrowerName(),
            source=inferred("3.1"),
        ),
        renamed("card", to="card_number", source=MOVE),
        coded("category", CATEGORY, to="tier", source=MOVE),
        same("email", source=MOVE),
        renamed("born", to="born_on", codec=DayFirstDate(), source=inferred("3.2")),
        nested("address", to="home", mapping=ADDRESS, source=MOVE),
        shown(
            "joined",
            to="joined_on",
            codec=DayFirstDate(),
            because="the server sets it",
            source=DESK,
        ),
        computed(
            "expired",
            has_expired,
            made_of=("valid_until",),
            because="the new API tells the last day of the card instead",
            source=inferred("3.3"),
        ),
        set_aside("fax", because="the new API has no fax numbers", source=MOVE),
        set_aside(
            "remarks",
            because="the new API has no place for what the desk wrote down",
            source=MOVE,
        ),
        untouched("consents", because="the old desk never asked", source=REEL),
        untouched("valid_until", because="shown as `expired` only", source=REEL),
        kind="patron",
        required=options.borrowers.required,
    )


def has_expired(read: Document, scope: Scope) -> bool:
    """Whether the last day of the card lies before today."""
    last = read["valid_until"]
    return last is not None and last < scope.context.today.isoformat()
