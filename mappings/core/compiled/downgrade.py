"""What a modern record shows, as one function: a dictionary of the legacy fields in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mappings.core.codecs import Alone, Codec, CodeTable
from mappings.core.compiled.source import Source, items, shown_codes
from mappings.core.context import Document, Json, Scope
from mappings.core.model import identity
from mappings.core.nesting import Each, Nested
from mappings.core.rules import (
    Alias,
    Computed,
    Identifier,
    Paired,
    Rule,
    SetAside,
    Shown,
    Untouched,
)

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

Downgrade = Callable[[Document, Scope], Document]

Place = Callable[[str], str]
"""The scope of a modern field, as text."""

Form = Callable[[Any, Source, Place], list[str] | None]
"""For a rule, an expression for each of its legacy fields; none if it has no such expressions."""


def nowhere(name: str) -> str:
    """Quick: what is noted of a field has no place, and a code that no table has is declined."""
    return "scope"


def placed(name: str) -> str:
    """What is noted of a field has its place."""
    return f"scope.at({name!r})"


def compiled_downgrade(mapping: RecordMapping, place: Place) -> Downgrade | None:
    """`ByRules.downgrade_within` for a record that fits."""
    source = Source("downgrade(document, scope)")
    source.add(
        "get, context = document.get, scope.context",
        "if context.asides:",
        f"    scope = scope.of({mapping.kind!r}, {source.name(mapping.identity_of)}(document))",
        "aside, to_legacy = scope.aside.get, context.ids.to_legacy.get",
    )
    shown: dict[str, str] = {}
    for rule in mapping.rules:
        form = FORMS.get(type(rule))
        found = None if form is None else form(rule, source, place)
        if found is None:
            return None
        for name, value in zip(rule.legacy, found, strict=False):
            # In the order of the rules, as they note what they do not know.
            shown[name] = f"shown_{name}"
            source.add(f"shown_{name} = {value}")
    ordered = ((name, shown[name]) for name in mapping.legacy.model_fields if name in shown)
    source.add(f"return {items(ordered)}")
    downgrade: Downgrade = source.function(str(mapping))
    return downgrade


def _nothing(rule: Rule, source: Source, place: Place) -> list[str]:
    return []


def _aside(rule: SetAside, source: Source, place: Place) -> list[str]:
    return [f"aside({rule.legacy[0]!r}, {source.name(rule.empty)})"]


def _identifier(rule: Identifier, source: Source, place: Place) -> list[str]:
    value = f"get({rule.modern[0]!r})"
    key = f"({rule.kind!r}, {source.name(identity)}({value}))"
    return [value if rule.kind is None else f"to_legacy({key})"]


def _shown(rule: Shown, source: Source, place: Place) -> list[str]:
    return [_downgraded(rule.codec, rule.modern[0], source, place)]


def _computed(rule: Computed, source: Source, place: Place) -> list[str]:
    made_of = items((name, f"get({name!r})") for name in rule.made_of)
    return [f"{source.name(rule.function)}({made_of}, scope)"]


def _paired(rule: Paired, source: Source, place: Place) -> list[str] | None:
    if rule.record is not None:
        return _records(rule, source, place)
    if type(rule.codec) is Alone:
        return [_downgraded(rule.codec.codec, rule.modern[0], source, place)]
    values, names = [f"get({name!r})" for name in rule.modern], [f"of_{it}" for it in rule.legacy]
    made = f"{source.name(rule.codec.downgrade)}(({', '.join(values)},), {place(rule.modern[0])})"
    source.add(f"{', '.join(names)}, = {made}")
    return names


def _downgraded(codec: Codec, name: str, source: Source, place: Place) -> str:
    """The legacy value of a modern field."""
    if type(codec) is Codec:
        return f"get({name!r})"
    if isinstance(codec, CodeTable) and type(codec) is CodeTable and place is nowhere:
        return f"{source.name(shown_codes(codec.shown))}[get({name!r})]"
    return f"{source.name(codec.downgrade)}(get({name!r}), {place(name)})"


def _records(rule: Paired, source: Source, place: Place) -> list[str] | None:
    codec, name = rule.codec.codec if type(rule.codec) is Alone else None, rule.modern[0]
    shown = {Each: _each, Nested: _nested}.get(type(codec))
    if shown is None or not isinstance(codec, Each | Nested):
        return None
    compiled = codec.mapping.compiled
    within = compiled.downgrade if place is nowhere else compiled.downgrade_placed
    arguments = f"{source.name(within)}, get({name!r}), {place(name)}, document"
    return None if within is None else [f"{source.name(shown)}({arguments})"]


def _nested(downgrade: Downgrade, record: Json, scope: Scope, parent: Document) -> Json:
    return None if record is None else downgrade(record, scope.within(None, parent))


def _each(downgrade: Downgrade, records: Json, scope: Scope, parent: Document) -> Json:
    if not records:
        return []
    within = scope.within(None, parent)
    if scope.pointer:
        # It is placed, and so are its records.
        return [downgrade(it, within.at(place)) for place, it in enumerate(records)]
    return [downgrade(record, within) for record in records]


FORMS: Mapping[type[Rule], Form] = {
    Alias: _nothing,
    Computed: _computed,
    Identifier: _identifier,
    Paired: _paired,
    SetAside: _aside,
    Shown: _shown,
    Untouched: _nothing,
}
"""By kind of rule; a rule of another kind has no form, and its mapping goes by the rules."""
