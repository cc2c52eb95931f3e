"""Records within a record, on the way up: by the compiled functions of their own mapping."""

from __future__ import annotations

from collections.abc import Callable
from operator import is_

import msgspec

from mappings.core.codecs import Alone
from mappings.core.compiled.source import DeclinedError
from mappings.core.context import Document, Json, Scope
from mappings.core.nesting import Each, Nested
from mappings.core.rules import Changes, Paired

Upgrade = Callable[[Document, Scope, Document], Changes]
"""Given what the client wrote, the scope, and what is shown of the base (of none, nothing)."""

ENCODE = msgspec.json.Encoder(decimal_format="number").encode

Carried = Callable[[Json, Scope, Document], Changes]


def carried_records(rule: Paired) -> Carried | None:
    """What `rule.upgrade` gives; none where it has no compiled form."""
    codec = rule.codec.codec if type(rule.codec) is Alone else None
    if type(codec) not in (Each, Nested) or not isinstance(codec, Each | Nested):
        return None
    upgrade = codec.mapping.compiled.upgrade
    if upgrade is None:
        return None
    return _each(rule, codec, upgrade) if isinstance(codec, Each) else _nested(rule, upgrade)


def _each(rule: Paired, codec: Each, upgrade: Upgrade) -> Carried:
    (name,), (modern,) = rule.legacy, rule.modern

    def upgrade_unless_echoed(item: Document, scope: Scope, shown: Document) -> Changes:
        # A client that changes one record writes the others as it was shown them.
        return {} if shown and ENCODE(item) == ENCODE(shown) else upgrade(item, scope, shown)

    def carried(legacy: Json, scope: Scope, shown: Document) -> Changes:
        stored = (scope.context.base or {}).get(modern)
        kept = shown[name] if shown else []
        result = codec.merged(legacy, stored, kept, scope.at(name), upgrade_unless_echoed)
        if stored is not None and _untouched(result, stored):
            return {}
        return rule.changed((result,), (stored,))

    return carried


def _untouched(result: list[Document], stored: list[Document]) -> bool:
    return len(result) == len(stored) and all(map(is_, result, stored))


def _nested(rule: Paired, upgrade: Upgrade) -> Carried:
    (name,), (modern,) = rule.legacy, rule.modern

    def carried(legacy: Json, scope: Scope, shown: Document) -> Changes:
        base = scope.context.base
        stored = (base or {}).get(modern)
        if legacy is None and stored is None:
            return {}
        if type(legacy) is not dict:
            # Null over what is stored, and what is no record.
            raise DeclinedError
        within = scope.at(name).within(stored, base)
        changes = upgrade(legacy, within, shown[name] if stored is not None else {})
        if stored is not None and not changes:
            return {}
        return rule.changed(({**(stored or {}), **changes},), (stored,))

    return carried
