"""Captions, ages and timestamps (traps 7 and 8)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.core.context import Context, Report, Scope
from mappings.core.days import number_of
from mappings.mesvaccins.caption import AgeAtInjection, Caption, age, ages, months_between
from mappings.mesvaccins.timestamps import Hours, LocalTime, calculated, is_older, local, local_in
from tests.documents import TODAY

CAPTION = Caption({"m": "Homme", "f": "Femme"}, "Personne", months_below=24)
PARIS = LocalTime(ZoneInfo("Europe/Paris"))


def scope(today: date = TODAY, parent: Any = None) -> Scope:
    return Scope(Context(today=today, parent=parent), Report())


@pytest.mark.parametrize(
    ("born", "day", "said"),
    [
        ("1988-12-18", "2012-12-17", "23 ans"),
        ("1988-12-18", "2012-12-18", "24 ans"),
        ("2024-01-31", "2024-02-28", "0 mois"),
        ("2024-01-31", "2024-03-01", "1 mois"),
        ("2022-11-24", "2024-11-23", "23 mois"),
        ("2022-11-23", "2024-11-23", "2 ans"),
        ("2004-02-29", "2023-02-28", "18 ans"),
        ("2004-02-29", "2023-03-01", "19 ans"),
        ("2024-01-01", "2024-01-01", "0 mois"),
        ("2024-01-02", "2024-01-01", None),
    ],
)
def test_an_age_is_said_in_months_then_in_years(born: str, day: str, said: str | None) -> None:
    assert age(date.fromisoformat(born), date.fromisoformat(day), 24) == said


def test_one_year_is_singular() -> None:
    assert age(date(2024, 1, 1), date(2025, 6, 1), 12) == "1 an"


@pytest.mark.parametrize(
    ("gender", "said"),
    [("m", "Homme de 38 ans"), ("f", "Femme de 38 ans"), ("x", "Personne de 38 ans")],
)
def test_a_caption_says_sex_and_age(gender: str, said: str) -> None:
    assert CAPTION({"gender": gender, "birth_date": "1988-01-01"}, scope()) == said


def test_there_is_no_caption_without_a_birth() -> None:
    assert CAPTION({"gender": "m", "birth_date": None}, scope()) is None
    assert CAPTION({"gender": "m", "birth_date": "2999-01-01"}, scope()) is None


def test_the_age_at_an_injection_takes_the_birth_from_the_record() -> None:
    at_injection = AgeAtInjection(24)

    assert at_injection(
        {"performed_on": "1988-06-01"}, scope(parent={"birth_date": "1988-01-01"})
    ) == ("5 mois")
    assert at_injection({"performed_on": None}, scope(parent={"birth_date": "1988-01-01"})) is None
    assert at_injection({"performed_on": "1988-06-01"}, scope()) is None


@pytest.mark.parametrize(
    ("modern", "legacy"),
    [
        ("2022-11-03T13:41:17.071Z", "2022-11-03T14:41:17+01:00"),
        ("2022-07-03T13:41:17.999Z", "2022-07-03T15:41:17+02:00"),
        ("2022-03-27T00:59:59.000Z", "2022-03-27T01:59:59+01:00"),
        ("2022-03-27T01:00:00.000Z", "2022-03-27T03:00:00+02:00"),
        ("2022-10-30T00:30:00.000Z", "2022-10-30T02:30:00+02:00"),
        ("2022-10-30T01:30:00.000Z", "2022-10-30T02:30:00+01:00"),
        ("2022-12-31T23:30:00.000Z", "2023-01-01T00:30:00+01:00"),
        ("9999-12-31T23:59:59.000Z", "9999-12-31T23:59:59+00:00"),
        ("1850-01-01T00:00:00.000Z", "1850-01-01T00:00:00+00:00"),
    ],
)
def test_an_instant_is_shown_in_the_time_of_paris_without_milliseconds(
    modern: str, legacy: str
) -> None:
    assert PARIS.downgrade(modern, scope()) == legacy


@given(
    instant=st.datetimes() | st.datetimes(datetime(2021, 1, 1), datetime(2027, 1, 1)),
    ending=st.sampled_from(["Z", ".071Z", ".0Z", ",5Z", "+00:00", "+02:00", ".123456789-03:30"]),
    zone=st.sampled_from(["Europe/Paris", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_an_hour_that_is_remembered_shows_what_the_calendar_gives(
    instant: datetime, ending: str, zone: str
) -> None:
    text = f"{instant.isoformat(timespec='seconds')}{ending}"

    assert local(text, ZoneInfo(zone)) == calculated(text, ZoneInfo(zone))
    assert local_in(ZoneInfo(zone))(text) == calculated(text, ZoneInfo(zone))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2022-11-03",
        "2022-11-03T13:41:17",
        "2022-11-03T13:60:17Z",
        "2022-11-03T13:41:60Z",
        "2022-11-03T13:41:17.071",
        "2022-11-03T24:41:17Z",
        "2022-11-31T13:41:17Z",
        "2022-W44-4T13:41:17Z",
    ],
)
def test_what_is_no_instant_is_not_shown_as_one(text: str) -> None:
    with pytest.raises(ValueError, match="no instant"):
        local_in(ZoneInfo("Europe/Paris"))(text)


def test_no_more_hours_are_remembered_than_asked_for() -> None:
    hours = Hours(ZoneInfo("Europe/Paris"), most=2)

    for hour in ("2022-11-03T13", "2022-11-03T14", "2022-11-03T15"):
        assert hours[hour] is not None

    assert list(hours) == ["2022-11-03T15"]


@given(born=st.dates(), months_below=st.sampled_from([0, 24]), ahead=st.integers(-4000, 80000))
def test_an_age_by_numbers_is_the_age_by_the_calendar(
    born: date, months_below: int, ahead: int
) -> None:
    day = date.fromordinal(min(max(born.toordinal() + ahead, 1), date.max.toordinal()))
    months = number_of(day) - number_of(born) >> 5

    assert months == months_between(born, day)
    assert ages(months_below)[months] == age(born, day, months_below)


def test_no_instant_is_no_instant() -> None:
    assert PARIS.downgrade(None, scope()) is None


@pytest.mark.parametrize(
    ("written", "shown", "older"),
    [
        ("2022-11-03T14:41:16+01:00", "2022-11-03T14:41:17+01:00", True),
        ("2022-11-03T14:41:17+01:00", "2022-11-03T14:41:17+01:00", False),
        ("2022-11-03T13:41:17.900Z", "2022-11-03T14:41:17+01:00", False),
        ("2022-11-03T14:41:18+01:00", "2022-11-03T14:41:17+01:00", False),
        ("2022-11-03T14:41:16", "2022-11-03T14:41:17+01:00", False),
        ("yesterday", "2022-11-03T14:41:17+01:00", False),
        (7, "2022-11-03T14:41:17+01:00", False),
        ("2022-11-03T14:41:17+01:00", None, False),
    ],
)
def test_an_echo_is_older_only_where_both_are_instants(
    written: Any, shown: Any, older: bool
) -> None:
    assert is_older(written, shown) is older
