"""What one mapping says of one document: problems, losses, pointers, the three kinds of nothing."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mappings.core.context import equal, is_blank
from mappings.core.errors import DocumentError
from mappings.core.record_mapping import RecordMapping
from tests.documents import context
from tests.packs.toy import BOOK, PRESS

BASE: dict[str, Any] = {
    "id": "00000000-0000-4000-8000-000000000099",
    "title": "Herbier",
    "condition": "fine",
    "author": "Kermorvan, Inès",
    "seen_at": "2024-01-01T00:00:00.000Z",
    "shelf": {"row": 1},
}


def problems(document: Any, base: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(DocumentError) as raised:
        BOOK.upgrade(document, context(base=base))
    return [str(problem) for problem in raised.value.problems]


def test_all_problems_are_told_at_once_and_none_has_a_value() -> None:
    found = problems({"name": "", "state": "torn", "first": 7, "seen_at": "never", "note": 1.5})

    assert found == ["/first: not_a_text", "/note: not_a_text", "/name: blank", "/state: inclusion"]


def test_what_is_no_object_is_a_problem_of_the_whole_document() -> None:
    assert problems(["name"]) == ["(the whole document): not_an_object"]
    with pytest.raises(DocumentError, match=r"\(the whole document\): not_an_object"):
        BOOK.downgrade(None, context())


def test_a_partial_document_changes_what_it_holds_and_no_more() -> None:
    upgraded = BOOK.upgrade({"last": "Abgrall"}, context(base=BASE))

    assert upgraded.changes == {"author": "Abgrall, Inès"}
    assert upgraded.document == {**BASE, "author": "Abgrall, Inès"}


def test_half_a_group_is_enough_for_a_new_record() -> None:
    upgraded = BOOK.upgrade({"name": "Atlas", "first": "Inès"}, context())

    assert upgraded.changes == {"title": "Atlas", "author": ", Inès"}


def test_absent_null_and_empty_are_three_things() -> None:
    """Trap 2."""
    assert BOOK.upgrade({}, context(base=BASE)).changes == {}
    assert BOOK.upgrade({"state": None}, context(base=BASE)).changes == {"condition": None}
    assert problems({"state": ""}, BASE) == ["/state: inclusion"]


def test_what_must_be_there_can_be_neither_blank_nor_null() -> None:
    assert problems({"name": None}, BASE) == ["/name: blank"]
    assert problems({"name": " "}, BASE) == ["/name: blank"]
    assert problems({}, None) == ["/name: blank"]


def test_a_blank_that_is_stored_already_may_be_echoed() -> None:
    blank = {**BASE, "title": " "}

    assert BOOK.upgrade({"name": " ", "state": "new"}, context(base=blank)).changes == {
        "condition": "mint"
    }


def test_null_for_what_the_new_api_must_have_is_refused_where_the_old_one_did_not_ask() -> None:
    lenient = RecordMapping(BOOK.legacy, BOOK.modern, BOOK.rules, kind=BOOK.kind)

    with pytest.raises(DocumentError, match="/name: blank"):
        lenient.upgrade({"name": None}, context(base=BASE))


def test_an_unknown_modern_code_is_shown_as_the_table_says_and_noted() -> None:
    """Trap 5."""
    downgraded = BOOK.downgrade({**BASE, "condition": "soaked"}, context())

    assert downgraded.document["state"] == "odd"
    assert downgraded.unknown == ("/condition",)


def test_a_code_that_two_modern_ones_show_keeps_the_stored_one() -> None:
    """Trap 6."""
    worn = {**BASE, "condition": "worn"}

    assert BOOK.upgrade({"state": "good"}, context(base=worn)).changes == {}
    assert BOOK.upgrade({"state": "ok"}, context(base=worn)).changes == {}
    assert BOOK.upgrade({"state": "new"}, context(base=worn)).changes == {"condition": "mint"}


def test_an_unknown_modern_code_survives_a_write_that_does_not_touch_it() -> None:
    soaked = {**BASE, "condition": "soaked"}

    upgraded = BOOK.upgrade({"state": "odd", "name": "Atlas"}, context(base=soaked))

    assert upgraded.changes == {"title": "Atlas"}


def test_what_the_server_makes_is_ignored_and_told_where_it_differs() -> None:
    """Trap 4."""
    echoed = BOOK.upgrade(
        {"label": "Book: Herbier", "seen_at": BASE["seen_at"]}, context(base=BASE)
    )

    changed = BOOK.upgrade({"label": "mine", "seen_at": 5}, context(base=BASE))

    assert echoed.lost == ()
    assert [loss.pointer for loss in changed.lost] == ["/seen_at", "/label"]
    assert changed.changes == {}


def test_null_for_what_the_server_makes_is_told_where_a_record_shows_something() -> None:
    over = BOOK.upgrade({"label": None, "seen_at": ""}, context(base=BASE))
    anew = BOOK.upgrade({"name": "Atlas", "label": None, "seen_at": ""}, context())

    assert [loss.pointer for loss in over.lost] == ["/seen_at", "/label"]
    assert anew.lost == ()


def test_a_computed_field_is_held_against_what_will_be_shown() -> None:
    upgraded = BOOK.upgrade({"name": "Atlas", "label": "Book: Atlas"}, context(base=BASE))

    assert upgraded.lost == ()


def test_undeclared_fields_are_dropped_and_told_or_refused() -> None:
    """Trap 3."""
    strict = RecordMapping(
        BOOK.legacy,
        BOOK.modern,
        BOOK.rules,
        kind=BOOK.kind,
        required=BOOK.required,
        undeclared="refuse",
    )

    upgraded = BOOK.upgrade({"name": "Atlas", "colour": "red"}, context())

    assert [(loss.pointer, loss.declared) for loss in upgraded.lost] == [("/colour", False)]
    with pytest.raises(DocumentError, match="/colour: undeclared"):
        strict.upgrade({"name": "Atlas", "colour": "red"}, context())


def test_an_undeclared_modern_field_is_never_shown_and_never_destroyed() -> None:
    """Traps 1 and 3."""
    base = {**BASE, "barcode": [1, {"a": None}]}

    shown = BOOK.downgrade(base, context()).document
    upgraded = BOOK.upgrade({**shown, "name": "Atlas"}, context(base=base))

    assert "barcode" not in shown
    assert upgraded.document["barcode"] == [1, {"a": None}]
    assert "barcode" not in upgraded.changes


def test_the_id_of_a_record_can_only_be_its_own() -> None:
    """Trap 9."""
    ids = replace(context(base=BASE).ids, to_legacy={("book", BASE["id"]): 7})
    known = replace(context(base=BASE), ids=ids)

    assert BOOK.upgrade({"number": 7}, known).changes == {}
    with pytest.raises(DocumentError, match="/number: mismatch"):
        BOOK.upgrade({"number": 8}, known)


def test_an_id_in_a_new_record_is_not_carried_over() -> None:
    upgraded = BOOK.upgrade({"name": "Atlas", "number": 8}, context())
    silent = BOOK.upgrade({"name": "Atlas", "number": ""}, context())

    assert upgraded.document == {"title": "Atlas"}
    assert [loss.pointer for loss in upgraded.lost] == ["/number"]
    assert silent.lost == ()


def test_values_set_aside_are_handed_out_and_put_back() -> None:
    upgraded = BOOK.upgrade({"name": "Atlas", "note": "torn page"}, context())

    kept = {("book", BASE["id"]): upgraded.aside}
    shown = BOOK.downgrade(BASE, context(asides=kept)).document

    assert upgraded.aside == {"note": "torn page"}
    assert [loss.pointer for loss in upgraded.lost_unless_kept] == ["/note"]
    assert shown["note"] == "torn page"
    assert "torn page" not in str(upgraded.document)


def test_values_set_aside_of_another_record_are_never_shown() -> None:
    kept = {("page", BASE["id"]): {"note": "mine"}, ("book", "x"): {"note": "mine"}}

    assert BOOK.downgrade(BASE, context(asides=kept)).document["note"] is None


@pytest.mark.parametrize(
    ("kept", "written", "aside"),
    [
        ("torn page", "torn page", {}),
        ("torn page", "mended", {"note": "mended"}),
        ("torn page", None, {"note": None}),
        ("torn page", "", {"note": ""}),
        (None, None, {}),
        (None, "", {"note": ""}),
    ],
)
def test_only_values_that_changed_are_handed_out_to_be_set_aside(
    kept: str | None, written: str | None, aside: dict[str, Any]
) -> None:
    """Trap 2: null takes away what is kept, and silence does not."""
    asides = {("book", BASE["id"]): {"note": kept}} if kept else {}
    known = context(BASE, asides)

    assert BOOK.upgrade({"note": written}, known).aside == aside
    assert BOOK.upgrade({}, known).aside == {}


def test_the_records_for_which_values_may_be_set_aside_are_named() -> None:
    loan = "00000000-0000-4000-8000-00000000000A"
    base = {**BASE, "borrowings": [{"id": loan}, {"reader": "Inès"}], "leaves": [{"id": loan}]}

    assert BOOK.set_aside_in(base) == {("book", BASE["id"]), ("loan", loan.lower())}
    assert BOOK.set_aside_in({"title": "Herbier"}) == set()


def test_the_identity_of_a_record_is_its_id_in_lower_case() -> None:
    uuid = "0B1C2D3E-4F50-4A61-8B72-9C83AD94BE05"
    assert BOOK.identity_of({"id": uuid}) == uuid.lower()
    assert BOOK.identity_of({"id": None}) is None
    assert PRESS.identity_of({"id": uuid}) is None


def test_an_id_that_is_no_uuid_is_compared_as_it_is() -> None:
    assert BOOK.identity_of({"id": "aB1"}) == "aB1"
    assert BOOK.identity_of({"id": 7}) == "7"


def test_a_field_may_be_written_under_another_name() -> None:
    upgraded = BOOK.upgrade({"title": "Atlas"}, context())

    assert upgraded.document == {"title": "Atlas"}
    assert upgraded.lost == ()
    assert "title" not in BOOK.downgrade(BASE, context()).document
    assert BOOK.canonical({"title": "Atlas"})["name"] == "Atlas"


@pytest.mark.parametrize("other", ["Atlas", "", None])
def test_two_names_may_say_the_same_and_a_blank_one_says_nothing(other: str | None) -> None:
    for written in ({"name": "Atlas", "title": other}, {"name": other, "title": "Atlas"}):
        assert BOOK.upgrade(written, context()).document == {"title": "Atlas"}


def test_two_names_that_contradict_each_other_are_a_problem_of_the_second() -> None:
    assert problems({"name": "Atlas", "title": "Herbier"}) == ["/title: contradiction"]


def test_a_problem_stands_under_the_name_that_the_client_used() -> None:
    assert problems({"title": 7}) == ["/title: not_a_text"]
    assert problems({"title": " "}) == ["/title: blank"]
    assert problems({"title": None}, BASE) == ["/title: blank"]
    assert problems({"name": "", "title": ""}) == ["/name: blank"]
    assert problems({"name": 7}) == ["/name: not_a_text"]
    assert BOOK.legacy_pointers("/title", {"title": "Atlas"}) == ["/title"]
    assert BOOK.legacy_pointers("/title", {"name": "Atlas", "title": "Atlas"}) == ["/name"]


@pytest.mark.parametrize(
    ("pointer", "written", "places"),
    [
        ("/title", {"name": "x"}, ["/name"]),
        ("/author", {"first": "x", "last": "y"}, ["/first", "/last"]),
        ("/author", {"first": "", "last": "y"}, ["/last"]),
        ("/author", {}, ["/first"]),
        ("/printer/city", {"press": {"town": "x"}}, ["/press/town"]),
        ("/printer/score", {"press": {"town": "x"}}, ["/press"]),
        ("/printer/city", {}, ["/press"]),
        ("/leaves/0/title", {"pages": [{}]}, ["/pages"]),
        ("/shelf", {}, []),
        ("/nowhere", {}, []),
        ("", {}, []),
    ],
)
def test_a_modern_pointer_is_walked_back_to_what_the_client_wrote(
    pointer: str, written: dict[str, Any], places: list[str]
) -> None:
    assert BOOK.legacy_pointers(pointer, written) == places


def test_a_modern_document_that_does_not_fit_is_told_whole() -> None:
    with pytest.raises(DocumentError) as raised:
        BOOK.downgrade({"title": None, "year": "x", "shelf": object()}, context())

    assert [str(problem) for problem in raised.value.problems] == [
        "/id: blank",
        "/title: not_a_text",
        "/year: not_a_number",
    ]


def test_values_are_compared_as_json_has_them() -> None:
    assert equal({"a": [1, None]}, {"a": [1, None]})
    assert not equal(True, 1)
    assert not equal({"a": None}, {})
    assert not equal([1], [1, 2])
    assert not equal([], {})


@pytest.mark.parametrize("value", [None, "", " ", [], {}])
def test_blank_is_what_says_nothing(value: Any) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, False, "x", [None]])
def test_nought_and_false_say_something(value: Any) -> None:
    assert not is_blank(value)
