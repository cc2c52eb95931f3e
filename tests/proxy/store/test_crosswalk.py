"""Pairs of ids: one to one, given out once, agreed on by everybody."""

from __future__ import annotations

import asyncio

import pytest

from proxy.errors import StoreError
from proxy.store.crosswalk import LARGEST
from proxy.store.statements import BATCH
from proxy.store.store import Key, LegacyId, Store
from tests.proxy.store.conftest import Stores

KEYS: list[Key] = [("act", f"a-{number}") for number in range(50)]
UUID = "7f1c7f7e-3c1e-4a1e-8f0e-5d6f4f1f0a01"


def rows(stores: Stores) -> object:
    ((counted,),) = stores.run("SELECT count(*) FROM crosswalk")
    return counted


def start_at(stores: Stores, kind: str, number: int) -> None:
    stores.run("INSERT INTO sequence VALUES (?, ?)", kind, number)


def take(stores: Stores, kind: str, legacy_id: object, modern_id: str) -> None:
    stores.run("INSERT INTO crosswalk VALUES (?, ?, ?)", kind, str(legacy_id), modern_id)


async def test_every_record_gets_an_integer_of_its_own_for_good(stores: Stores) -> None:
    store = stores()

    given = await store.legacy_ids(KEYS)

    assert set(given) == set(KEYS)
    assert len(set(given.values())) == len(KEYS)
    assert await store.legacy_ids([*KEYS, *KEYS]) == given
    assert await stores().legacy_ids(KEYS) == given


async def test_integers_follow_each_other_in_the_order_of_asking(stores: Stores) -> None:
    start_at(stores, "act", 7)
    store = stores()

    first = await store.legacy_ids([("act", "z"), ("act", "a"), ("act", "z")])
    second = await store.legacy_ids([("act", "m"), ("act", "a")])

    assert first == {("act", "z"): 7, ("act", "a"): 8}
    assert second == {("act", "m"): 9, ("act", "a"): 8}


async def test_a_legacy_id_leads_back_to_its_record(stores: Stores) -> None:
    given = await stores().legacy_ids(KEYS)

    back = await stores().modern_ids([(kind, given[kind, id_]) for kind, id_ in KEYS])

    assert back == {(kind, given[kind, id_]): id_ for kind, id_ in KEYS}


async def test_kinds_do_not_meet(stores: Stores) -> None:
    start_at(stores, "act", 5)
    start_at(stores, "request", 5)
    store = stores()

    given = await store.legacy_ids([("request", "same"), ("act", "same")])

    assert given == {("act", "same"): 5, ("request", "same"): 5}
    assert await stores().modern_ids([("act", 5), ("request", 6)]) == {("act", 5): "same"}


async def test_an_integer_that_was_never_given_out_leads_nowhere(stores: Stores) -> None:
    store = stores()
    given = await store.legacy_ids(KEYS[:1])

    never: list[LegacyId] = [int(given[KEYS[0]]) + 1, 10**30, -1, UUID]
    assert await store.modern_ids([("act", legacy) for legacy in never]) == {}


async def test_asking_for_what_is_known_gives_nothing_out(stores: Stores) -> None:
    store = stores()
    given = await store.legacy_ids(KEYS[:1])

    assert await store.known_legacy_ids(KEYS) == given
    assert await stores().known_legacy_ids(KEYS) == given
    assert rows(stores) == 1


async def test_a_fresh_kind_begins_at_a_random_integer(stores: Stores) -> None:
    store = stores()

    given = await store.legacy_ids([(f"kind-{number}", "x") for number in range(10)])

    assert all(10**6 <= int(number) < 10**9 for number in given.values())
    assert len(set(given.values())) > 1


async def test_uuids_are_legacy_ids_too(stores: Stores) -> None:
    take(stores, "record", UUID, "r-1")
    store = stores()

    assert await store.legacy_ids([("record", "r-1")]) == {("record", "r-1"): UUID}
    assert await stores().modern_ids([("record", UUID)]) == {("record", UUID): "r-1"}


async def test_integers_that_are_taken_are_skipped(stores: Stores) -> None:
    start_at(stores, "act", 10)
    for number in (*range(10, 20), 22):
        take(stores, "act", number, f"imported-{number}")
    store = stores()

    given = await store.legacy_ids([("act", "x"), ("act", "y"), ("act", "z")])

    assert list(given.values()) == [20, 21, 23]
    assert await store.legacy_ids([("act", "w")]) == {("act", "w"): 24}


async def test_the_last_integer_is_given_out_and_none_after_it(stores: Stores) -> None:
    start_at(stores, "act", LARGEST)
    store = stores()

    assert await store.legacy_ids([("act", "last")]) == {("act", "last"): LARGEST}
    with pytest.raises(StoreError, match=r"^no integer is left for a kind of record$"):
        await store.legacy_ids([("act", "x")])
    assert await store.modern_ids([("act", LARGEST)]) == {("act", LARGEST): "last"}


async def test_where_some_cannot_be_given_an_integer_none_is(stores: Stores) -> None:
    start_at(stores, "act", LARGEST)
    store = stores()

    with pytest.raises(StoreError):
        await store.legacy_ids([("act", "x"), ("act", "y")])

    assert rows(stores) == 0
    assert await store.known_legacy_ids([("act", "x"), ("act", "y")]) == {}


async def test_more_than_one_statement_takes_is_asked_for_in_several(stores: Stores) -> None:
    many: list[Key] = [("act", f"a-{number}") for number in range(2 * BATCH + 1)]

    given = await stores().legacy_ids(many)

    assert len(set(given.values())) == len(many)
    assert await stores().known_legacy_ids(many) == given
    back = await stores().modern_ids([("act", legacy) for legacy in given.values()])
    assert len(back) == len(many)


async def test_tasks_of_two_stores_that_ask_at_once_agree(stores: Stores) -> None:
    one, two = stores(), stores()

    async def ask(store: Store, first: int) -> dict[Key, object]:
        found: dict[Key, object] = {}
        for at in range(len(KEYS)):
            key = KEYS[(at + first) % len(KEYS)]
            found |= await store.legacy_ids([key, ("other", key[1])])
        return found

    answers = await asyncio.gather(
        *(ask(store, first) for first in range(0, 48, 6) for store in (one, two))
    )

    assert all(answer == answers[0] for answer in answers)
    assert rows(stores) == 2 * len(KEYS)
    assert len({number for (kind, _), number in answers[0].items() if kind == "act"}) == len(KEYS)


async def test_what_is_remembered_is_what_the_database_holds(stores: Stores) -> None:
    store = stores()
    given = await store.legacy_ids(KEYS)
    stores.run("DELETE FROM crosswalk")

    assert await store.known_legacy_ids(KEYS) == given
    back = await store.modern_ids([(kind, given[kind, id_]) for kind, id_ in KEYS])
    assert list(back.values()) == [id_ for _, id_ in KEYS]
    assert await stores().known_legacy_ids(KEYS) == {}


async def test_what_is_in_memory_is_looked_up_without_waiting(stores: Stores) -> None:
    store = stores()

    given = await store.legacy_ids(KEYS)

    assert {key: store.known[key[0]][key[1]] for key in KEYS} == given
    with pytest.raises(KeyError):
        store.known["act"]["never asked for"]
    with pytest.raises(KeyError):
        store.known["never asked for"]["a-1"]
