"""The four laws of a mapping, over every field of every mapping of every pack."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.core.context import Document, equal
from mappings.core.record_mapping import RecordMapping
from mappings.core.results import Upgraded
from mappings.core.rules import Paired
from tests.documents import (
    MAPPINGS,
    agrees,
    context,
    ids_of,
    legacy_documents,
    modern_documents,
)
from tests.laws import many
from tests.laws.edits import (
    Edited,
    asides_after,
    edited,
    kept_asides,
    with_ids,
    writable,  # noqa: F401 - the laws through HTTP draw the same fields
)

every_mapping = pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=list(MAPPINGS))


def lists_of(mapping: RecordMapping) -> dict[str, tuple[str, RecordMapping]]:
    """The lists of records: by legacy field the modern one, and the mapping of an item."""
    return {
        rule.legacy[0]: (rule.modern[0], rule.record)
        for rule in mapping.of_kind(Paired)
        if rule.many and rule.record is not None
    }


def nothing_else_changed(
    mapping: RecordMapping, base: Document, after: Document, edits: Edited
) -> None:
    """Whatever the client did not change is as it was, down to the items of lists."""
    lists = lists_of(mapping)
    touched = {
        name
        for rule in mapping.of_kind(Paired)
        if set(edits.changed).intersection(rule.legacy)
        for name in rule.modern
    }
    for name in after.keys() | base.keys():
        if name not in touched:
            assert name in base, name
            assert equal(after[name], base[name]), name
    for name, items in edits.items.items():
        member, record = lists[name]
        olds, news = base.get(member) or [], after.get(member) or []
        written = {place: item for place, item in items if place is not None}
        assert len(news) == len(olds) + sum(place is None for place, _ in items)
        for place, old in enumerate(olds):
            nothing_else_changed(record, old, news[place], written.get(place, Edited({}, ())))


def edits_are_shown(mapping: RecordMapping, shown: Document, back: Document, edits: Edited) -> None:
    """Whatever the client changed comes back in its canonical form; new items come last."""
    lists = lists_of(mapping)
    expected = mapping.canonical({**shown, **edits.written})
    plain = {name: expected[name] for name in edits.changed if name not in {*lists, "press"}}
    assert agrees(plain, back)
    for name, items in edits.items.items():
        _, record = lists[name]
        olds = shown[name] or []
        for place, item in items:
            if place is not None:
                edits_are_shown(record, olds[place], back[name][place], item)
        new = [record.canonical(item.written) for place, item in items if place is None]
        assert agrees(new, back[name][len(olds) :])


def calls_do_the_same(mapping: RecordMapping, base: Document, upgraded: Upgraded) -> None:
    """What goes out by calls of its own makes, one after the other, what the write makes."""
    members = mapping.by_calls
    result = {name: list(base.get(name) or []) for name in members}
    for name in members:
        for item in upgraded.items:
            if item.base is None:
                result[name].append(item.changes)
            else:
                place = next(at for at, old in enumerate(result[name]) if old is item.base)
                assert item.changes or item.aside
                result[name][place] = {**item.base, **item.changes}
        assert equal(result[name], upgraded.document.get(name) or [])


@every_mapping
@many
@given(data=st.data())
def test_there_and_back_a_modern_record_is_the_same(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    """Law 1: without a base, upgrade(downgrade(m)) is m on the paired fields, in canonical form."""
    record = data.draw(modern_documents(mapping))
    shown = mapping.downgrade(record, context(ids=ids_of(record, mapping))).document

    back = mapping.upgrade(shown, context()).document

    assert agrees(mapping.canonical_modern(record), mapping.canonical_modern(back))


@every_mapping
@many
@given(data=st.data())
def test_there_and_back_a_legacy_document_is_the_same(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    """Law 2: downgrade(upgrade(l)) is l in its canonical form; what is set aside comes back."""
    document = data.draw(legacy_documents(mapping))
    upgraded = mapping.upgrade(document, context())

    stored = with_ids(upgraded.document, mapping)
    known = context(None, asides_after(mapping, upgraded, stored), ids_of(stored, mapping))
    back = mapping.downgrade(stored, known).document

    assert agrees(mapping.canonical(document), back)
    assert list(back) == [name for name in mapping.legacy.model_fields if name in back]
    calls_do_the_same(mapping, {}, upgraded)


@every_mapping
@many
@given(data=st.data())
def test_only_what_a_client_changed_is_changed(mapping: RecordMapping, data: st.DataObject) -> None:
    """Law 3: with a base, the answer shows the edits, and all else is as the base has it."""
    base = with_ids(data.draw(modern_documents(mapping, any_code=True)), mapping)
    asides = data.draw(kept_asides(mapping, base))
    known = context(base, asides, ids_of(base, mapping))
    shown = mapping.downgrade(base, known).document
    edits = data.draw(edited(mapping, shown))

    upgraded = mapping.upgrade(edits.written, known)

    nothing_else_changed(mapping, base, upgraded.document, edits)
    calls_do_the_same(mapping, base, upgraded)
    stored = with_ids(upgraded.document, mapping)
    after = {key: dict(values) for key, values in asides.items()}
    for key, values in asides_after(mapping, upgraded, stored).items():
        after[key] = {**after.get(key, {}), **values}
    back = mapping.downgrade(stored, context(None, after, ids_of(stored, mapping))).document
    edits_are_shown(mapping, shown, back, edits)
    if not edits.changed:
        assert upgraded.changes == upgraded.aside == {}
        assert not upgraded.items
        assert not upgraded.lost


@every_mapping
@many
@given(data=st.data())
def test_no_document_is_changed_by_its_translation(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    """Law 4 (trap 29): what is handed in stays as it was."""
    base = with_ids(data.draw(modern_documents(mapping)), mapping)
    asides = data.draw(kept_asides(mapping, base))
    known = context(base, asides, ids_of(base, mapping))
    shown = mapping.downgrade(base, known).document
    written = {**shown, **data.draw(edited(mapping, shown)).written}
    if data.draw(st.booleans()):
        written["x"] = ["x"]
    before = copy.deepcopy((base, written, asides))

    mapping.upgrade(written, known)

    assert equal([base, written], list(before[:2]))
    assert asides == before[2]


@every_mapping
@many
@given(data=st.data())
def test_no_document_is_changed_when_it_makes_another(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    """Law 4 again, for what is made anew."""
    written = data.draw(legacy_documents(mapping))
    before = copy.deepcopy(written)

    mapping.upgrade(written, context())

    assert equal(written, before)
