"""Sessions: found by either token, and by neither once it has ended."""

from __future__ import annotations

import pytest

from proxy.errors import StoreError
from proxy.store.seal import SealError
from proxy.store.store import Session
from tests.proxy.store.conftest import Clock, Stores

ACCESS, REFRESH = "a" * 64, "b" * 64
TOKENS = {"access_token": "of the new API", "expires_in": 300}


def session(clock: Clock, *, access: str = ACCESS, refresh: str = REFRESH) -> Session:
    return Session(access, refresh, TOKENS, clock().timestamp() + 7200)


async def test_a_session_is_found_by_either_token(stores: Stores, clock: Clock) -> None:
    kept = session(clock)
    await stores().keep_session(kept)

    assert await stores().session(access=ACCESS) == kept
    assert await stores().session(refresh=REFRESH) == kept
    assert await stores().session(access=REFRESH) is None
    assert await stores().session(refresh=ACCESS) is None


async def test_no_token_finds_no_session(stores: Stores, clock: Clock) -> None:
    store = stores()
    await store.keep_session(session(clock))

    assert await store.session() is None


async def test_an_access_token_ends_and_a_refresh_token_does_not(
    stores: Stores, clock: Clock
) -> None:
    store = stores()
    kept = session(clock)
    await store.keep_session(kept)
    clock.let_pass(seconds=7200)

    assert await store.session(access=ACCESS) is None
    assert await store.session(refresh=REFRESH) == kept


async def test_a_session_takes_the_place_of_the_one_with_its_access_token(
    stores: Stores, clock: Clock
) -> None:
    store = stores()
    await store.keep_session(session(clock))

    await store.keep_session(session(clock, refresh="c" * 64))

    assert await store.session(refresh=REFRESH) is None
    assert await store.session(access=ACCESS) == session(clock, refresh="c" * 64)


async def test_a_session_that_was_ended_is_gone(stores: Stores, clock: Clock) -> None:
    store = stores()
    await store.keep_session(session(clock))

    await store.end_session(ACCESS)

    assert await store.session(access=ACCESS) is None
    assert await store.session(refresh=REFRESH) is None


async def test_sessions_are_forgotten_long_after_they_ended(stores: Stores, clock: Clock) -> None:
    store = stores()
    await store.keep_session(session(clock))
    clock.let_pass(days=91)
    await store.begin(b"any write")

    assert await store.session(refresh=REFRESH) is None


async def test_the_tokens_of_one_session_do_not_open_in_another(
    stores: Stores, clock: Clock
) -> None:
    store = stores()
    await store.keep_session(session(clock))
    stores.run("UPDATE session SET access = ?", "d" * 64)

    with pytest.raises(SealError):
        await store.session(refresh=REFRESH)


async def test_two_sessions_never_share_a_refresh_token(stores: Stores, clock: Clock) -> None:
    store = stores()
    await store.keep_session(session(clock))

    with pytest.raises(StoreError) as raised:
        await store.keep_session(session(clock, access="d" * 64))

    assert REFRESH not in str(raised.value)


async def test_sessions_need_a_key(stores: Stores, clock: Clock) -> None:
    keyless = stores(keys=None)

    with pytest.raises(StoreError, match=r"^no key is configured$"):
        await keyless.keep_session(session(clock))
    with pytest.raises(StoreError, match=r"^no key is configured$"):
        await keyless.session(access=ACCESS)


def test_a_session_does_not_show_the_tokens_behind_it(clock: Clock) -> None:
    assert "of the new API" not in repr(session(clock))
