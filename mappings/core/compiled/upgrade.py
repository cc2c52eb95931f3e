"""What changes on the modern side: one function for a new record, and one over a stored one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mappings.core.codecs import Alone, Codec, CodeTable
from mappings.core.compiled.made import made_anew, may_be_blank
from mappings.core.compiled.reading import Reading, block
from mappings.core.compiled.records import Upgrade, carried_records
from mappings.core.compiled.source import Codes, Source
from mappings.core.context import Document, Scope
from mappings.core.rules import (
    Alias,
    Changes,
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

Lines = list[str]

Form = Callable[[Any, Reading], Lines | None]
"""For a rule, the lines that put what it changes in `changes`; none if it has no such lines."""


def compiled_upgrade(mapping: RecordMapping) -> Upgrade | None:
    """`ByRules.upgrade_within`, but for the problems: where there are any, it declines."""
    create, change = _function(mapping, CREATED), _function(mapping, CHANGED)
    if create is None or change is None:
        return None

    def upgrade(document: Document, scope: Scope, shown: Document) -> Changes:
        base = scope.context.base
        if base is None:
            return create(document, scope, shown)
        if scope.context.asides:
            scope = scope.of(mapping.kind, mapping.identity_of(base))
        return change(document, scope, shown)

    return upgrade


def _function(mapping: RecordMapping, forms: Mapping[type[Rule], Form]) -> Upgrade | None:
    source, new = Reading(mapping, "upgrade(document, scope, shown)"), forms is CREATED
    lines = by_rule(source, forms)
    if lines is None:
        return None
    source.add(*_before(mapping, source, new=new), *lines)
    source.add(*_after(mapping, source, new=new), "return changes")
    upgrade: Upgrade = source.function(str(mapping))
    return upgrade


def by_rule(source: Reading, forms: Mapping[type[Rule], Form]) -> Lines | None:
    """The lines for all rules of a mapping, one after the other; none where one has no form."""
    found: Lines = []
    for rule in source.mapping.rules:
        form = forms.get(type(rule))
        lines = None if form is None else form(rule, source)
        if lines is None:
            return None
        found += lines
    return found


def _before(mapping: RecordMapping, source: Source, *, new: bool) -> Lines:
    """What is to be told of the document as such."""
    aliases = source.name({rule.legacy[0] for rule in mapping.of_kind(Alias)})
    declared = source.name(frozenset(mapping.legacy.model_fields))
    lines = [
        f"if type(document) is not dict or not {aliases}.isdisjoint(document):",
        "    raise DeclinedError",
        f"if not {declared}.issuperset(document):",
        "    for name in document:",
        f"        if name not in {declared}:",
        f"            {source.name(mapping.by_rules.note_undeclared)}(scope, name)",
        "get, changes, aside = document.get, {}, scope.aside_to",
    ]
    if new:
        # Fields are given no place: whoever tells something of one tells it nowhere, and declines.
        lines.append("nowhere = scope.unheard()")
    for name in mapping.required:
        # What is required may be left out of a change, but not written blank.
        value = f"document[{name!r}]" if new else f"get({name!r}, True)"
        lines += [f"value = {value}", f"if {may_be_blank('value')}:", "    raise DeclinedError"]
    return lines


def _after(mapping: RecordMapping, source: Reading, *, new: bool) -> Lines:
    """What the modern side must have, and what is made of the whole record."""
    told = "scope.report.problems" + (" or not nowhere.report.empty" if new else "")
    lines = [f"if {told}:", "    raise DeclinedError"]
    for name, reader in mapping.modern_readers.items():
        if reader.required and not new:
            lines += [f"if changes.get({name!r}, True) is None:", "    raise DeclinedError"]
    for rule in mapping.of_kind(Computed):
        name = rule.legacy[0]
        as_shown = "is_blank(value)" if new else f"not changes and equal(value, shown[{name!r}])"
        whole = "{**(scope.context.base or {}), **changes}"
        tell = f"{source.name(rule.compare)}(document, {whole}, scope)"
        lines += source.if_written(name, [f"if not ({as_shown}):", f"    {tell}"])
    return lines


def _nothing(rule: Rule, source: Reading) -> Lines:
    return []


def _not_made(rule: Rule, source: Reading) -> Lines:
    """What the server sets says nothing in a new record; where it says something, it is lost."""
    return _ignored(rule, source, "is_blank(value)")


def _identifier(rule: Identifier, source: Reading) -> Lines:
    return _ignored(rule, source, f"str(value).lower() == str(shown[{rule.legacy[0]!r}]).lower()")


def _shown(rule: Shown, source: Reading) -> Lines:
    return _ignored(rule, source, f"equal(value, shown[{rule.legacy[0]!r}])")


def _ignored(rule: Rule, source: Reading, as_shown: str) -> Lines:
    """What the client wrote is no change; where it is not as it is shown, the rule tells it."""
    name = rule.legacy[0]
    tell = f"{source.name(rule.upgrade)}({{{name!r}: value}}, scope)"
    return source.if_written(name, [f"if not {as_shown}:", f"    {tell}"])


def _aside(rule: SetAside, source: Reading) -> Lines:
    return _set_aside(rule, source, "None" if rule.empty is None else source.name(rule.empty))


def _aside_again(rule: SetAside, source: Reading) -> Lines:
    return _set_aside(rule, source, f"shown[{rule.legacy[0]!r}]")


def _set_aside(rule: SetAside, source: Reading, kept: str) -> Lines:
    name = rule.legacy[0]
    check = [] if rule.check is None else [f"    {source.name(rule.check)}(value)"]
    news = "value is not None" if kept == "None" else f"not equal(value, {kept})"
    # In line what `Scope.set_aside` does where somebody keeps them.
    keep = [
        f"if {news}:",
        *check,
        "    if aside is None:",
        f"        scope.set_aside({name!r}, value)",
        "    else:",
        f"        aside[{name!r}] = value",
    ]
    return source.if_readable(name, keep)


def _created(rule: Paired, source: Reading) -> Lines | None:
    """Where nothing is stored yet."""
    if rule.record is not None:
        return _records(rule, source)
    if len(rule.legacy) == 1:
        return source.if_readable(rule.legacy[0], _created_alone(rule, source))
    values = "".join(f"written[{name!r}], " for name in rule.legacy)
    return [
        *_written(rule, source),
        f"if len(written) == {len(rule.legacy)}:",
        *block(made_anew(rule, f"({values})", source)),
        "elif written:",
        f"    changes.update({source.name(rule.upgrade)}(written, scope))",
    ]


def _created_alone(rule: Paired, source: Source) -> Lines:
    """For the plain `value` of a rule's only legacy field."""
    code = _code(rule.codec.codec, source) if type(rule.codec) is Alone else None
    if code is not None:
        return ["if value is not None:", f"    changes[{rule.modern[0]!r}] = {code}"]
    return made_anew(rule, "(value,)", source)


def _code(codec: Codec, source: Source) -> str | None:
    """The modern value for `value`, where it is the same or stands in a table and says more
    than nothing."""
    if type(codec) is Codec:
        return "value"
    if isinstance(codec, CodeTable) and type(codec) is CodeTable:
        says = all(map(str.strip, codec.pairs.values()))
        return f"{source.name(Codes(codec.pairs))}[value]" if says else None
    return None


def _changed(rule: Paired, source: Reading) -> Lines | None:
    """Over a stored record: what a client wrote as it was shown it changes nothing."""
    if rule.record is not None:
        return _records(rule, source)
    upgrade = source.name(rule.upgrade)
    if len(rule.legacy) > 1:
        return [
            *_written(rule, source),
            "if not all([identical(value, shown[name]) for name, value in written.items()]):",
            f"    changes.update({upgrade}(written, scope))",
        ]
    name = rule.legacy[0]
    change = [
        f"if not identical(value, shown[{name!r}]):",
        f"    changes.update({upgrade}({{{name!r}: value}}, scope))",
    ]
    return source.if_readable(name, change)


def _records(rule: Paired, source: Reading) -> Lines | None:
    carried = carried_records(rule)
    if carried is None:
        return None
    carry = f"changes.update({source.name(carried)}(value, scope, shown))"
    return source.if_written(rule.legacy[0], [carry])


def _written(rule: Paired, source: Reading) -> Lines:
    """The lines that gather the plain values of several fields in `written`."""
    lines = ["written = {}"]
    for name in rule.legacy:
        lines += source.if_readable(name, [f"written[{name!r}] = value"])
    return lines


CREATED: Mapping[type[Rule], Form] = {
    Alias: _nothing,
    Computed: _nothing,
    Identifier: _not_made,
    Paired: _created,
    SetAside: _aside,
    Shown: _not_made,
    Untouched: _nothing,
}
CHANGED: Mapping[type[Rule], Form] = {
    **CREATED,
    Identifier: _identifier,
    Paired: _changed,
    SetAside: _aside_again,
    Shown: _shown,
}
"""By kind of rule; a rule of another kind has no form, and its mapping goes by the rules."""
