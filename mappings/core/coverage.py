"""Fail closed: what is wrong with a declaration, all of it, before the first request."""

from __future__ import annotations

import difflib
import types
import typing
from collections import Counter
from collections.abc import Iterator, Sequence

from mappings.core.codecs import UNCHANGED, Alone
from mappings.core.model import Model
from mappings.core.rules import Alias, Computed, Identifier, Paired, Rule


def contradictions(
    legacy: type[Model],
    modern: type[Model],
    rules: Sequence[Rule],
    required: Sequence[str],
    kind: str = "",
) -> list[str]:
    """Every field that is undecided, decided twice or misspelt; every rule that cannot hold."""
    found: list[str] = []
    for side, model in (("legacy", legacy), ("modern", modern)):
        named = Counter(name for rule in rules for name in getattr(rule, side))
        found += [_unknown(side, name, model) for name in named if name not in model.model_fields]
        for name in model.model_fields:
            if not named[name]:
                found.append(f"{side} /{name}: no rule says what becomes of it")
            elif named[name] > 1:
                found.append(f"{side} /{name}: decided by {named[name]} rules, one is enough")
    ignored = {name for rule in rules if rule.ignored for name in rule.legacy}
    for name in required:
        if name not in legacy.model_fields:
            found.append(_unknown("legacy", name, legacy))
        elif name in ignored:
            found.append(f"legacy /{name}: it cannot be required, what a client writes is ignored")
    for rule in rules:
        subject = f"legacy /{rule.legacy[0]}" if rule.legacy else f"modern /{rule.modern[0]}"
        found += [f"{subject}: {wrong}" for wrong in rule.contradictions()]
        if isinstance(rule, Identifier) and rule.kind not in (None, kind):
            found.append(f"{subject}: its kind is {rule.kind!r}, and the mapping's is {kind!r}")
        if isinstance(rule, Alias) and rule.of not in legacy.model_fields:
            found.append(_unknown("legacy", rule.of, legacy))
        if isinstance(rule, Computed):
            found += [
                _unknown("modern", name, modern)
                for name in rule.made_of
                if name not in modern.model_fields
            ]
        elif isinstance(rule, Paired):
            found += _misfits(rule, legacy, modern)
    return found


def _unknown(side: str, name: str, model: type[Model]) -> str:
    close = difflib.get_close_matches(name, model.model_fields, n=1)
    hint = f"; is /{close[0]} meant?" if close else ""
    return f"{side} /{name}: {model.__name__} has no such field{hint}"


def _misfits(rule: Paired, legacy: type[Model], modern: type[Model]) -> Iterator[str]:
    """Types that differ with no codec between them; records whose mapping is another's."""
    ours = [_bare(legacy, name) for name in rule.legacy if name in legacy.model_fields]
    theirs = [_bare(modern, name) for name in rule.modern if name in modern.model_fields]
    if len(ours) != len(rule.legacy) or len(theirs) != len(rule.modern):
        return
    if rule.record is not None:
        for side, bare, model in (
            ("legacy", ours[0], rule.record.legacy),
            ("modern", theirs[0], rule.record.modern),
        ):
            if model not in (bare, *typing.get_args(bare)):
                yield f"{side} /{getattr(rule, side)[0]}: it does not hold {model.__name__}"
    elif rule.codec == Alone(UNCHANGED) and ours != theirs:
        yield (
            f"legacy /{rule.legacy[0]}: its type differs from modern /{rule.modern[0]}'s, "
            "and no codec is given"
        )


def _bare(model: type[Model], name: str) -> object:
    """A field's type without what only checks it: no Annotated, no null."""
    annotation = model.model_fields[name].annotation
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif typing.get_origin(annotation) in (types.UnionType, typing.Union):
            several = [part for part in typing.get_args(annotation) if part is not type(None)]
            if len(several) != 1:
                return annotation
            annotation = several[0]
        else:
            return annotation
