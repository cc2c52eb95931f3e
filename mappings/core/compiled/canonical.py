"""What a legacy document says, as it comes back, as one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mappings.core.codecs import Alone, Codec
from mappings.core.compiled.reading import VALUES, block, read
from mappings.core.compiled.source import Source, items
from mappings.core.context import Document, Json
from mappings.core.rules import Alias, Paired, Rule, SetAside

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

Canonical = Callable[[Document], Document]


def compiled_canonical(mapping: RecordMapping) -> Canonical | None:
    """`RecordMapping.canonical` for a document that fits, under the names that the rules use."""
    source = Source("canonical(document)")
    source.values |= VALUES
    aliases = source.name(frozenset(rule.legacy[0] for rule in mapping.of_kind(Alias)))
    source.add(
        f"if type(document) is not dict or not {aliases}.isdisjoint(document):",
        "    raise DeclinedError",
        "get = document.get",
    )
    said: dict[str, str] = {}
    for rule in mapping.rules:
        if isinstance(rule, SetAside) and type(rule) is SetAside:
            said[rule.legacy[0]] = _value(mapping, rule.legacy[0], source, rule.empty)
        elif isinstance(rule, Paired) and type(rule) is Paired:
            said |= _paired(mapping, rule, source) if rule.writable else {}
        elif type(rule).canonical is not Rule.canonical:
            return None
    ordered = ((name, said[name]) for name in mapping.legacy.model_fields if name in said)
    source.add(f"return {items(ordered)}")
    canonical: Canonical = source.function(str(mapping))
    return canonical


def _paired(mapping: RecordMapping, rule: Paired, source: Source) -> dict[str, str]:
    """An expression for each legacy field of a rule."""
    if rule.record is not None:
        values = [f"get({name!r})" for name in rule.legacy]
    else:
        values = [_value(mapping, name, source, None) for name in rule.legacy]
    if type(rule.codec) is Alone:
        codec = rule.codec.codec
        plain = type(codec) is Codec
        said = [values[0] if plain else f"{source.name(codec.canonical_legacy)}({values[0]})"]
    else:
        said = [f"said_{name}" for name in rule.legacy]
        made = f"{source.name(rule.codec.canonical_legacy)}(({', '.join(values)},))"
        source.add(f"{', '.join(said)}, = {made}")
    return dict(zip(rule.legacy, said, strict=True))


def _value(mapping: RecordMapping, name: str, source: Source, absent: Json) -> str:
    """The name in the text for what a field says, or for what is said where it is absent."""
    variable = source.name(absent)
    kept = f"{variable}_{len(source.lines)}"
    plain = read(mapping.legacy_readers[name], source)
    source.add(
        f"value = get({name!r}, ABSENT)",
        "if value is ABSENT:",
        f"    value = {variable}",
        "else:",
        *block(plain or ["pass"]),
        f"{kept} = value",
    )
    return kept
