"""What typed modern records show, as one function: made for a request, called for each record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mappings.core import rules
from mappings.core.codecs import Alone, Codec
from mappings.core.compiled.inline import Inline, Shown
from mappings.core.compiled.keys import as_compared
from mappings.core.compiled.reading import block
from mappings.core.compiled.source import DeclinedError, Source, items
from mappings.core.compiled.typed import NoFormError
from mappings.core.context import EMPTY, Context, Ids, Json, Report, Scope
from mappings.core.model import Uuid, identity
from mappings.core.nesting import Each, Nested
from mappings.core.rules import (
    Alias,
    Computed,
    Identifier,
    Paired,
    Rule,
    SetAside,
    Untouched,
)

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

Known = Mapping[str, Mapping[str, Json]]
"""By kind, the legacy id of each modern one."""

Showing = Callable[[Known, Context], Callable[[Any], Shown]]

Lines = list[str]

Form = Callable[[Any, Inline, Lines], Sequence[str]]
"""For a rule, an expression for each of its legacy fields; its lines stand after the values."""


class Untold(Mapping[Any, Any]):
    """What is there and is not told as a document: whoever reads it declines."""

    def __getitem__(self, name: Any) -> Any:
        raise DeclinedError

    def __iter__(self) -> Iterator[Any]:
        raise DeclinedError

    def __len__(self) -> int:
        raise DeclinedError

    def get(self, name: Any, default: Any = None) -> Any:
        raise DeclinedError


UNTOLD = Untold()


def compiled_showing(mapping: RecordMapping, named: Mapping[str, str], *, asides: bool) -> Showing:
    """`ByRules.downgrade_within` for typed records; `asides`: some may have values set aside."""
    source = Source("showing(known, context)")
    record = Inline(mapping, source, named, asides=asides)
    shown, lines = _shown(mapping, record)
    source.add(*record.before(), f"def show({record.itself}):")
    source.add(*block([*lines, f"return {shown}"]), "return show")
    showing: Showing = source.function(str(mapping))
    return showing


def says_as_text(kind: type, name: str) -> bool:
    """Whether the class that says what is shown, by the method `name`, also says it as text."""
    first = next(it for it in kind.__mro__ if name in vars(it) or "inline" in vars(it))
    return "inline" in vars(first)


def _shown(mapping: RecordMapping, record: Inline) -> tuple[str, Lines]:
    """The object that a record is shown as, and the lines before it."""
    shown: dict[str, str] = {}
    after: Lines = []
    for rule in mapping.rules:
        form = FORMS.get(type(rule))
        if form is None:
            raise NoFormError
        shown |= zip(rule.legacy, form(rule, record, after), strict=False)
    ordered = {name: shown[name] for name in mapping.legacy.model_fields if name in shown}
    return record.object(ordered), [*record.lines(), *after]


def _nothing(rule: Rule, record: Inline, after: Lines) -> Sequence[str]:
    return ()


def _identifier(rule: Identifier, record: Inline, after: Lines) -> Sequence[str]:
    name, value = rule.modern[0], record.of(rule.modern[0])
    if rule.kind is None:
        return [value]
    record.proves(name)
    # A UUID in upper case is not found as it is, and declined.
    is_uuid = record.mapping.modern_readers[name].type == Uuid
    asked = value if is_uuid else f"{record.name(identity)}({value})"
    return [f"None if {value} is None else {record.known(rule.kind)}[{asked}]"]


def _aside(rule: SetAside, record: Inline, after: Lines) -> Sequence[str]:
    empty = "None" if rule.empty is None else record.name(rule.empty)
    return [f"{_kept(record)}.get({rule.legacy[0]!r}, {empty})" if record.asides else empty]


def _kept(record: Inline) -> str:
    """What is set aside for a record."""
    mapping, nothing = record.mapping, record.name(EMPTY)
    if mapping.identifier is None or not record.asides:
        return nothing
    name = mapping.identifier.modern[0]
    value, reader = record.of(name), mapping.modern_readers[name]
    key = f"({mapping.kind!r}, {as_compared(value, reader, record.source)})"
    asides = record.once("context.asides")
    return record.let(f"{nothing} if {value} is None else {asides}.get({key}, {nothing})")


def _shown_alone(rule: rules.Shown, record: Inline, after: Lines) -> Sequence[str]:
    return [_value(rule.codec, rule.modern[0], record, after)]


def _computed(rule: Computed, record: Inline, after: Lines) -> Sequence[str]:
    function: Any = rule.function
    if says_as_text(type(function), "__call__"):
        return [function.inline(record)]
    read = items((name, _plain(name, record)) for name in rule.made_of)
    return [_called(function, read, record, after)]


def _paired(rule: Paired, record: Inline, after: Lines) -> Sequence[str]:
    if rule.record is not None:
        return [_records(rule, record, after)]
    if type(rule.codec) is Alone:
        return [_value(rule.codec.codec, rule.modern[0], record, after)]
    codec = rule.codec
    found = codec.inline(rule.modern, record) if says_as_text(type(codec), "downgrade") else None
    if found is None:
        values = "".join(f"{_plain(name, record)}, " for name in rule.modern)
        made = _called(codec.downgrade, f"({values})", record, after)
        found = [f"{made}[{place}]" for place in range(len(rule.legacy))]
    return found


def _value(codec: Codec, name: str, record: Inline, after: Lines) -> str:
    """The legacy value of a modern field."""
    found = codec.inline(name, record) if says_as_text(type(codec), "downgrade") else None
    return found or _called(codec.downgrade, _plain(name, record), record, after)


def _plain(name: str, record: Inline) -> str:
    """A value as plain JSON, for whoever is called with it."""
    if record.holds_objects(name):
        raise NoFormError
    return record.of(name)


def _called(function: Callable[..., Any], given: str, record: Inline, after: Lines) -> str:
    """What a function gives that has no text of its own; what it tells has no place here."""
    told = record.once(f"{record.name(_told)}(context, {record.around is not None})")
    new = f"{record.name(Scope)}({told}, {record.name(Report)}(), '', {_kept(record)})"
    scope = record.let(new)
    tells = [f"if not {scope}.report.empty:", "    raise DeclinedError"]
    if tells[0] not in after:
        after += tells
    return record.let(f"{record.name(function)}({given}, {scope})")


def _told(context: Context, within: bool) -> Context:
    """What a function may know of the request: not the ids, and not a typed record around it."""
    parent = UNTOLD if within else None
    return Context(context.today, None, Ids(UNTOLD), context.tables, context.asides, parent)


def _records(rule: Paired, record: Inline, after: Lines) -> str:
    """The records within a record, by lines of their own."""
    codec = rule.codec.codec if type(rule.codec) is Alone else None
    if type(codec) not in (Each, Nested) or rule.record is None:
        raise NoFormError
    name, within = rule.modern[0], record.within(rule.record)
    value, made, itself = record.of(name), f"{record.itself}_shown_{name}", within.itself
    shown, lines = _shown(rule.record, within)
    if type(codec) is Nested:
        after += [f"{made} = {itself} = {value}", f"if {itself} is not None:"]
        after += block([*lines, f"{made} = {shown}"])
    else:
        after += [f"{made} = []", f"for {itself} in {value} or ():"]
        after += block([*_stranger(name, record, itself), *lines, f"{made}.append({shown})"])
    return made


def _stranger(name: str, record: Inline, itself: str) -> Lines:
    """The lines that decline a record that names another than the one around it."""
    if name not in record.named:
        return []
    if record.mapping.identifier is None:
        raise NoFormError
    owner = f"{itself}.{record.named[name]}"
    other = f"{owner} != {record.of(record.mapping.identifier.modern[0])}"
    return [f"if {owner} is not None and {other}:", "    raise DeclinedError"]


FORMS: Mapping[type[Rule], Form] = {
    Alias: _nothing,
    Computed: _computed,
    Identifier: _identifier,
    Paired: _paired,
    SetAside: _aside,
    rules.Shown: _shown_alone,
    Untouched: _nothing,
}
"""By kind of rule; a rule of another kind has no form, and its mapping reads documents."""
