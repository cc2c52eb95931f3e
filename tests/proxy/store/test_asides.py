"""Values set aside: merged by field, erased for good, opened nowhere else."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from proxy.errors import StoreError
from proxy.settings.keys import new_key
from proxy.store.seal import SealError
from proxy.store.store import Aside, Key
from tests.proxy.store.conftest import Clock, Stores

RECORD: Key = ("record", "r-1")
ACT: Key = ("act", "a-1")


def of_record(**values: object) -> Aside:
    return Aside(RECORD, "r-1", values)


def of_act(**values: object) -> Aside:
    return Aside(ACT, "r-1", values)


async def test_values_come_back_as_they_were_kept(stores: Stores) -> None:
    store = stores()

    await store.keep([of_record(note="Ève", size=Decimal("1.10"), all=[1, {"b": False}])])

    assert store.keeps
    assert await stores().asides([RECORD, ACT]) == {
        RECORD: {"note": "Ève", "size": Decimal("1.10"), "all": [1, {"b": False}]}
    }


async def test_values_are_laid_over_those_that_are_kept(stores: Stores) -> None:
    store = stores()
    await store.keep([of_record(note="old", phone="1"), of_act(site="left")])

    await store.keep([of_act(), of_record(note="new", mail="x")])

    assert await store.asides([RECORD, ACT]) == {
        RECORD: {"note": "new", "phone": "1", "mail": "x"},
        ACT: {"site": "left"},
    }


async def test_null_erases_a_field_and_the_last_one_the_row(stores: Stores) -> None:
    store = stores()
    await store.keep([of_record(note="old", phone="1")])

    await store.keep([of_record(note=None)])
    first = await store.asides([RECORD])
    await store.keep([of_record(phone=None, mail=None)])

    assert first == {RECORD: {"phone": "1"}}
    assert await store.asides([RECORD]) == {}


async def test_nothing_to_keep_leaves_no_row(stores: Stores) -> None:
    store = stores()

    await store.keep([of_record(note=None)])

    assert await store.asides([RECORD]) == {}


async def test_the_same_record_twice_is_merged_in_order(stores: Stores) -> None:
    store = stores()

    await store.keep([of_record(note="first", mail="x"), of_record(note="second")])

    assert await store.asides([RECORD]) == {RECORD: {"note": "second", "mail": "x"}}


async def test_fields_written_at_once_by_two_stores_are_all_kept(stores: Stores) -> None:
    one, two = stores(), stores()

    await asyncio.gather(
        *(
            store.keep([of_record(**{f"{name}{number}": number}), of_act(**{f"{name}{number}": 1})])
            for number in range(8)
            for name, store in (("one", one), ("two", two))
        )
    )

    kept = await one.asides([RECORD, ACT])
    assert len(kept[RECORD]) == len(kept[ACT]) == 16


async def test_erasing_a_record_erases_what_it_owns_and_nothing_else(stores: Stores) -> None:
    store = stores()
    other = Aside(("record", "r-2"), "r-2", {"note": "stays"})
    await store.keep([of_record(note="x"), of_act(site="left"), other])

    await store.erase(RECORD)

    assert await store.asides([RECORD, ACT, other.key]) == {other.key: {"note": "stays"}}


async def test_erasing_an_owned_record_leaves_its_owner(stores: Stores) -> None:
    store = stores()
    await store.keep([of_record(note="x"), of_act(site="left")])

    await store.erase(ACT)

    assert await store.asides([RECORD, ACT]) == {RECORD: {"note": "x"}}


async def test_a_row_put_in_the_place_of_another_does_not_open(stores: Stores) -> None:
    store = stores()
    await store.keep([of_act(site="left")])

    stores.run("UPDATE set_aside SET kind = 'record', modern_id = 'r-1'")

    with pytest.raises(SealError):
        await store.asides([RECORD])
    with pytest.raises(SealError):
        await store.keep([of_record(note="x")])
    assert await store.asides([ACT]) == {}


async def test_a_row_under_a_key_that_is_gone_is_not_shown_as_empty(stores: Stores) -> None:
    await stores().keep([of_record(note="x")])
    rekeyed = stores(keys=new_key())

    with pytest.raises(SealError):
        await rekeyed.asides([RECORD])
    with pytest.raises(SealError):
        await rekeyed.keep([of_record(note=None)])
    assert await stores().asides([RECORD]) == {RECORD: {"note": "x"}}


async def test_a_new_first_key_seals_what_is_written_from_now_on(stores: Stores) -> None:
    new = new_key()
    await stores().keep([of_record(note="x"), of_act(site="left")])

    await stores(keys=f"{new},{stores.key}").keep([of_record(phone="1")])

    only_new = stores(keys=new)
    assert await only_new.asides([RECORD]) == {RECORD: {"note": "x", "phone": "1"}}
    with pytest.raises(SealError):
        await only_new.asides([ACT])


async def test_without_a_key_nothing_is_kept_and_nothing_shown(stores: Stores) -> None:
    await stores().keep([of_record(note="x")])
    keyless = stores(keys=None)

    assert not keyless.keeps
    assert await keyless.asides([RECORD]) == {}
    with pytest.raises(StoreError, match=r"^no key is configured$"):
        await keyless.keep([of_record(note="y")])
    await keyless.keep([])


async def test_values_expire_so_many_days_after_the_last_write(
    stores: Stores, clock: Clock
) -> None:
    store = stores(set_aside_days=30)
    await store.keep([of_record(note="x"), of_act(site="left")])
    clock.let_pass(days=29)
    await store.keep([of_record(phone="1")])
    clock.let_pass(days=1)

    assert await store.asides([RECORD, ACT]) == {RECORD: {"note": "x", "phone": "1"}}


async def test_what_expired_does_not_come_back_with_the_next_write(
    stores: Stores, clock: Clock
) -> None:
    unswept = stores(set_aside_days=30)
    await unswept.keep([of_record(note="x")])
    clock.let_pass(minutes=1)
    await unswept.keep([of_act(site="left")])
    clock.let_pass(days=30, minutes=-1)
    swept = stores(set_aside_days=30)
    await swept.keep([])

    await swept.keep([of_record(phone="1")])

    assert await swept.asides([RECORD]) == {RECORD: {"phone": "1"}}


async def test_what_expired_is_erased_within_the_hour(stores: Stores, clock: Clock) -> None:
    store = stores(set_aside_days=30)
    await store.keep([of_record(note="x")])
    clock.let_pass(days=30)
    await store.keep([of_act(site="left")])

    assert set(await stores().asides([RECORD, ACT])) == {ACT}


async def test_values_stay_where_no_time_is_set(stores: Stores, clock: Clock) -> None:
    store = stores()
    await store.keep([of_record(note="x")])
    clock.let_pass(days=10_000)
    await store.keep([of_act(site="left")])

    assert set(await store.asides([RECORD, ACT])) == {RECORD, ACT}
