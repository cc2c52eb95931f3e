"""What a person should be able to read: whole records, both ways."""

from __future__ import annotations

import pytest

from tests.documents import HEALTH_RECORD
from tests.golden import PAIRS, WRITABLE, Pair, hold, made, shown, written_back

every_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


@every_pair
def test_a_modern_record_is_shown_as_its_legacy_one(pair: Pair) -> None:
    document = shown(HEALTH_RECORD, pair)

    assert document == pair.legacy


@every_pair
def test_its_keys_come_in_the_order_of_the_legacy_samples(pair: Pair) -> None:
    """Trap 27."""
    document = shown(HEALTH_RECORD, pair)

    assert list(document) == list(pair.legacy)
    for vaccination, expected in zip(
        document["vaccinations"], pair.legacy["vaccinations"], strict=True
    ):
        assert list(vaccination) == list(expected)


@every_pair
def test_a_legacy_record_makes_its_modern_one(pair: Pair) -> None:
    document = made(HEALTH_RECORD, pair)

    assert document == {name: pair.modern[name] for name in WRITABLE if name in pair.modern}


@every_pair
def test_a_record_written_back_whole_changes_nothing_and_loses_nothing(pair: Pair) -> None:
    """Trap 1."""
    upgraded = written_back(HEALTH_RECORD, pair)

    assert upgraded.changes == {}
    assert upgraded.lost == ()
    assert not upgraded.stale


def test_one_pair_has_a_distinct_value_in_every_field() -> None:
    pair = next(pair for pair in PAIRS if pair.name == "woman_with_a_name_in_use")

    for document in (pair.legacy, pair.modern):
        values = [repr(value) for value in document.values()]
        assert len(set(values)) == len(values)


def test_the_golden_pairs_hold() -> None:
    assert hold(HEALTH_RECORD)
