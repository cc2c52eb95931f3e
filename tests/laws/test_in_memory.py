"""The four laws of a mapping, over every field of every mapping of every pack."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.core.context import Document, equal
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Identifier, Paired, SetAside
from tests.documents import (
    MAPPINGS,
    agrees,
    context,
    legacy_documents,
    legacy_values,
    modern_documents,
)
from tests.laws import many

every_mapping = pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=list(MAPPINGS))


def writable(mapping: RecordMapping) -> list[str]:
    """The legacy fields that a client may change, alone or with others."""
    return [
        name
        for rule in mapping.rules
        if isinstance(rule, SetAside) or (isinstance(rule, Paired) and rule.writable)
        for name in rule.legacy
    ]


def without_what_is_read_only(mapping: RecordMapping, document: Document) -> Document:
    read_only = {
        name for rule in mapping.of_kind(Paired) if not rule.writable for name in rule.legacy
    }
    return {name: value for name, value in document.items() if name not in read_only}


def with_ids(mapping: RecordMapping, document: Document) -> Document:
    """A modern document as the server would answer it: with an id."""
    made = {
        rule.modern[0]: "00000000-0000-4000-8000-000000000000"
        for rule in mapping.of_kind(Identifier)
    }
    return {**made, **document}


@every_mapping
@many
@given(data=st.data())
def test_there_and_back_a_modern_record_is_the_same(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    """Law 1: without a base, upgrade(downgrade(m)) is m on the paired fields, in canonical form."""
    record = data.draw(modern_documents(mapping))
    shown = mapping.downgrade(record, context()).document

    back = mapping.upgrade(without_what_is_read_only(mapping, shown), context()).document

    assert agrees(mapping.canonical_modern(record), mapping.canonical_modern(back))


@every_mapping
@many
@given(data=st.data())
def test_there_and_back_a_legacy_document_is_the_same(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    """Law 2: downgrade(upgrade(l)) is l in its canonical form; what is set aside comes back."""
    document = without_what_is_read_only(mapping, data.draw(legacy_documents(mapping)))
    upgraded = mapping.upgrade(document, context())

    stored = with_ids(mapping, upgraded.document)
    back = mapping.downgrade(stored, context(aside=upgraded.aside)).document

    assert agrees(mapping.canonical(document), back)
    assert list(back) == list(mapping.legacy.model_fields)


@every_mapping
@many
@given(data=st.data())
def test_only_what_a_client_changed_is_changed(mapping: RecordMapping, data: st.DataObject) -> None:
    """Law 3: with a base, the answer shows the edits, and all else is as the base has it."""
    base = data.draw(modern_documents(mapping, any_code=True))
    shown = mapping.downgrade(base, context()).document
    plain = [name for name in writable(mapping) if name != "pages"]
    edited = data.draw(st.sets(st.sampled_from(plain))) if plain else set()
    edits = {name: data.draw(legacy_values(mapping, name)) for name in sorted(edited)}
    echoed = data.draw(st.sets(st.sampled_from(sorted(shown))))
    written = {**{name: shown[name] for name in sorted(echoed)}, **edits}

    upgraded = mapping.upgrade(written, context(base=base))

    touched = {
        name
        for rule in mapping.of_kind(Paired)
        if edited.intersection(rule.legacy)
        for name in rule.modern
    }
    for name in upgraded.document.keys() | base.keys():
        if name not in touched:
            assert name in base, name
            assert equal(upgraded.document[name], base[name]), name
    back = mapping.downgrade(upgraded.document, context(aside=upgraded.aside)).document
    expected = mapping.canonical({**shown, **edits})
    assert agrees({name: expected[name] for name in edited if name != "press"}, back)
    if not edited:
        assert upgraded.changes == {}


@every_mapping
@many
@given(data=st.data())
def test_no_document_is_changed_by_its_translation(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    """Law 4 (trap 29): what is handed in stays as it was."""
    base = data.draw(modern_documents(mapping))
    shown = mapping.downgrade(base, context()).document
    written = dict(without_what_is_read_only(mapping, shown))
    for name in data.draw(st.sets(st.sampled_from([*writable(mapping), "x"]), max_size=2)):
        written[name] = [name] if name == "x" else data.draw(legacy_values(mapping, name))
    before = copy.deepcopy((base, written))

    mapping.upgrade(written, context(base=base))
    mapping.upgrade(written, context())

    assert equal([base, written], list(before))
