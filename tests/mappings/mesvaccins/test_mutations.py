"""Whatever is taken out of the health record's mapping, or swapped in it, something goes red."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from mappings.core.codecs import Alone, CodeTable
from mappings.core.errors import ContradictionError
from mappings.core.nesting import Each
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Computed, Paired, Rule, SetAside, Untouched
from tests.documents import HEALTH_RECORD, VACCINATION
from tests.golden import hold

NULL_FOR_NOW = {"vaccine", "creator", "comments"}
"""Of a vaccination, what no rule has a value for yet."""

Build = Callable[[tuple[Rule, ...]], RecordMapping]


def health_record(rules: tuple[Rule, ...]) -> RecordMapping:
    return RecordMapping(
        HEALTH_RECORD.legacy, HEALTH_RECORD.modern, rules, required=HEALTH_RECORD.required
    )


def with_vaccination(rules: tuple[Rule, ...]) -> RecordMapping:
    """The health record, with these rules for its vaccinations."""
    inner = RecordMapping(VACCINATION.legacy, VACCINATION.modern, rules)
    codec = Alone(Each(inner, "id", writable=False))
    return health_record(
        tuple(
            replace(rule, record=inner, codec=codec)
            if isinstance(rule, Paired) and rule.record is not None
            else rule
            for rule in HEALTH_RECORD.rules
        )
    )


MAPPINGS: dict[str, tuple[RecordMapping, Build]] = {
    "health_record": (HEALTH_RECORD, health_record),
    "vaccination": (VACCINATION, with_vaccination),
}


def deletions() -> Iterator[Any]:
    for name, (mapping, build) in MAPPINGS.items():
        for rule in mapping.rules:
            fields = "+".join(rule.legacy or rule.modern)
            yield pytest.param(rule, mapping, build, id=f"{name}-{rule.verb}-{fields}")


def code_swaps() -> Iterator[Any]:
    for name, (mapping, build) in MAPPINGS.items():
        for rule in mapping.of_kind(Paired):
            if isinstance(rule.codec, Alone) and isinstance(rule.codec.codec, CodeTable):
                for one, other in itertools.combinations(rule.codec.codec.pairs, 2):
                    ids = f"{name}-{rule.legacy[0]}-{one}-{other}"
                    yield pytest.param(rule, one, other, mapping, build, id=ids)


def field_swaps() -> Iterator[Any]:
    for name, (mapping, build) in MAPPINGS.items():
        for side, model in (("legacy", mapping.legacy), ("modern", mapping.modern)):
            for one, other in itertools.combinations(model.model_fields, 2):
                if not _say_the_same(mapping, side, one, other):
                    ids = f"{name}-{side}-{one}-{other}"
                    yield pytest.param(side, one, other, mapping, build, id=ids)


def _say_the_same(mapping: RecordMapping, side: Any, one: str, other: str) -> bool:
    """Whether two fields have rules that differ in nothing: then swapping them is no change."""
    rules = [mapping.rule_of(side, name) for name in (one, other)]
    if {one, other} <= NULL_FOR_NOW or all(
        isinstance(rule, Untouched) or rule.modern == ("vaccine_id",) for rule in rules if rule
    ):
        return _readers(mapping, one) == _readers(mapping, other)
    return all(isinstance(rule, SetAside) and rule.check is None for rule in rules)


def _readers(mapping: RecordMapping, name: str) -> list[str]:
    return [rule.legacy[0] for rule in mapping.of_kind(Computed) if name in rule.made_of]


@pytest.mark.parametrize(("rule", "mapping", "build"), list(deletions()))
def test_a_rule_that_is_deleted_is_missed_at_import(
    rule: Rule, mapping: RecordMapping, build: Build
) -> None:
    rest = tuple(other for other in mapping.rules if other is not rule)

    with pytest.raises(ContradictionError) as raised:
        build(rest)

    for name in (*rule.legacy, *rule.modern):
        assert f"/{name}: no rule says what becomes of it" in str(raised.value)


@pytest.mark.parametrize(("rule", "one", "other", "mapping", "build"), list(code_swaps()))
def test_two_codes_that_are_swapped_break_a_golden_pair_or_the_table(
    rule: Paired, one: str, other: str, mapping: RecordMapping, build: Build
) -> None:
    assert isinstance(rule.codec, Alone)
    assert isinstance(rule.codec.codec, CodeTable)
    pairs = dict(rule.codec.codec.pairs)
    pairs[one], pairs[other] = pairs[other], pairs[one]
    swapped = replace(rule, codec=Alone(replace(rule.codec.codec, pairs=pairs)))

    mutant = build(tuple(swapped if known is rule else known for known in mapping.rules))

    assert not hold(mutant)


@pytest.mark.parametrize(("side", "one", "other", "mapping", "build"), list(field_swaps()))
def test_two_fields_that_are_swapped_break_a_golden_pair_or_the_coverage(
    side: str, one: str, other: str, mapping: RecordMapping, build: Build
) -> None:
    swap = {one: other, other: one}

    def swapped(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(swap.get(name, name) for name in names)

    rules = []
    for rule in mapping.rules:
        changed: Rule = (
            replace(rule, legacy=swapped(rule.legacy))
            if side == "legacy"
            else replace(rule, modern=swapped(rule.modern))
        )
        if side == "modern" and isinstance(changed, Computed):
            changed = replace(changed, made_of=swapped(changed.made_of))
        rules.append(changed)

    try:
        mutant = build(tuple(rules))
    except ContradictionError:
        return

    assert not hold(mutant)
