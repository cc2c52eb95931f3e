"""Fail closed: what is wrong with a declaration is said at import, all of it."""

from __future__ import annotations

import pytest
from pydantic import StrictInt

from mappings.core.codecs import code_table
from mappings.core.errors import ContradictionError
from mappings.core.evidence import Evidence, documented
from mappings.core.model import Model, declared
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Rules
from mappings.core.verbs import (
    also_read,
    coded,
    computed,
    each,
    grouped,
    identifier,
    nested,
    renamed,
    same,
    set_aside,
    shown,
    untouched,
)
from mappings.mesvaccins.names import Straight
from tests.packs.toy import PAGE, OldPage

TOLD = documented("TOY")


class Old(Model):
    name: str | None = declared("A name.", TOLD)
    size: StrictInt | None = declared("A size.", TOLD)


class New(Model):
    name: str | None = declared("A name.", TOLD)
    size: str | None = declared("A size.", TOLD)


def contradictions(*rules: Rules, required: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ContradictionError) as raised:
        RecordMapping(Old, New, *rules, required=required)
    return list(raised.value.contradictions)


SIZES = (
    *set_aside("size", because="not kept", source=TOLD),
    *untouched("size", because="new", source=TOLD),
)


def test_a_field_without_a_rule_is_named() -> None:
    assert contradictions(SIZES) == [
        "legacy /name: no rule says what becomes of it",
        "modern /name: no rule says what becomes of it",
    ]


def test_a_field_with_two_rules_is_named() -> None:
    found = contradictions(same("name", source=TOLD), same("name", source=TOLD), SIZES)

    assert "legacy /name: decided by 2 rules, one is enough" in found


def test_a_misspelt_field_is_named_with_the_one_that_is_meant() -> None:
    found = contradictions(same("nmae", source=TOLD), SIZES)

    assert "legacy /nmae: Old has no such field; is /name meant?" in found
    assert "modern /nmae: New has no such field; is /name meant?" in found


def test_a_name_that_is_like_no_field_gets_no_hint() -> None:
    found = contradictions(same("name", source=TOLD), SIZES, required=("zzzzzz",))

    assert found == ["legacy /zzzzzz: Old has no such field"]


def test_a_field_that_is_ignored_when_written_cannot_be_required() -> None:
    found = contradictions(
        same("name", source=TOLD),
        shown("size", because="set by the server", source=TOLD),
        required=("size",),
    )

    assert "legacy /size: it cannot be required, what a client writes is ignored" in found


def test_types_that_differ_ask_for_a_codec() -> None:
    found = contradictions(same("name", "size", source=TOLD))

    assert found == ["legacy /size: its type differs from modern /size's, and no codec is given"]


def test_a_type_that_may_be_two_things_is_not_one_of_them() -> None:
    class Either(Model):
        size: str | int | None = declared("A size.", TOLD)

    class One(Model):
        size: str | None = declared("A size.", TOLD)

    with pytest.raises(ContradictionError, match="its type differs"):
        RecordMapping(Either, One, same("size", source=TOLD))


def test_what_is_lost_or_made_gives_its_reason() -> None:
    found = contradictions(
        same("name", source=TOLD),
        set_aside("size", because="", source=TOLD),
        untouched("size", because="", source=TOLD),
    )

    assert found == [
        "legacy /size: set aside: no reason is given",
        "modern /size: untouched: no reason is given",
    ]


def test_a_guess_says_what_to_ask_and_what_changes_it() -> None:
    found = contradictions(same("name", source=Evidence("guess", "4.2")), SIZES)

    assert found == ["legacy /name: a guess names its question and its option"]


def test_a_computed_field_is_made_of_fields_that_exist() -> None:
    found = contradictions(
        computed("name", lambda read, scope: "", made_of=("nome",), because="made", source=TOLD),
        untouched("name", because="new", source=TOLD),
        SIZES,
    )

    assert found == ["modern /nome: New has no such field; is /name meant?"]


def test_the_kind_of_an_id_is_that_of_its_record() -> None:
    with pytest.raises(ContradictionError) as raised:
        RecordMapping(Old, New, identifier("name", to="name", kind="old", source=TOLD), SIZES)

    assert list(raised.value.contradictions) == [
        "legacy /name: its kind is 'old', and the mapping's is ''"
    ]


def test_another_name_is_one_of_a_field_that_exists() -> None:
    found = contradictions(
        also_read("name", of="nome", source=TOLD),
        untouched("name", because="new", source=TOLD),
        SIZES,
    )

    assert found == ["legacy /nome: Old has no such field; is /name meant?"]


def test_code_tables_are_one_to_one_or_say_which_code_comes_back() -> None:
    table = code_table({"a": "x", "b": "x", "c": "y"}, also_shown={"y": "c"}, comes_back={"y": "b"})

    found = contradictions(coded("name", table, source=TOLD), SIZES)

    assert found == [
        "legacy /name: several legacy codes become 'x': say which one comes back",
        "legacy /name: 'b' cannot come back for 'y': it does not become it",
        "legacy /name: 'y' is both upgraded to and shown besides: once is enough",
    ]


def test_a_record_within_goes_by_a_mapping_of_its_own_models() -> None:
    found = contradictions(nested("name", to="name", mapping=PAGE, source=TOLD), SIZES)

    assert found == [
        "legacy /name: it does not hold OldPage",
        "modern /name: it does not hold NewPage",
    ]


def test_a_list_that_is_read_only_says_why() -> None:
    class Pages(Model):
        pages: list[OldPage] | None = declared("Pages.", TOLD)

    rules = each("pages", to="pages", mapping=PAGE, key="number", read_only=" ", source=TOLD)

    with pytest.raises(ContradictionError, match="it does not hold NewPage"):
        RecordMapping(Pages, Pages, rules)


def test_every_contradiction_is_told_at_once_under_the_name_of_the_mapping() -> None:
    with pytest.raises(ContradictionError) as raised:
        RecordMapping(
            Old,
            New,
            grouped(("name", "seize"), ("name", "size"), Straight(), source=TOLD),
            shown("size", to="nome", because="", source=TOLD),
        )

    assert str(raised.value) == (
        "the mapping of Old cannot be used:\n"
        "  legacy /seize: Old has no such field; is /size meant?\n"
        "  modern /nome: New has no such field; is /name meant?\n"
        "  legacy /size: shown: no reason is given"
    )


def test_one_type_under_two_names_needs_no_codec() -> None:
    class Other(Model):
        title: str = declared("A name.", TOLD, required=True)
        size: str | int = declared("A size.", TOLD)

    mapping = RecordMapping(
        Old,
        Other,
        renamed("name", to="title", source=TOLD),
        set_aside("size", because="not kept", source=TOLD),
        untouched("size", because="new", source=TOLD),
    )

    assert str(mapping) == "the mapping of Old"
