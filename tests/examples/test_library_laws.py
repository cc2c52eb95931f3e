"""The laws of every mapping, over the mappings of the example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.core.pack import Pack
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Paired
from tests import documents
from tests.laws import many
from tests.laws import test_in_memory as laws

few = settings(many, max_examples=100)

Law = Callable[[RecordMapping, st.DataObject], None]

LAWS = (
    laws.test_there_and_back_a_modern_record_is_the_same,
    laws.test_there_and_back_a_legacy_document_is_the_same,
    laws.test_only_what_a_client_changed_is_changed,
    laws.test_no_document_is_changed_by_its_translation,
    laws.test_no_document_is_changed_when_it_makes_another,
)


@pytest.fixture(scope="module")
def mappings(pack: Pack) -> Iterator[dict[str, RecordMapping]]:
    """The mappings of the pack by kind, where the laws look for those of records within."""
    found = {it.kind: it for it in pack.mappings.values()}
    (copies,) = (rule.record for rule in found["work"].of_kind(Paired) if rule.many and rule.record)
    found["holding"] = copies
    old = found["patron"].legacy
    (address,) = (
        it.record
        for it in found["patron"].of_kind(Paired)
        if it.legacy == ("address",) and it.record
    )
    day_first = get_args(get_args(old.model_fields["born"].annotation)[0])[1].func
    days = st.dates().map(lambda day: "/".join(reversed(day.isoformat().split("-"))))
    with pytest.MonkeyPatch.context() as patch:
        for kind, mapping in found.items():
            patch.setitem(documents.MAPPINGS, kind, mapping)
        patch.setitem(documents.BY_VALIDATOR, day_first, days)
        # What a client leaves out of an address, or all of it with null, is not what comes back.
        whole = {name: documents.legacy_values(address, name) for name in address.legacy_paired}
        patch.setitem(documents.BY_FIELD, (old, "address"), st.fixed_dictionaries(whole))
        yield found


@pytest.mark.parametrize("kind", ["patron", "work", "holding"])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__.removeprefix("test_"))
def test_the_law_holds(kind: str, law: Any, mappings: dict[str, RecordMapping]) -> None:
    of_the_law: Law = law.hypothesis.inner_test

    @few
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        of_the_law(mappings[kind], data)

    holds()
