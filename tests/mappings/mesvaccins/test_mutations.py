"""Whatever is taken out of a mapping, or swapped in it, something goes red."""

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
from mappings.core.rules import Alias, Computed, Paired, Rule, SetAside, Shown, Untouched
from mappings.mesvaccins.validation import Validation
from tests.documents import HEALTH_RECORD, VACCINATION
from tests.golden import BY_KIND, hold

Rules = tuple[Rule, ...]


def rebuilt(mapping: RecordMapping, rules: Rules) -> RecordMapping:
    """The same mapping with other rules."""
    return RecordMapping(
        mapping.legacy, mapping.modern, rules, kind=mapping.kind, required=mapping.required
    )


def with_vaccination(rules: Rules) -> RecordMapping:
    """The health record, with these rules for its vaccinations."""
    inner = rebuilt(VACCINATION, rules)
    codec = Alone(Each(inner, "id", by_calls=True))
    return rebuilt(
        HEALTH_RECORD,
        tuple(
            replace(rule, record=inner, codec=codec)
            if isinstance(rule, Paired) and rule.record is not None
            else rule
            for rule in HEALTH_RECORD.rules
        ),
    )


def tables(rule: Rule) -> Iterator[tuple[CodeTable, Callable[[CodeTable], Rule]]]:
    """The code tables of a rule, each with what makes the rule with another in its place."""
    if isinstance(rule, Shown) and isinstance(rule.codec, CodeTable):
        yield rule.codec, lambda table: replace(rule, codec=table)
    elif isinstance(rule, Paired) and isinstance(rule.codec, Validation):
        codec = rule.codec
        yield codec.methods, lambda table: replace(rule, codec=replace(codec, methods=table))
    elif (
        isinstance(rule, Paired)
        and isinstance(rule.codec, Alone)
        and isinstance(rule.codec.codec, CodeTable)
    ):
        yield rule.codec.codec, lambda table: replace(rule, codec=Alone(table))


def deletions() -> Iterator[Any]:
    for name, mapping in BY_KIND.items():
        for rule in mapping.rules:
            fields = "+".join(rule.legacy or rule.modern)
            yield pytest.param(mapping, rule, id=f"{name}-{rule.verb}-{fields}")


def code_swaps() -> Iterator[Any]:
    for name, mapping in BY_KIND.items():
        for rule in mapping.rules:
            for table, remade in tables(rule):
                for member in ("pairs", "also_shown"):
                    codes = dict(getattr(table, member))
                    for one, other in itertools.combinations(codes, 2):
                        if codes[one] != codes[other]:
                            swapped: Any = {**codes, one: codes[other], other: codes[one]}
                            mutant = remade(replace(table, **{member: swapped}))
                            ids = f"{name}-{rule.legacy[0]}-{one}-{other}"
                            yield pytest.param(mapping, rule, mutant, id=ids)


def field_swaps() -> Iterator[Any]:
    for name, mapping in BY_KIND.items():
        for side, model in (("legacy", mapping.legacy), ("modern", mapping.modern)):
            for one, other in itertools.combinations(model.model_fields, 2):
                if not _say_the_same(mapping, side, one, other):
                    yield pytest.param(mapping, side, one, other, id=f"{name}-{side}-{one}-{other}")


def _say_the_same(mapping: RecordMapping, side: Any, one: str, other: str) -> bool:
    """Whether two fields have rules that differ in nothing: then swapping them is no change."""
    rules = [mapping.rule_of(side, name) for name in (one, other)]
    if all(isinstance(rule, Untouched) for rule in rules):
        return _readers(mapping, one) == _readers(mapping, other)
    return all(isinstance(rule, SetAside) and rule.check is None for rule in rules)


def _readers(mapping: RecordMapping, name: str) -> list[str]:
    return [rule.legacy[0] for rule in mapping.of_kind(Computed) if name in rule.made_of]


def goes_red(mapping: RecordMapping, rules: Rules) -> bool:
    """Whether a golden pair breaks: of the record itself, and of the one around it."""
    if mapping is VACCINATION:
        return not hold(rebuilt(mapping, rules)) and not hold(with_vaccination(rules))
    return not hold(rebuilt(mapping, rules))


@pytest.mark.parametrize(("mapping", "rule"), list(deletions()))
def test_a_rule_that_is_deleted_is_missed_at_import(mapping: RecordMapping, rule: Rule) -> None:
    rest = tuple(other for other in mapping.rules if other is not rule)

    with pytest.raises(ContradictionError) as raised:
        rebuilt(mapping, rest)

    for name in (*rule.legacy, *rule.modern):
        assert f"/{name}: no rule says what becomes of it" in str(raised.value)


@pytest.mark.parametrize(("mapping", "rule", "mutant"), list(code_swaps()))
def test_two_codes_that_are_swapped_break_a_golden_pair(
    mapping: RecordMapping, rule: Rule, mutant: Rule
) -> None:
    rules = tuple(mutant if known is rule else known for known in mapping.rules)

    assert goes_red(mapping, rules)


@pytest.mark.parametrize(("mapping", "side", "one", "other"), list(field_swaps()))
def test_two_fields_that_are_swapped_break_a_golden_pair_or_the_coverage(
    mapping: RecordMapping, side: str, one: str, other: str
) -> None:
    swap = {one: other, other: one}

    def swapped(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(swap.get(name, name) for name in names)

    rules: list[Rule] = []
    for rule in mapping.rules:
        changed: Rule = (
            replace(rule, legacy=swapped(rule.legacy))
            if side == "legacy"
            else replace(rule, modern=swapped(rule.modern))
        )
        if side == "modern" and isinstance(changed, Computed):
            changed = replace(changed, made_of=swapped(changed.made_of))
        if side == "legacy" and isinstance(changed, Alias):
            changed = replace(changed, of=swap.get(changed.of, changed.of))
        rules.append(changed)

    try:
        rebuilt(mapping, tuple(rules))
    except ContradictionError:
        return

    assert goes_red(mapping, tuple(rules))


def test_every_code_table_of_the_pack_is_swapped() -> None:
    swapped = {str(case.id).rsplit("-", 2)[0] for case in code_swaps()}

    assert swapped == {
        "health_record-gender",
        "vaccination-injection_route",
        "vaccination-injection_site",
        "vaccination-validation",
        "sharing_request-status",
    }
