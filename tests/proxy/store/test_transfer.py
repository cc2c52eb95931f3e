"""Pairs of ids and values set aside by the file: all of it or nothing, told by line."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from pydantic import StrictInt

from mappings.core.context import Json
from mappings.core.errors import RefusedError
from mappings.core.evidence import documented
from mappings.core.model import Model, Uuid, declared
from mappings.core.record_mapping import RecordMapping
from mappings.core.verbs import each, identifier, nested, same, set_aside, untouched
from proxy.errors import ConfigurationError
from proxy.settings import Settings
from proxy.store import records, staging, transfer
from proxy.store.staging import ImportRefusedError, Pair, identity
from proxy.store.store import Aside
from tests.proxy.store.conftest import UPSTREAM, Stores

KINDS = ("page", "book")
BOOK = "5a3d0b6e-0000-4000-8000-00000000000a"
OTHER_BOOK = "5a3d0b6e-0000-4000-8000-00000000000b"
PAGE = "5a3d0b6e-0000-4000-8000-0000000000a1"
OTHER_PAGE = "5a3d0b6e-0000-4000-8000-0000000000a2"
HEADER = "kind,legacy_id,modern_id"
ID_WANTED = "expected an integer from 1 to 2147483647, or a UUID"

TOLD = documented("TOY")


class OldPage(Model):
    number: StrictInt | None = declared("Its number.", TOLD)
    remark: str | None = declared("A remark.", TOLD)


class NewPage(Model):
    id: Uuid | None = declared("Its id.", TOLD)


class OldPress(Model):
    town: str | None = declared("Its town.", TOLD)


class NewPress(Model):
    town: str | None = declared("Its town.", TOLD)


class OldBook(Model):
    uuid: Uuid | None = declared("Its id.", TOLD)
    pages: list[OldPage] | None = declared("Its pages.", TOLD)
    press: OldPress | None = declared("Its press.", TOLD)
    note: str | None = declared("A note.", TOLD)
    shelf: str | None = declared("Where it stands.", TOLD)


class NewBook(Model):
    id: Uuid = declared("Its id.", TOLD, required=True)
    leaves: list[NewPage] | None = declared("Its pages.", TOLD)
    press: NewPress | None = declared("Its press.", TOLD)
    colour: str | None = declared("Its colour.", TOLD)


def _upper(value: Json) -> None:
    if value != value.upper():
        raise RefusedError("not_upper")


PAGE_MAPPING = RecordMapping(
    OldPage,
    NewPage,
    identifier("number", to="id", kind="page", source=TOLD),
    set_aside("remark", because="no place", source=TOLD),
    kind="page",
)
PRESS_MAPPING = RecordMapping(OldPress, NewPress, same("town", source=TOLD))


def book_mapping(kind: str | None = "book") -> RecordMapping:
    return RecordMapping(
        OldBook,
        NewBook,
        identifier("uuid", to="id", kind=kind, source=TOLD),
        each("pages", to="leaves", mapping=PAGE_MAPPING, key="number", source=TOLD),
        nested("press", to="press", mapping=PRESS_MAPPING, source=TOLD),
        set_aside("note", because="no place", source=TOLD),
        set_aside("shelf", because="no place", check=_upper, source=TOLD),
        untouched("colour", because="new", source=TOLD),
        kind="book",
    )


def settings_of(stores: Stores, **settings: Any) -> Settings:
    return stores.settings(**settings)


async def import_pairs(stores: Stores, *lines: str, form: transfer.Form = "csv") -> tuple[int, int]:
    file = io.BytesIO("\n".join(lines).encode())
    done = await transfer.import_pairs(stores.settings(), file, form, KINDS)
    return done.read, done.added


def exported_pairs(stores: Stores) -> list[Pair]:
    return [pair for some in transfer.export_pairs(stores.settings()) for pair in some]


async def import_records(
    stores: Stores, *lines: Any, mapping: RecordMapping | None = None, **settings: Any
) -> records.ImportedRecords:
    file = io.BytesIO(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()
    )
    return await records.import_records(
        stores.settings(**settings),
        file,
        mapping or book_mapping(),
        uuid_kinds={"book"},
        keeps=lambda name: name != "dropped",
        now=stores.clock().timestamp(),
    )


def exported(stores: Stores, record: str | None = None, **settings: Any) -> list[Any]:
    now = stores.clock().timestamp()
    return list(records.export_records(stores.settings(**settings), now=now, record=record))


def refusal(told: pytest.ExceptionInfo[ImportRefusedError]) -> list[str]:
    return str(told.value).splitlines()


@pytest.mark.parametrize(
    ("value", "known"),
    [
        (1, "1"),
        ("007", "7"),
        (2**31 - 1, "2147483647"),
        (PAGE.upper(), PAGE),
        (0, None),
        (-1, None),
        (2**31, None),
        ("9" * 5000, None),
        ("١٢", None),
        (True, None),
        (1.5, None),
        ("", None),
        (None, None),
        (["1"], None),
        (PAGE[:-1], None),
    ],
)
def test_an_id_is_an_integer_of_31_bits_or_a_uuid(value: Json, known: str | None) -> None:
    assert identity(value) == known


async def test_pairs_of_a_csv_file_become_the_crosswalk(stores: Stores) -> None:
    done = await import_pairs(stores, HEADER, f"page,12,{PAGE.upper()}", "", f"book,{BOOK},{BOOK}")

    assert done == (2, 2)
    store = stores()
    assert await store.modern_ids([("page", 12)]) == {("page", 12): PAGE}
    assert await store.known_legacy_ids([("book", BOOK)]) == {("book", BOOK): BOOK}


async def test_the_columns_may_come_in_another_order_after_a_byte_order_mark(
    stores: Stores,
) -> None:
    done = await import_pairs(stores, "\ufeffmodern_id,kind,legacy_id\r", f"{PAGE},page,12\r")

    assert done == (1, 1)
    assert exported_pairs(stores) == [Pair(1, "page", "12", PAGE)]


async def test_pairs_of_ndjson_lines_become_the_crosswalk(stores: Stores) -> None:
    number = json.dumps({"kind": "page", "legacy_id": 12, "modern_id": PAGE})
    words = json.dumps({"kind": "page", "legacy_id": "13", "modern_id": OTHER_PAGE})

    done = await import_pairs(stores, number, words, form="ndjson")

    assert done == (2, 2)
    assert [pair.legacy_id for pair in exported_pairs(stores)] == ["12", "13"]


async def test_an_identical_pair_is_no_conflict_in_the_file_or_in_the_store(
    stores: Stores,
) -> None:
    lines = (HEADER, f"page,12,{PAGE}", f"page,12,{PAGE}")

    first, second = await import_pairs(stores, *lines), await import_pairs(stores, *lines)

    assert (first, second) == ((1, 1), (1, 0))


async def test_every_wrong_line_is_told_by_its_number_and_nothing_is_imported(
    stores: Stores,
) -> None:
    lines = [
        HEADER,
        f"page,12,{PAGE}",
        f"shelf,1,{PAGE}",
        "page,nought,secret",
        "page,13",
        'page,"14"x,15',
        f"page,12,{OTHER_PAGE}",
        f"page,99,{PAGE}",
    ]

    with pytest.raises(ImportRefusedError) as told:
        await import_pairs(stores, *lines)

    assert refusal(told) == [
        "line 3: kind: expected one of book, page",
        f"line 4: legacy_id: {ID_WANTED}",
        f"line 4: modern_id: {ID_WANTED}",
        "line 5: expected 3 cells",
        "line 6: not CSV in UTF-8",
        "line 7: contradicts line 2: one of its ids is in both",
        "line 8: contradicts line 2: one of its ids is in both",
    ]
    assert exported_pairs(stores) == []


async def test_wrong_json_lines_are_told_by_their_numbers(stores: Stores) -> None:
    with pytest.raises(ImportRefusedError) as told:
        await import_pairs(stores, "{broken", "[1]", '{"kind": ["page"]}', form="ndjson")

    assert refusal(told) == [
        "line 1: not strict JSON",
        "line 2: expected one JSON object",
        "line 3: kind: expected one of book, page",
        f"line 3: legacy_id: {ID_WANTED}",
        f"line 3: modern_id: {ID_WANTED}",
    ]


async def test_a_csv_file_without_its_header_is_refused(stores: Stores) -> None:
    with pytest.raises(ImportRefusedError) as told:
        await import_pairs(stores, f"page,12,{PAGE}", f"page,13,{OTHER_PAGE}")

    assert refusal(told) == [f"line 1: expected the header {HEADER}"]


async def test_pairs_that_contradict_the_store_are_told_and_none_is_imported(
    stores: Stores,
) -> None:
    await import_pairs(stores, HEADER, f"page,12,{PAGE}")
    before = exported_pairs(stores)

    with pytest.raises(ImportRefusedError) as told:
        await import_pairs(
            stores,
            HEADER,
            f"page,11,{BOOK}",
            f"page,12,{OTHER_PAGE}",
            f"page,13,{PAGE}",
            f"book,{BOOK},{BOOK}",
        )

    assert refusal(told) == [
        "line 3: contradicts the store: one of its ids has another pair",
        "line 4: contradicts the store: one of its ids has another pair",
    ]
    assert exported_pairs(stores) == before


async def test_only_the_first_problems_are_told_one_by_one(stores: Stores) -> None:
    with pytest.raises(ImportRefusedError) as told:
        await import_pairs(stores, HEADER, *["page,1"] * 103)

    assert refusal(told)[-2:] == ["line 101: expected 3 cells", "and 3 more"]
    assert len(told.value.problems) == 100


async def test_a_line_that_is_far_too_long_is_a_problem_and_not_in_memory(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MAX_LINE_BYTES", 100)

    with pytest.raises(ImportRefusedError) as told:
        await import_pairs(stores, HEADER, "x" * 250, "page,1", "y" * 250)

    assert refusal(told) == [
        "line 2: longer than 16 MiB",
        "line 3: expected 3 cells",
        "line 4: longer than 16 MiB",
    ]


async def test_progress_tells_what_is_read_and_what_is_written(stores: Stores) -> None:
    lines = [f"page,{number},{PAGE[:-4]}{number:04}" for number in range(1, 1501)]
    file, seen = io.BytesIO("\n".join([HEADER, *lines]).encode()), []

    await transfer.import_pairs(
        stores.settings(), file, "csv", KINDS, lambda *told: seen.append(told)
    )

    assert seen == [("reading", 1000, None), ("writing", 1000, 1500), ("writing", 1500, 1500)]
    exported = exported_pairs(stores)
    assert [pair.line for pair in exported] == list(range(1, 1501))


async def test_an_integer_that_was_imported_is_given_to_no_other_record(stores: Stores) -> None:
    store = stores()
    (first,) = (await store.legacy_ids([("page", "p-1")])).values()
    assert isinstance(first, int)

    await import_pairs(stores, HEADER, f"page,{first + 1},{PAGE}")

    (second,) = (await store.legacy_ids([("page", "p-2")])).values()
    assert second == first + 2


async def test_values_of_a_dump_are_kept_for_the_record_and_those_within(stores: Stores) -> None:
    book = {
        "uuid": BOOK,
        "note": "of the book",
        "title": "not set aside",
        "press": {"town": "Nantes"},
        "pages": [
            {"number": 12, "remark": "of the page", "modern_id": PAGE},
            {"number": 13, "modern_id": OTHER_PAGE},
            {"number": 14},
        ],
    }

    done = await import_records(stores, book, {"uuid": OTHER_BOOK, "note": None})

    assert done == records.ImportedRecords(lines=2, records=2, filled=2, pairs=2)
    store = stores()
    assert await store.asides([("book", BOOK), ("page", PAGE)]) == {
        ("book", BOOK): {"note": "of the book"},
        ("page", PAGE): {"remark": "of the page"},
    }
    assert await store.modern_ids([("page", 12), ("page", 13)]) == {
        ("page", 12): PAGE,
        ("page", 13): OTHER_PAGE,
    }
    await store.erase(("book", BOOK))
    assert exported(stores) == []


async def test_modern_ids_come_from_the_crosswalk_where_the_dump_has_none(stores: Stores) -> None:
    await import_pairs(stores, HEADER, f"page,12,{PAGE}", f"book,{OTHER_BOOK},{BOOK}")

    await import_records(
        stores,
        {"uuid": OTHER_BOOK, "note": "n", "pages": [{"number": 12, "remark": "r"}]},
    )

    assert exported(stores) == [
        {
            "kind": "book",
            "modern_id": BOOK,
            "owner_id": BOOK,
            "legacy_id": OTHER_BOOK,
            "values": {"note": "n"},
        },
        {
            "kind": "page",
            "modern_id": PAGE,
            "owner_id": BOOK,
            "legacy_id": 12,
            "values": {"remark": "r"},
        },
    ]


async def test_a_line_may_say_the_modern_id_of_its_record(stores: Stores) -> None:
    done = await import_records(stores, {"modern_id": BOOK, "uuid": OTHER_BOOK, "note": "n"})

    assert done.pairs == 1
    (line,) = exported(stores, record=OTHER_BOOK)
    assert (line["legacy_id"], line["modern_id"]) == (OTHER_BOOK, BOOK)
    assert exported(stores, record=BOOK) == [line]
    assert exported(stores, record=PAGE) == []


async def test_what_is_here_already_is_newer_than_a_dump_and_stays(stores: Stores) -> None:
    await stores().keep([Aside(("book", BOOK), BOOK, {"note": "newer"})])

    filled = await import_records(stores, {"uuid": BOOK, "note": "older", "shelf": "B"})
    again = await import_records(stores, {"uuid": BOOK, "note": "older", "shelf": "C"})

    assert (filled.filled, again.filled) == (1, 0)
    assert exported(stores)[0]["values"] == {"note": "newer", "shelf": "B"}


async def test_values_that_are_too_old_to_be_shown_are_not_here(stores: Stores) -> None:
    await stores().keep([Aside(("book", BOOK), BOOK, {"note": "too old", "shelf": "A"})])
    stores.clock.let_pass(days=31)
    assert exported(stores, set_aside_days=30) == []

    await import_records(stores, {"uuid": BOOK, "note": "of the dump"}, set_aside_days=30)

    (line,) = exported(stores, set_aside_days=30)
    assert line["values"] == {"note": "of the dump"}


async def test_every_problem_of_a_dump_is_told_by_line_and_place_without_a_value(
    stores: Stores,
) -> None:
    lines: list[Any] = [
        {"uuid": BOOK, "note": "well"},
        {"uuid": "secret", "note": 17, "shelf": "secret", "pages": "secret"},
        {"uuid": OTHER_BOOK, "pages": ["secret", {"number": 12, "remark": "secret"}]},
        {"note": "secret"},
        '"secret"',
        "{broken",
        {"uuid": BOOK, "note": "again"},
    ]

    with pytest.raises(ImportRefusedError) as told:
        await import_records(stores, *lines)

    unknown = (
        "its modern id is not known: say it as modern_id, or import it before (passerelle "
        "crosswalk import)"
    )
    assert sorted(refusal(told)) == [
        f"line 2: /note: {'not_a_text'}",
        "line 2: /pages: not_a_list",
        "line 2: /shelf: not_upper",
        f"line 2: /uuid: {ID_WANTED}",
        "line 3: /pages/0: not_an_object",
        f"line 3: /pages/1: {unknown}",
        f"line 4: (the whole document): {unknown}",
        "line 5: expected one JSON object",
        "line 6: not strict JSON",
        "line 7: a record that line 1 has already",
    ]
    assert "secret" not in str(told.value)
    assert exported(stores) == []


async def test_a_dump_that_contradicts_the_crosswalk_is_refused_whole(stores: Stores) -> None:
    await import_pairs(stores, HEADER, f"book,{OTHER_BOOK},{PAGE}")

    with pytest.raises(ImportRefusedError) as told:
        await import_records(stores, {"modern_id": BOOK, "uuid": OTHER_BOOK, "note": "n"})

    assert refusal(told) == ["line 1: contradicts the store: one of its ids has another pair"]
    assert exported(stores) == []


async def test_ids_that_are_the_same_on_both_sides_take_no_other(stores: Stores) -> None:
    mapping = book_mapping(kind=None)

    done = await import_records(stores, {"uuid": BOOK, "note": "n"}, mapping=mapping)
    with pytest.raises(ImportRefusedError) as told:
        await import_records(
            stores, {"modern_id": BOOK, "uuid": OTHER_BOOK, "note": "n"}, mapping=mapping
        )

    assert (done.filled, done.pairs) == (1, 0)
    assert refusal(told) == [
        "line 1: (the whole document): its id is the same on both sides, modern_id is not"
    ]


async def test_a_long_dump_is_read_and_written_in_parts(stores: Stores) -> None:
    lines = [json.dumps({"uuid": f"{BOOK[:-4]}{n:04}", "note": str(n)}) for n in range(1, 1102)]
    seen: list[Any] = []

    done = await records.import_records(
        stores.settings(),
        io.BytesIO("\n".join(lines).encode()),
        book_mapping(),
        uuid_kinds={"book"},
        keeps=lambda name: True,
        now=stores.clock().timestamp(),
        progress=lambda *told: seen.append(told),
    )

    assert done.filled == 1101
    assert seen[0] == ("reading", 100, None)
    assert seen[-2:] == [("writing", 1000, 1101), ("writing", 1101, 1101)]
    assert [line["values"]["note"] for line in exported(stores)] == [str(n) for n in range(1, 1102)]


async def test_fields_that_this_gateway_does_not_keep_are_passed_over(stores: Stores) -> None:
    done = await records.import_records(
        stores.settings(),
        io.BytesIO(json.dumps({"uuid": BOOK, "note": "n"}).encode()),
        book_mapping(),
        uuid_kinds={"book"},
        keeps=lambda name: False,
        now=0,
    )

    assert (done.lines, done.records) == (1, 0)


async def test_without_a_key_no_dump_is_taken(stores: Stores) -> None:
    with pytest.raises(ConfigurationError) as told:
        await import_records(stores, keys=None)

    assert str(told.value) == (
        "PASSERELLE_KEYS_FILE: no key is configured; `passerelle store new-key` makes one"
    )


async def test_nothing_of_a_dump_lies_in_the_store_in_the_clear(stores: Stores) -> None:
    await import_records(stores, {"uuid": BOOK, "note": "a note that nobody reads"})

    rows = stores.run("SELECT * FROM set_aside")
    assert len(rows) == 1
    assert "nobody reads" not in repr(rows)


def test_an_export_of_what_is_not_there_makes_no_file(tmp_path: Any) -> None:
    settings = Settings(upstream_url=UPSTREAM, data_dir=tmp_path / "none")

    with pytest.raises(ConfigurationError) as told:
        list(transfer.export_pairs(settings))

    assert str(told.value) == (
        f"PASSERELLE_DATA_DIR: there is no {tmp_path / 'none' / 'passerelle.db'}"
    )
    assert list(tmp_path.iterdir()) == []
