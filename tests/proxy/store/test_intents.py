"""Creations: the same one soon again is the same record."""

from __future__ import annotations

import asyncio
from uuid import RFC_4122, UUID

import pytest

from proxy.store.intents import Intent, fingerprint
from proxy.store.store import Aside, Key, unremembered
from tests.proxy.store.conftest import Clock, Stores

PARTS = (b"credential", b"/path", b"{}")
RECORD: Key = ("record", "r-1")


async def test_a_creation_begins_with_an_id_of_its_own(stores: Stores) -> None:
    intent = await stores().begin(*PARTS)

    assert intent.fresh
    assert intent.modern_id is None
    assert str(UUID(intent.id)) == intent.id


async def test_the_same_creation_is_found_again_by_every_store(stores: Stores) -> None:
    store = stores()
    first = await store.begin(*PARTS)

    assert await store.begin(*PARTS) == Intent(first.id, first.fingerprint, None, fresh=False)
    assert await stores().begin(*PARTS) == Intent(first.id, first.fingerprint, None, fresh=False)


@pytest.mark.parametrize(
    "parts", [(b"credential", b"/path", b"{ }"), (b"credential/path", b"", b"{}"), (*PARTS, b"")]
)
async def test_other_parts_are_another_creation(stores: Stores, parts: tuple[bytes, ...]) -> None:
    store = stores()
    first = await store.begin(*PARTS)

    other = await store.begin(*parts)

    assert other.fresh
    assert other.id != first.id


async def test_only_one_of_many_at_once_is_fresh(stores: Stores) -> None:
    one, two = stores(), stores()

    begun = await asyncio.gather(*(store.begin(*PARTS) for _ in range(8) for store in (one, two)))

    assert len({intent.id for intent in begun}) == 1
    assert [intent.fresh for intent in begun].count(True) == 1


async def test_a_creation_that_is_done_says_which_record_it_made(stores: Stores) -> None:
    store = stores()
    intent = await store.begin(*PARTS)

    await store.keep([Aside(RECORD, "r-1", {"note": "x"})], intent=intent, made="r-1")

    assert await store.begin(*PARTS) == Intent(intent.id, intent.fingerprint, "r-1", fresh=False)


async def test_a_creation_is_marked_done_without_a_key_too(stores: Stores) -> None:
    store = stores(keys=None)
    intent = await store.begin(*PARTS)

    await store.keep([], intent=intent, made="r-1")

    assert await store.begin(*PARTS) == Intent(intent.id, intent.fingerprint, "r-1", fresh=False)


async def test_after_the_window_the_same_creation_makes_another_record(
    stores: Stores, clock: Clock
) -> None:
    store = stores(intent_minutes=10)
    first = await store.begin(*PARTS)
    clock.let_pass(minutes=9.9)
    within = await store.begin(*PARTS)
    clock.let_pass(minutes=0.1)

    after = await store.begin(*PARTS)

    assert within.id == first.id
    assert after.fresh
    assert after.id != first.id


async def test_a_creation_that_was_replaced_does_not_mark_the_new_one(
    stores: Stores, clock: Clock
) -> None:
    store = stores()
    old = await store.begin(*PARTS)
    clock.let_pass(minutes=10)
    new = await store.begin(*PARTS)

    await store.keep([], intent=old, made="r-1")

    assert await store.begin(*PARTS) == Intent(new.id, new.fingerprint, None, fresh=False)


async def test_without_a_window_every_creation_is_fresh(stores: Stores) -> None:
    store = stores(intent_minutes=0)

    first, second = await store.begin(*PARTS), await store.begin(*PARTS)

    assert first.fresh
    assert second.fresh
    assert first.id != second.id


def test_an_id_of_which_nothing_is_kept_is_a_random_uuid() -> None:
    drawn = [unremembered().id for _ in range(200)]

    ids = {UUID(it) for it in drawn}

    assert [str(UUID(it)) for it in drawn] == drawn
    assert {(it.version, it.variant) for it in ids} == {(4, RFC_4122)}
    assert len(ids) == 200


async def test_a_creation_that_did_not_happen_begins_anew(stores: Stores) -> None:
    store = stores()
    first = await store.begin(*PARTS)

    await store.abandon(first.id)

    again = await store.begin(*PARTS)
    assert again.fresh
    assert again.id != first.id


async def test_a_creation_that_was_given_up_meanwhile_is_done_all_the_same(stores: Stores) -> None:
    store = stores()
    mine, other = await store.begin(*PARTS), await store.begin(*PARTS)
    await store.abandon(other.id)

    await store.keep([], intent=mine, made="r-1")

    again = await store.begin(*PARTS)
    assert (again.id, again.modern_id, again.fresh) == (mine.id, "r-1", False)


async def test_a_creation_that_is_done_cannot_be_abandoned(stores: Stores) -> None:
    store = stores()
    intent = await store.begin(*PARTS)
    await store.keep([], intent=intent, made="r-1")

    await store.abandon(intent.id)

    assert await store.begin(*PARTS) == Intent(intent.id, intent.fingerprint, "r-1", fresh=False)


async def test_erasing_a_record_forgets_the_creation_that_made_it(stores: Stores) -> None:
    store = stores()
    intent = await store.begin(*PARTS)
    await store.keep([], intent=intent, made="r-1")

    await store.erase(RECORD)

    assert (await store.begin(*PARTS)).fresh


async def test_a_creation_whose_record_is_gone_is_forgotten_alone(stores: Stores) -> None:
    store = stores()
    intent = await store.begin(*PARTS)
    await store.keep([], intent=intent, made="r-1")

    await store.forget_creation("r-1")

    assert (await store.begin(*PARTS)).fresh


async def test_forgetting_what_no_creation_made_changes_nothing(stores: Stores) -> None:
    store = stores()
    await store.keep([], intent=await store.begin(*PARTS), made="r-1")

    await store.forget_creation("r-2")

    assert (await store.begin(*PARTS)).modern_id == "r-1"


async def test_old_creations_are_forgotten_within_the_hour(stores: Stores, clock: Clock) -> None:
    store = stores()
    await store.begin(*PARTS)
    clock.let_pass(hours=1)
    await store.begin(b"another")

    patient = stores(intent_minutes=1_000)
    assert (await patient.begin(*PARTS)).fresh


def test_a_fingerprint_says_nothing_without_the_secret() -> None:
    assert fingerprint(b"one", PARTS) == fingerprint(b"one", PARTS)
    assert fingerprint(b"one", PARTS) != fingerprint(b"other", PARTS)


async def test_without_a_window_nothing_is_written_for_a_creation(stores: Stores) -> None:
    store, patient = stores(intent_minutes=0), stores(intent_minutes=10)
    intent = await store.begin(*PARTS)

    await store.keep([], intent=intent, made="r-1")
    await store.abandon(intent.id)
    await store.forget_creation("r-1")

    assert str(UUID(intent.id)) == intent.id
    assert (await patient.begin(*PARTS)).fresh
