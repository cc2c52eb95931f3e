"""What a codec makes where nothing is stored yet, put in line."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from mappings.core.codecs import Values
from mappings.core.compiled.source import Source
from mappings.core.rules import Changes, Paired


def made_anew(rule: Paired, values: str, source: Source) -> list[str]:
    """The lines that put what a codec makes of legacy values in `changes`; null says nothing."""
    nothing = source.name((None,) * len(rule.modern))
    made = [f"made_{place}" for place in range(len(rule.modern))]
    blank = " or ".join(f"({it} is not None and ({may_be_blank(it)}))" for it in made)
    upgraded = f"{source.name(rule.codec.upgrade)}({values}, {nothing}, nowhere)"
    lines = [
        f"made = {', '.join(made)}, = {upgraded}",
        f"if {blank}:",
        f"    changes.update({source.name(_changed(rule))}(made))",
        "else:",
    ]
    for name, it in zip(rule.modern, made, strict=True):
        lines += [f"    if {it} is not None:", f"        changes[{name!r}] = {it}"]
    return lines


def may_be_blank(value: str) -> str:
    """`is_blank` in line; true as well for a few values that say something: 0 and false."""
    return f"not {value} or (type({value}) is str and {value}.isspace())"


def _changed(rule: Paired) -> Callable[[Values], Changes]:
    """`rule.changed` where nothing is stored; an object with nothing in it is the usual case."""
    nothing = (None,) * len(rule.modern)

    @cache
    def of_empty() -> Changes:
        return rule.changed(({},), nothing)

    def changed(made: Values) -> Changes:
        return of_empty() if made == ({},) else rule.changed(made, nothing)

    return changed
