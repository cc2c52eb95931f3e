"""What a person should be able to read: whole records, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mappings.core.context import is_blank
from tests.golden import BY_KIND, PAIRS, Pair, can_be_made, fills, hold, made, shown, written_back

every_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.kind}-{pair.name}")
creations = pytest.mark.parametrize(
    "pair",
    [pair for pair in PAIRS if can_be_made(pair)],
    ids=lambda pair: f"{pair.kind}-{pair.name}",
)

FULL = ("woman_with_a_name_in_use", "woman_with_a_name_in_use-1", "pending")
"""Of each kind, the pair that has something in every field."""

NEVER_SHOWN = {"creator", "external_id"}


def keys(document: Any) -> Iterator[Any]:
    """The keys of a document and of all that is in it, in their order."""
    if isinstance(document, dict):
        yield list(document)
        for value in document.values():
            yield from keys(value)
    elif isinstance(document, list):
        for item in document:
            yield from keys(item)


@every_pair
def test_a_modern_record_is_shown_as_its_legacy_one(pair: Pair) -> None:
    document = shown(BY_KIND[pair.kind], pair)

    assert document == pair.legacy


@every_pair
def test_its_keys_come_in_the_order_of_the_legacy_samples(pair: Pair) -> None:
    """Trap 27."""
    document = shown(BY_KIND[pair.kind], pair)

    assert list(keys(document)) == list(keys(pair.legacy))


@creations
def test_a_legacy_record_makes_its_modern_one(pair: Pair) -> None:
    document = made(BY_KIND[pair.kind], pair)

    assert document == fills(pair)


@every_pair
def test_a_record_written_back_whole_changes_nothing_and_loses_nothing(pair: Pair) -> None:
    """Trap 1."""
    upgraded = written_back(BY_KIND[pair.kind], pair)

    assert upgraded.changes == upgraded.aside == {}
    assert not upgraded.items
    assert not upgraded.lost
    assert not upgraded.stale


@pytest.mark.parametrize("kind", list(BY_KIND))
def test_one_pair_of_each_kind_has_a_distinct_value_in_every_field(kind: str) -> None:
    pair = next(pair for pair in PAIRS if pair.kind == kind and pair.name in FULL)
    mapping = BY_KIND[kind]

    for document, model in ((pair.legacy, mapping.legacy), (pair.modern, mapping.modern)):
        said = {name: document.get(name) for name in model.model_fields if name not in NEVER_SHOWN}
        values = [repr(value) for value in said.values()]
        assert not any(map(is_blank, said.values()))
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("mapping", BY_KIND.values(), ids=list(BY_KIND))
def test_the_golden_pairs_hold(mapping: Any) -> None:
    assert hold(mapping)
