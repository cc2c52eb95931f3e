"""The day changes where the clocks on the wall do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from proxy.journey.day import LocalDay

PARIS = ZoneInfo("Europe/Paris")
BEFORE_MIDNIGHT = datetime(2024, 3, 5, 22, 59, 59, 999999, tzinfo=UTC)


def test_a_day_ends_at_midnight_in_its_zone() -> None:
    moments = [BEFORE_MIDNIGHT, BEFORE_MIDNIGHT + timedelta(microseconds=1)]
    day = LocalDay(iter(moments).__next__, PARIS)

    assert [day(), day()] == [date(2024, 3, 5), date(2024, 3, 6)]


def test_a_clock_that_is_set_back_shows_the_day_before_again() -> None:
    moments = [BEFORE_MIDNIGHT + timedelta(seconds=1), BEFORE_MIDNIGHT]
    day = LocalDay(iter(moments).__next__, PARIS)

    assert [day(), day()] == [date(2024, 3, 6), date(2024, 3, 5)]


@given(
    st.lists(
        st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
        max_size=20,
    ),
    st.sampled_from(["Europe/Paris", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"]),
)
def test_it_is_the_day_of_every_moment(moments: list[datetime], name: str) -> None:
    zone = ZoneInfo(name)
    day = LocalDay(iter(moments).__next__, zone)

    assert [day() for _ in moments] == [it.astimezone(zone).date() for it in moments]
