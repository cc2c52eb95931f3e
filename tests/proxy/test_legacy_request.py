"""The head of a legacy request: names in lower case, values as they came."""

from __future__ import annotations

import pytest

from proxy.legacy_request import Fields

ONCE = frozenset({b"authorization"})
PAIRS = [(b"accept", b"a"), (b"authorization", b"Basic \xe9"), (b"x", b"1")]


def test_a_value_is_read_byte_by_byte() -> None:
    assert Fields(PAIRS).get(b"authorization") == "Basic é"


@pytest.mark.parametrize("pairs", [PAIRS, [*PAIRS, (b"x", b"2")]])
def test_a_field_that_is_not_there_has_no_value(pairs: list[tuple[bytes, bytes]]) -> None:
    fields = Fields(pairs)

    assert fields.get(b"via") is None
    assert fields.every(b"via") == []


def test_of_a_field_that_stands_twice_the_first_value_counts_and_all_are_there() -> None:
    fields = Fields([*PAIRS, (b"x", b"2"), (b"x", b"3")])

    assert fields.get(b"x") == "1"
    assert fields.every(b"x") == ["1", "2", "3"]
    assert fields.every(b"accept") == ["a"]


@pytest.mark.parametrize(
    ("more", "twice"),
    [([], False), ([(b"x", b"2")], False), ([(b"authorization", b"Bearer a")], True)],
)
def test_only_a_repetition_of_these_is_one(more: list[tuple[bytes, bytes]], twice: bool) -> None:
    assert Fields([*PAIRS, *more]).stands_twice(ONCE) is twice
