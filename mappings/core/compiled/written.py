"""From a client's bytes to a new record in one go: no legacy document stands between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import StrictBool

from mappings.core.compiled.made import may_be_blank
from mappings.core.compiled.reading import Reading, block, is_plain_model, read
from mappings.core.compiled.source import DeclinedError
from mappings.core.compiled.upgrade import CREATED, Form, by_rule
from mappings.core.context import EMPTY, Context, Json, Report, Scope
from mappings.core.model import FieldReader, Model
from mappings.core.results import Upgraded
from mappings.core.rules import Changes, Computed, Identifier, Paired, Shown

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

CHECKED: tuple[tuple[Any, Any], ...] = ((str, str), (StrictBool, bool))
"""By the type of a field, the one by which it is checked as it is decoded."""

BACKSLASH = ord("\\")

NOTHING_TOLD = Report()

Create = Callable[[Any, int, int, Scope], Changes]
"""Given a typed record, the colons in its bytes, how deep these may go, and the scope."""


class Written:
    """
    Legacy documents as typed values, and the records that are made of them.

    It gives what `RecordMapping.in_line` gives of the same bytes as strict JSON, or raises one of
    `DECLINED`: for whatever is unusual, and wherever there is anything to tell.
    """

    def __init__(self, kind: Any, create: Create) -> None:
        self._decode = msgspec.json.Decoder(kind, float_hook=_no_fraction).decode
        self._create = create

    def upgraded(self, body: bytes, context: Context, max_depth: int) -> Upgraded:
        """The new record; `max_depth` is how deep JSON may be nested."""
        # An escape might give U+0000, or a key in other letters.
        if BACKSLASH in body or context.base is not None:
            raise DeclinedError
        record, report = self._decode(body), Report()
        aside: dict[str, Json] = {}
        scope = Scope(context, report, aside_to=aside)
        changes = self._create(record, body.count(b":"), max_depth, scope)
        if report != NOTHING_TOLD:
            raise DeclinedError
        return Upgraded(changes, changes, aside, (), (), False)


def from_client(mapping: RecordMapping) -> Written | None:
    """See `RecordMapping.from_client`."""
    source = _OfRecord(mapping, "create(record, colons, depth, scope)")
    lines = by_rule(source, FORMS)
    if lines is None:
        return None
    source.add(
        f"if depth < {source.deepest}:",
        "    raise DeclinedError",
        "changes, aside, nowhere, shown = {}, scope.aside_to, scope, EMPTY",
        f"members = {len(mapping.required)}",
        *lines,
        # Without escapes this proves that no key stands twice and that no text holds a colon.
        "if members != colons:",
        "    raise DeclinedError",
        "return changes",
    )
    return Written(source.kind(), source.function(str(mapping)))


class _OfRecord(Reading):
    """The text of a function that reads a typed record, and counts the members of its bytes."""

    def __init__(self, mapping: RecordMapping, head: str) -> None:
        super().__init__(mapping, head)
        self.values |= {"EMPTY": EMPTY, "UNSET": UNSET, "members_in": members_in}
        self.deepest = 1
        """How many levels there are at most of objects that are typed, the record included."""
        self._level = 1
        self._kinds: dict[str, Any] = {}

    def kind(self) -> Any:
        """The type of the record, with the fields that the text reads: others are refused."""
        names = [name for name in self.mapping.legacy.model_fields if name in self._kinds]
        required = self.mapping.required
        return _struct(
            self.mapping.legacy, [_field(it, self._kinds[it], it in required) for it in names]
        )

    def if_written(self, name: str, lines: list[str]) -> list[str]:
        return self._member(name, Any, [*self._members_within(), *lines])

    def if_readable(self, name: str, lines: list[str]) -> list[str]:
        kind, plain = self._typed(self.mapping.legacy_readers[name])
        return self._member(name, kind, [*plain, *lines])

    def _member(self, name: str, kind: Any, lines: list[str]) -> list[str]:
        self._kinds[name] = kind
        if name not in self.mapping.required:
            return _if_set(f"record.{name}", lines)
        # It is always there, and counted before.
        blank = [f"if {may_be_blank('value')}:", "    raise DeclinedError"]
        return [f"value = record.{name}", *blank, *lines]

    def _typed(self, reader: FieldReader) -> tuple[Any, list[str]]:
        """The type of a field's value, and the lines that make a value of that type plain."""
        # Compared one by one: what checks a type need not have a hash.
        kind = next((checked for declared, checked in CHECKED if declared == reader.type), None)
        lines: list[str] = []
        if kind is None and is_plain_model(reader.type):
            kind, lines = self._object(reader.type)
            lines = ["if value is not None:", *block(lines)] if reader.nullable else lines
        if kind is None:
            return Any, [*self._members_within(), *read(reader, self)]
        return (kind | None if reader.nullable else kind), lines

    def _object(self, model: type[Model]) -> tuple[Any, list[str]]:
        """The same for an object whose fields are checked alone, each by its type."""
        self._level += 1
        self.deepest = max(self.deepest, self._level)
        within, said = f"within_{self._level}", f"said_{self._level}"
        fields, lines = [], [f"{within}, {said} = value, {{}}"]
        for name, info in model.model_fields.items():
            reader = FieldReader(info)
            kind, plain = self._typed(reader)
            fields.append(_field(name, kind, reader.required))
            lines += _if_set(f"{within}.{name}", [*plain, f"{said}[{name!r}] = value"])
        self._level -= 1
        return _struct(model, fields), [*lines, f"value = {said}"]

    def _members_within(self) -> list[str]:
        return [
            "if type(value) is dict or type(value) is list:",
            f"    members += members_in(value, depth - {self._level})",
        ]


def members_in(container: Json, depth: int) -> int:
    """How many members stand in an object or list, at so many levels at most; deeper declines."""
    if depth <= 0:
        raise DeclinedError
    is_object = type(container) is dict
    members = len(container) if is_object else 0
    for value in container.values() if is_object else container:
        if type(value) is dict or type(value) is list:
            members += members_in(value, depth - 1)
    return members


def _only_blank(rule: Computed | Identifier | Shown, source: Reading) -> list[str]:
    """What the client cannot set says nothing."""
    return source.if_written(rule.legacy[0], ["if not is_blank(value):", "    raise DeclinedError"])


def _paired(rule: Paired, source: Reading) -> list[str] | None:
    """What goes out by calls of its own is more than one record."""
    lines = CREATED[Paired](rule, source)
    if lines is None or not rule.by_calls:
        return lines
    return [f"if record.{rule.legacy[0]}:", "    raise DeclinedError", *lines]


FORMS: Mapping[type[Any], Form] = {
    **CREATED,
    Computed: _only_blank,
    Identifier: _only_blank,
    Paired: _paired,
    Shown: _only_blank,
}


def _if_set(member: str, lines: list[str]) -> list[str]:
    return [f"value = {member}", "if value is not UNSET:", *block(["members += 1", *lines])]


def _field(name: str, kind: Any, required: bool) -> Any:
    return (name, kind) if required else (name, kind | UnsetType, UNSET)


def _struct(model: type[Model], fields: list[Any]) -> Any:
    # They hold no cycles, so that the collector need not know them.
    return msgspec.defstruct(
        model.__name__, fields, kw_only=True, forbid_unknown_fields=True, gc=False
    )


def _no_fraction(text: str) -> NoReturn:
    raise DeclinedError
