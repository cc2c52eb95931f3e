"""The old API's documents, field by field, in the order in which it writes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StrictBool, StrictInt
from pydantic_core import PydanticCustomError

from lending.dates import is_day_first
from lending.sources import DESK
from mappings.core.model import Model, declared


def _day_first(text: str) -> str:
    if is_day_first(text):
        return text
    raise PydanticCustomError("date", "expected a date, DD/MM/YYYY")


DayFirst = Annotated[str, AfterValidator(_day_first)]
"""A day as "09/03/1987"."""


class Address(Model):
    """Where a borrower lives."""

    street: str | None = declared("House number and street.", DESK)
    town: str | None = declared("The town.", DESK)
    postcode: str | None = declared("The postal code, as a text.", DESK)


class Borrower(Model):
    """Somebody who may borrow."""

    number: StrictInt | None = declared("The borrower's number.", DESK)
    forename: str | None = declared("The first names; never null.", DESK)
    surname: str | None = declared("The family name; never null.", DESK)
    card: str | None = declared("What the card's barcode says.", DESK)
    category: str | None = declared("`A`, `C`, `S`, or the older `P`.", DESK)
    email: str | None = declared("The e-mail address.", DESK)
    born: DayFirst | None = declared("The day of birth, DD/MM/YYYY.", DESK)
    address: Address | None = declared("Where the borrower lives.", DESK)
    joined: str | None = declared("The day of joining, DD/MM/YYYY.", DESK)
    expired: StrictBool | None = declared("Whether the card has run out.", DESK)
    fax: str | None = declared("A fax number.", DESK)
    remarks: str | None = declared("What the desk wrote down.", DESK)


class Copy(Model):
    """One thing on a shelf."""

    number: StrictInt | None = declared("The copy's number.", DESK)
    shelf: str | None = declared("Where it stands.", DESK)
    state: str | None = declared("`IN`, `OUT` or `LOST`.", DESK)


class Title(Model):
    """One entry of the catalogue."""

    id: StrictInt | None = declared("The title's number.", DESK)
    name: str | None = declared("What it is called.", DESK)
    author: str | None = declared("The authors, with semicolons between.", DESK)
    year: StrictInt | None = declared("The year of publication.", DESK)
    medium: str | None = declared("`BK`, `CD`, `DVD` or `MAP`.", DESK)
    isbn: str | None = declared("The ISBN.", DESK)
    copies: list[Copy] | None = declared("The copies that the library has.", DESK)
    label: str | None = declared("The line on the spine.", DESK)
    note: str | None = declared("What the desk wrote down.", DESK)
