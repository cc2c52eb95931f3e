"""Rules and codecs of every kind, shown from bytes: as texts, called, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from mappings.core.codecs import UNCHANGED, Alone, Codec, GroupCodec, Values
from mappings.core.compiled.inline import Inline
from mappings.core.context import Document, Json, Scope
from mappings.core.model import CalendarDate, Model, Timestamp, Uuid, declared
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Paired
from mappings.core.verbs import (
    computed,
    each,
    grouped,
    identifier,
    renamed,
    same,
    set_aside,
    untouched,
)
from mappings.mesvaccins import legacy, modern
from mappings.mesvaccins.names import Swapped
from proxy import strict_json
from tests.documents import HEALTH_RECORD, VACCINATION, context
from tests.mappings.core.test_compiled import (
    Backwards,
    Loud,
    NewShelf,
    OldShelf,
    WithValidator,
)
from tests.mappings.core.test_from_bytes import OTHER, dumped, shown
from tests.packs.toy import PAGE, TOLD, OldPage


class Sized(Codec):
    """A text with what is around it; nothing says so as text."""

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        around: Any = scope.context.parent
        if modern == "odd":
            scope.note_unknown()
        if modern == "within":
            return (around or {}).get("word")
        if modern == "within it":
            return [*around]
        if modern == "by name":
            return around["word"]
        if modern == "with ids":
            return scope.context.ids.to_legacy.get(("thing", OTHER))
        return f"{modern} {scope.aside.get('note')}"


class Turned(GroupCodec):
    """Two texts in the other order."""

    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        return legacy[::-1]

    def downgrade(self, modern: Values, scope: Scope) -> Values:
        return modern[::-1]

    def canonical_legacy(self, legacy: Values) -> Values:
        return legacy

    def canonical_modern(self, modern: Values) -> Values:
        return modern


class Spell(Model):
    begun: CalendarDate | None = declared("When it begins.", TOLD)
    ended: Timestamp | None = declared("When it ends.", TOLD)
    by: Uuid | None = declared("Whose it is.", TOLD)
    pages: list[OldPage] | None = declared("Its pages.", TOLD)
    cause: Any = declared("Why, which must be there.", TOLD, required=True)
    rest: Any = declared("Whatever else.", TOLD)


class Thing(Model):
    id: Uuid | None = declared("Its id.", TOLD)
    word: str | None = declared("A word.", TOLD)
    other: str | None = declared("Another.", TOLD)
    spell: Spell | None = declared("A spell.", TOLD)
    spells: list[Spell] | None = declared("Spells.", TOLD)
    page: WithValidator | None = declared("What checks itself.", TOLD)
    ratio: float | None = declared("What has no form.", TOLD)
    day: CalendarDate | None = declared("A day.", TOLD)


class Old(Model):
    word: str | None = declared("A word.", TOLD)
    other: str | None = declared("Another.", TOLD)
    note: Any = declared("A note.", TOLD)


class Parts(Model):
    word: str | None = declared("A word.", TOLD)
    parts: list[Thing] | None = declared("Things.", TOLD)


NAMES = ("first", "last", "birth")


class OldNames(Model):
    first: str | None = declared("A name.", TOLD)
    last: str | None = declared("A name.", TOLD)
    birth: str | None = declared("A name.", TOLD)


class NewNames(OldNames):
    pass


class Around(Model):
    acts: list[modern.VaccinationAct] | None = declared("Vaccinations.", TOLD)


class OldAround(Model):
    acts: list[legacy.Vaccination] | None = declared("Vaccinations.", TOLD)


class OldParts(Model):
    parts: list[Old] | None = declared("Things.", TOLD)


def things(*rules: Any, kind: str = "thing") -> RecordMapping:
    """A mapping of things by some rules; whatever else there is it leaves alone."""
    said = {name for group in rules for rule in group for name in rule.legacy}
    told = {name for group in rules for rule in group for name in rule.modern}
    more = [name for name in Old.model_fields if name not in said]
    left = [name for name in Thing.model_fields if name not in told]
    return RecordMapping(
        Old,
        Thing,
        *rules,
        *(computed(name, Blank(), made_of=(), because="no", source=TOLD) for name in more),
        untouched(*left, because="new", source=TOLD),
        kind=kind,
    )


class Blank:
    """What shows nothing."""

    def __call__(self, read: Document, scope: Scope) -> Json:
        return None

    def inline(self, record: Inline) -> str:
        return "None"


@dataclass(frozen=True)
class Because(Blank):
    """The cause of one or several spells."""

    name: str
    text: str

    def inline(self, record: Inline) -> str:
        return self.text.format(record.of(self.name))


SIZED = same("word", codec=Sized(), source=TOLD)
IN_PARTS = RecordMapping(
    OldParts,
    Parts,
    each("parts", to="parts", mapping=things(SIZED), key="other", source=TOLD),
    untouched("word", because="new", source=TOLD),
)


def test_a_codec_that_has_no_text_is_called() -> None:
    mapping = things(
        identifier("other", to="id", kind=None, source=TOLD),
        SIZED,
        set_aside("note", because="no place", source=TOLD),
    )
    asides = context(None, {("thing", OTHER): {"note": "kept"}})

    assert shown(mapping, b'{"word":"w"}', {}, context()) == (
        b'{"word":"w None","other":null,"note":null}'
    )
    assert shown(mapping, dumped({"id": OTHER, "word": "w"}), {}, asides) == dumped(
        {"word": "w kept", "other": OTHER, "note": "kept"}
    )
    assert shown(mapping, b'{"word":"odd"}', {}, context()) is None
    assert shown(mapping, b'{"word":"with ids"}', {}, context()) is None
    assert shown(mapping, b'{"word":"within"}', {}, context()) is not None


def test_a_codec_within_cannot_ask_for_the_record_around() -> None:
    mapping = IN_PARTS

    found = shown(mapping, b'{"parts":[{"word":"a"},{"word":"b"}]}', {}, context())

    assert found is not None
    assert [it["word"] for it in strict_json.parse(found, 9)["parts"]] == ["a None", "b None"]
    for word in ("within", "within it", "by name"):
        assert shown(mapping, dumped({"parts": [{"word": word}]}), {}, context()) is None


def test_a_group_that_has_no_text_is_called_once_for_all_its_fields() -> None:
    group = grouped(("word", "other"), ("word", "other"), Turned(), source=TOLD)

    found = shown(things(group), b'{"word":"a","other":"b"}', {}, context())

    assert found == b'{"word":"b","other":"a","note":null}'


@pytest.mark.parametrize(
    "spell",
    [
        {"begun": "never"},
        {"ended": "2024-01-01"},
        {"by": "nobody"},
        {"pages": [{"number": "one"}]},
        {"cause": ...},
        "none",
    ],
)
def test_an_object_that_no_mapping_shows_is_checked_as_its_model_does(spell: Any) -> None:
    one = things(caused_by("spell", "{0}.cause if {0} else None"))
    several = things(caused_by("spells", "[it.cause for it in {0} or ()]"))
    good = {"begun": "2024-02-29", "ended": "2024-01-01T00:00:00Z", "by": OTHER, "cause": 7}
    bad = spell if isinstance(spell, str) else {**good, **spell}
    if isinstance(bad, dict) and bad["cause"] is ...:
        del bad["cause"]

    assert shown(one, b"{}", {}, context()) is not None
    assert shown(one, dumped({"spell": good}), {}, context()) == (
        b'{"word":7,"other":null,"note":null}'
    )
    assert shown(several, dumped({"spells": [good, good]}), {}, context()) == (
        b'{"word":[7,7],"other":null,"note":null}'
    )
    assert shown(one, dumped({"spell": bad}), {}, context()) is None
    assert shown(several, dumped({"spells": [good, bad]}), {}, context()) is None


def caused_by(name: str, text: str) -> Any:
    return computed("word", Because(name, text), made_of=(name,), because="so", source=TOLD)


def test_a_codec_around_one_without_a_text_is_called_with_it() -> None:
    family = Swapped(Turned())
    mapping = RecordMapping(
        OldNames, NewNames, grouped(NAMES, NAMES, family, source=TOLD), kind="names"
    )

    assert shown(mapping, b'{"first":"a","last":"b","birth":"c"}', {}, context()) == (
        b'{"first":"b","last":"c","birth":"a"}'
    )


def test_a_day_that_nobody_counts_is_a_day_all_the_same() -> None:
    mapping = things(renamed("word", to="day", codec=Codec(), source=TOLD))

    assert shown(mapping, b'{"day":"2024-02-29"}', {}, context()) is not None
    assert shown(mapping, b'{"day":"2023-02-29"}', {}, context()) is None


LOUD = Loud(verb="same", legacy=("word",), modern=("word",), codec=Alone(UNCHANGED), source=TOLD)
(PAGES,) = each("pages", to="pages", mapping=PAGE, key="number", source=TOLD)
assert isinstance(PAGES, Paired)
BACKWARDS = replace(PAGES, codec=Alone(Backwards(PAGE, "number")))


@pytest.mark.parametrize(
    "mapping",
    [
        things((LOUD,)),
        RecordMapping(OldShelf, NewShelf, (BACKWARDS,)),
        things(renamed("word", to="ratio", codec=Codec(), source=TOLD)),
        things(renamed("word", to="page", codec=Codec(), source=TOLD)),
        things(renamed("word", to="spell", codec=Codec(), source=TOLD)),
        things(renamed("word", to="spells", codec=Sized(), source=TOLD)),
        RecordMapping(
            OldAround, Around, each("acts", to="acts", mapping=VACCINATION, key="id", source=TOLD)
        ),
        things(
            computed("word", lambda read, scope: 1, made_of=("spell",), because="so", source=TOLD)
        ),
    ],
)
def test_what_has_no_form_is_shown_from_documents(mapping: RecordMapping) -> None:
    assert mapping.from_bytes({}, None) is None


@pytest.mark.parametrize("named", [{"zip_code": "x"}, {"nothing": "x"}])
def test_only_lists_of_records_hold_records_that_name_others(named: Mapping[str, str]) -> None:
    assert HEALTH_RECORD.from_bytes(named, None) is None


def test_a_record_without_an_id_cannot_be_named() -> None:
    assert IN_PARTS.from_bytes({"parts": "other"}, None) is None
