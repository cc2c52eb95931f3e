"""The new API's documents, field by field."""

from __future__ import annotations

from typing import Any

from pydantic import StrictInt

from lending.sources import REEL
from mappings.core.model import CalendarDate, Model, Timestamp, declared


class Home(Model):
    """Where a patron lives."""

    line_1: str | None = declared("House number and street.", REEL)
    city: str | None = declared("The town.", REEL)
    post_code: str | None = declared("The postal code.", REEL)
    country: str | None = declared("The country, by its two letters.", REEL)


class Patron(Model):
    """Somebody who may borrow."""

    id: StrictInt | str = declared("The patron's id: a number so far.", REEL, required=True)
    full_name: str | None = declared("The whole name, as it is spoken.", REEL)
    family_name: str | None = declared("The family name, to sort by.", REEL)
    card_number: str | None = declared("What the card's barcode says.", REEL)
    tier: str | None = declared("`adult`, `child`, `senior`, ...", REEL)
    email: str | None = declared("The e-mail address.", REEL)
    born_on: CalendarDate | None = declared("The day of birth.", REEL)
    home: Home | None = declared("Where the patron lives.", REEL)
    joined_on: CalendarDate | None = declared("The day of joining.", REEL)
    valid_until: CalendarDate | None = declared("The last day of the card.", REEL)
    consents: Any = declared("What the patron agreed to.", REEL)


class Holding(Model):
    """One thing on a shelf."""

    id: str | None = declared("The holding's id.", REEL)
    location: str | None = declared("Where it stands.", REEL)
    availability: str | None = declared("`available`, `on_loan`, `missing`, ...", REEL)
    rfid: str | None = declared("What its radio tag says.", REEL)


class Work(Model):
    """One entry of the catalogue."""

    id: str = declared("The work's id: `wrk-` and a few letters.", REEL, required=True)
    title: str = declared("What it is called.", REEL, required=True)
    authors: list[str] | None = declared("The authors.", REEL)
    published_in: StrictInt | None = declared("The year of publication.", REEL)
    format: str | None = declared("`book`, `audio_disc`, `film`, `map`, ...", REEL)
    isbn: str | None = declared("The ISBN.", REEL)
    holdings: list[Holding] | None = declared("The copies that the library has.", REEL)
    cover: Any = declared("Where its picture lies.", REEL)
    updated_at: Timestamp | None = declared("When it was last changed.", REEL)
