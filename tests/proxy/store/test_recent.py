"""Pairs in memory: the last ones used are found, however many there were."""

from __future__ import annotations

import pytest

from proxy.store.recent import Recent


def filled(size: int, *keys: str) -> Recent[str, int]:
    recent: Recent[str, int] = Recent(size)
    for number, key in enumerate(keys):
        recent["kind"].add(key, number)
    return recent


def test_a_pair_is_found_by_its_kind_and_key() -> None:
    recent = filled(10, "a", "b")

    assert recent["kind"]["b"] == 1
    with pytest.raises(KeyError):
        recent["kind"]["c"]
    with pytest.raises(KeyError):
        recent["other"]["a"]


def test_those_that_are_remembered_are_told_from_those_that_are_not() -> None:
    recent = filled(10, "a", "b")

    found, missing = recent.among([("kind", "b"), ("kind", "c"), ("other", "a")])

    assert found == {("kind", "b"): 1}
    assert missing == [("kind", "c"), ("other", "a")]


def test_the_pairs_that_were_not_used_for_longest_are_forgotten() -> None:
    recent = filled(4, "a", "b", "c")
    assert recent["kind"]["a"] == 0

    recent["kind"].add("d", 3)

    assert recent["kind"]["a"] == 0
    with pytest.raises(KeyError):
        recent["kind"]["b"]


def test_what_is_old_is_young_again_once_it_was_asked_for() -> None:
    recent = filled(4, "a", "b", "c")

    assert recent["kind"]["a"] == 0

    assert "a" in recent["kind"]


def test_a_pair_that_is_added_again_takes_no_more_room() -> None:
    recent = filled(4, "a", "a", "a", "b")

    assert recent["kind"] == {"a": 0, "b": 3}


def test_the_pairs_of_all_kinds_are_no_more_than_the_size() -> None:
    recent: Recent[int, int] = Recent(100)

    for number in range(1000):
        recent[f"kind-{number % 7}"].add(number, number)

    asked = [(f"kind-{number % 7}", number) for number in range(1000)]
    found = {key for key in reversed(asked) if key[1] >= 950}
    assert found <= set(recent.among(reversed(asked))[0])
    assert sum(map(len, recent.values())) <= 50
