"""Records within a record: paired by key, merged over what is stored."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mappings.core.context import Context, Item
from mappings.core.errors import DocumentError
from mappings.core.record_mapping import RecordMapping
from mappings.core.results import Upgraded
from mappings.core.verbs import each
from tests.documents import context, ids_of
from tests.packs.toy import BOOK, LOAN, TOLD


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def stored(*titles: str) -> dict[str, Any]:
    """A modern book whose pages have these titles, and scans that only the new API knows."""
    return {
        "id": uuid(99),
        "title": "Herbier",
        "leaves": [
            {"id": uuid(number), "title": title, "scan": f"scan of {title}"}
            for number, title in enumerate(titles, start=1)
        ],
    }


def knowing(base: dict[str, Any]) -> Context:
    return replace(context(base=base), ids=ids_of(base, BOOK))


def write(base: dict[str, Any], **written: Any) -> Upgraded:
    return BOOK.upgrade(written, knowing(base))


def reasons(base: dict[str, Any], **written: Any) -> list[str]:
    with pytest.raises(DocumentError) as raised:
        write(base, **written)
    return [str(problem) for problem in raised.value.problems]


def test_a_list_that_comes_back_in_another_order_lands_on_the_right_rows() -> None:
    """Trap 28."""
    base = stored("fern", "moss", "oak")

    upgraded = write(
        base,
        pages=[
            {"number": 3, "heading": "oak tree"},
            {"number": 1, "heading": "fern"},
            {"number": 2, "heading": "moss"},
        ],
    )

    assert upgraded.document["leaves"] == [
        {"id": uuid(1), "title": "fern", "scan": "scan of fern"},
        {"id": uuid(2), "title": "moss", "scan": "scan of moss"},
        {"id": uuid(3), "title": "oak tree", "scan": "scan of oak"},
    ]


def test_an_item_that_is_left_out_stays_and_the_client_is_told() -> None:
    base = stored("fern", "moss")

    upgraded = write(base, pages=[{"number": 2, "heading": "lichen"}])

    assert [leaf["title"] for leaf in upgraded.document["leaves"]] == ["fern", "lichen"]
    assert [loss.pointer for loss in upgraded.lost] == ["/pages"]


def test_an_item_without_a_key_is_a_new_one() -> None:
    base = stored("fern")

    upgraded = write(base, pages=[{"number": 1}, {"heading": "oak"}])

    assert upgraded.changes == {"leaves": [base["leaves"][0], {"title": "oak"}]}


def test_a_key_that_nothing_has_or_that_stands_twice_is_a_problem() -> None:
    base = stored("fern", "moss")

    found = reasons(base, pages=[{"number": 1}, {"number": 1}, {"number": 7}])

    assert found == ["/pages/1/number: taken", "/pages/2/number: unknown"]


def test_a_key_that_can_be_none_is_a_problem() -> None:
    base = stored("fern")

    for key in (["1"], "01", True, 1.5):
        assert "/pages/0/number: unknown" in reasons(base, pages=[{"number": key}])


def test_a_key_may_be_written_as_a_text_and_a_blank_one_is_none() -> None:
    base = stored("fern")

    upgraded = write(base, pages=[{"number": "1", "heading": "moss"}, {"number": ""}])

    assert [leaf.get("title") for leaf in upgraded.document["leaves"]] == ["moss", None]


def test_what_is_no_list_of_objects_is_a_problem_where_it_stands() -> None:
    base = stored("fern")

    assert reasons(base, pages={"number": 1}) == ["/pages: not_a_list"]
    assert reasons(base, pages=[{"number": 1}, 2]) == ["/pages/1: not_an_object"]
    assert reasons(stored(), pages="") == ["/pages: not_a_list"]
    assert reasons(stored(), pages=[7]) == ["/pages/0: not_an_object"]


def test_items_whose_keys_nobody_knows_are_paired_by_position_when_echoed() -> None:
    base = stored("fern", "moss")

    upgraded = BOOK.upgrade(
        {"pages": [{"number": None, "heading": "fern"}, {"heading": "lichen"}]}, context(base=base)
    )

    assert [leaf["title"] for leaf in upgraded.document["leaves"]] == ["fern", "lichen"]
    assert upgraded.document["leaves"][1]["scan"] == "scan of moss"


def test_a_new_record_takes_its_items_and_tells_that_their_ids_are_lost() -> None:
    upgraded = BOOK.upgrade(
        {"name": "Herbier", "pages": [{"number": 5, "heading": "oak"}]}, context()
    )

    assert upgraded.document["leaves"] == [{"title": "oak"}]
    assert [loss.pointer for loss in upgraded.lost] == ["/pages/0/number"]


def test_problems_within_records_have_pointers_into_the_whole_document() -> None:
    base = stored("fern")

    found = reasons(base, pages=[{"number": 1, "heading": 5}], press={"town": 7})

    assert found == ["/press/town: not_a_text", "/pages/0/heading: not_a_text"]


def test_a_record_within_keeps_what_only_the_new_api_knows() -> None:
    base = stored() | {"printer": {"city": "Brest", "street": "Quai", "score": 5, "other": [1]}}

    upgraded = write(base, press={"town": "Lorient"})

    assert upgraded.changes == {
        "printer": {"city": "Lorient", "street": "Quai", "score": 5, "other": [1]}
    }


def test_a_record_within_can_be_made_and_taken_away() -> None:
    base = stored()
    made = write(base, press={"town": "Brest"})

    taken = write(base | {"printer": {"city": "Brest", "score": 5, "other": [1]}}, press=None)

    assert made.changes == {"printer": {"city": "Brest"}}
    assert taken.changes == {"printer": {"city": None, "score": 5, "other": [1]}}
    assert write(base, press=None).changes == {}


def test_what_is_undeclared_or_wrong_within_a_record_is_seen_though_the_rest_is_an_echo() -> None:
    base = stored("fern") | {"printer": {"city": "Brest"}}
    echo = {"press": {"town": "Brest", "x": 1}, "pages": [{"number": 1, "heading": "fern", "x": 1}]}

    upgraded = write(base, **echo)

    assert upgraded.changes == {}
    assert [loss.pointer for loss in upgraded.lost] == ["/press/x", "/pages/0/x"]
    assert reasons(base, press={"town": "Brest", "street": 7}) == ["/press/street: not_a_text"]


def test_an_item_with_a_key_is_unknown_in_an_empty_list_too() -> None:
    assert reasons(stored(), pages=[{"number": 1}]) == ["/pages/0/number: unknown"]


def test_a_record_within_that_is_no_object_is_a_problem() -> None:
    assert reasons(stored(), press="Brest") == ["/press: not_an_object"]


def test_the_ids_of_a_document_are_collected_with_their_kinds() -> None:
    asked = BOOK.modern_ids(stored("fern"))

    assert asked == {("book", uuid(99)), ("page", uuid(1))}


def test_modern_lists_and_records_that_are_none_do_not_fit() -> None:
    base = stored("fern")

    def misfits(**changed: Any) -> list[str]:
        return [str(problem) for problem in BOOK.misfits({**base, **changed}, "")]

    assert misfits(leaves={"id": 1}) == ["/leaves: not_a_list"]
    assert misfits(leaves=[7]) == ["/leaves/0: not_an_object"]
    assert misfits(printer=[]) == ["/printer: not_an_object"]
    assert misfits(printer={"city": 7}) == ["/printer/city: not_a_text"]
    assert misfits(leaves=[{"title": 7}]) == ["/leaves/0/title: not_a_text"]
    assert misfits(shelf=object()) == []


def lent(*readers: str, **more: Any) -> dict[str, Any]:
    """A modern book that was lent to these people, one after the other."""
    loans = [
        {"id": uuid(number), "reader": reader, "fee": number}
        for number, reader in enumerate(readers, start=1)
    ]
    return {**stored(), "borrowings": loans, **more}


def keeping(base: dict[str, Any], **remarks: str) -> Context:
    """What is known of a book, with a remark that was set aside for some loans."""
    asides = {("loan", uuid(int(name[1:]))): {"remark": it} for name, it in remarks.items()}
    return replace(knowing(base), asides=asides)


def test_records_that_go_out_by_calls_are_noted_one_by_one_in_their_order() -> None:
    base = lent("Inès", "Zoé", "Ana")

    upgraded = write(
        base,
        loans=[
            {"by": "Efflam", "remark": "soon"},
            {"number": 3, "by": "Ana Moal"},
            {"number": 1, "by": "Inès"},
            {"number": 2, "remark": "late"},
        ],
    )

    one, two, three = base["borrowings"]
    assert upgraded.items == (
        Item(
            "/loans/0",
            {"by": "Efflam", "remark": "soon"},
            None,
            {"reader": "Efflam"},
            {"remark": "soon"},
        ),
        Item("/loans/1", {"number": 3, "by": "Ana Moal"}, three, {"reader": "Ana Moal"}, {}),
        Item("/loans/3", {"number": 2, "remark": "late"}, two, {}, {"remark": "late"}),
    )
    assert upgraded.document["borrowings"] == [
        one,
        two,
        {**three, "reader": "Ana Moal"},
        {"reader": "Efflam"},
    ]
    assert upgraded.aside == {}
    assert upgraded.lost == ()
    assert [loss.pointer for loss in upgraded.lost_unless_kept] == [
        "/loans/0/remark",
        "/loans/3/remark",
    ]


def test_what_is_echoed_makes_no_call_and_what_is_left_out_stays() -> None:
    """Trap 28."""
    base = lent("Inès", "Zoé")
    known = keeping(base, _1="torn")
    first, _ = BOOK.downgrade(base, known).document["loans"]

    upgraded = BOOK.upgrade({"loans": [first]}, known)

    assert first == {"number": 1, "by": "Inès", "day": None, "remark": "torn"}
    assert upgraded.items == ()
    assert upgraded.changes == {}
    assert [loss.pointer for loss in upgraded.lost] == ["/loans"]


def test_the_fields_of_an_item_that_are_left_out_stay() -> None:
    base = lent("Inès")

    (item,) = write(base, loans=[{"number": 1, "day": "2024-01-01"}]).items

    assert item.changes == {"since": "2024-01-01"}
    assert BOOK.by_calls == {"borrowings"}


def test_an_item_without_an_id_has_no_call_by_which_it_could_be_changed() -> None:
    base = lent()
    nameless = {**base, "borrowings": [{"reader": "Inès"}]}
    (echo,) = BOOK.downgrade(nameless, knowing(nameless)).document["loans"]

    assert write(nameless, loans=[echo]).items == ()
    assert reasons(nameless, loans=[{**echo, "by": "Zoé"}]) == ["/loans/0: read_only"]


def test_every_problem_of_every_item_is_told_before_anything_is_sent() -> None:
    base = lent("Inès")

    found = reasons(base, loans=[{"number": 1, "by": ""}, {"day": "x"}, {"number": 9, "by": "x"}])

    assert found == ["/loans/2/number: unknown", "/loans/0/by: blank", "/loans/1/by: blank"]


def read_only() -> RecordMapping:
    """The book, where loans can only be read, but for their day."""
    rules = each(
        "loans",
        to="borrowings",
        mapping=LOAN,
        key="number",
        read_only="elsewhere",
        forgiven=frozenset({"colour"}),
        source=TOLD,
    )
    others = tuple(rule for rule in BOOK.rules if rule.legacy != ("loans",))
    return RecordMapping(BOOK.legacy, BOOK.modern, others, rules, kind="book")


def test_a_list_that_can_only_be_read_takes_its_echo_and_nothing_else() -> None:
    base = lent("Inès", "Zoé")
    known = keeping(base, _1="torn")
    first, second = BOOK.downgrade(base, known).document["loans"]
    mapping = read_only()

    second["remark"] = ""
    echoed = mapping.upgrade({"loans": [second, {**first, "colour": "red"}]}, known)

    assert echoed.changes == {}
    assert echoed.items == ()
    assert [loss.pointer for loss in echoed.lost] == ["/loans/1/colour"]
    for other in (
        [first],
        [first, {**second, "by": "Ana"}],
        [first, {**second, "remark": "late"}],
        [{**first, "remark": None}, second],
        [first, second, {"by": "Ana"}],
        None,
    ):
        with pytest.raises(DocumentError, match=r"^/loans: read_only$"):
            mapping.upgrade({"loans": other}, known)


def test_a_list_of_more_than_a_thousand_records_is_refused() -> None:
    assert reasons(stored("fern"), pages=[{}] * 1001) == ["/pages: invalid"]
