"""Tokens of the gateway's own: 64 hexadecimal digits that stay good for their 7,200 seconds."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import re
from typing import Any

import httpx
import pytest

from proxy.credentials import Caller, Credentials
from proxy.errors import (
    StoreError,
    UnauthorizedError,
    UpstreamStatusError,
    UpstreamUnreachableError,
)
from tests.proxy.credentials.conftest import (
    APPLICATIONS,
    HOSPITAL,
    PHARMACY,
    Clock,
    Maker,
    TokenServer,
    key_of,
    opened,
    request,
    settled,
    signed_in,
)

NEAR_ITS_END = 240
AFTER_ITS_END = 300
WITHOUT_HOSPITAL = APPLICATIONS[APPLICATIONS.index("[applications.pharmacy") :]


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def caller_of(credentials: Credentials, tokens: dict[str, Any]) -> Caller:
    return await credentials.caller(request(f"Bearer {tokens['access_token']}"))


async def shown(credentials: Credentials, tokens: dict[str, Any]) -> str | None:
    """What the new API is shown for these legacy tokens."""
    return (await caller_of(credentials, tokens)).authorization


async def refreshed(
    credentials: Credentials, tokens: dict[str, Any], uid: str = HOSPITAL
) -> dict[str, Any]:
    """The answer to a legacy refresh."""
    answer = await signed_in(
        credentials,
        key_of(uid),
        grant_type="refresh_token",
        refresh_token=tokens["refresh_token"],
    )
    document: dict[str, Any] = json.loads(bytes(answer.body))
    return document


async def test_tokens_look_as_the_old_apis_did(make: Maker) -> None:
    credentials = make.opaque()

    tokens, others = await opened(credentials), await opened(credentials)

    assert list(tokens) == ["access_token", "refresh_token", "token_type", "expires_in"]
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 7200)
    given = [it[name] for it in (tokens, others) for name in ("access_token", "refresh_token")]
    assert all(re.fullmatch("[0-9a-f]{64}", token) for token in given)
    assert len(set(given)) == 4


async def test_the_new_api_is_shown_its_own_token(make: Maker, server: TokenServer) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)

    caller = await caller_of(credentials, tokens)
    in_query = await credentials.caller(request(query=f"access_token={tokens['access_token']}"))

    assert caller.authorization == in_query.authorization == "Bearer access-1"
    assert caller.identity == in_query.identity == f"Bearer {tokens['access_token']}"
    await credentials.check(request(f"Bearer {tokens['access_token']}"))
    assert len(server.asked) == 1


async def test_only_digests_and_sealed_tokens_are_stored(make: Maker) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    await refreshed(credentials, tokens)

    first = make.store.kept[0]
    stored = b"".join(path.read_bytes() for path in (make.folder / "state").iterdir())

    assert (first.access, first.refresh) == (
        digest(tokens["access_token"]),
        digest(tokens["refresh_token"]),
    )
    for secret in (tokens["access_token"], tokens["refresh_token"], "access-", "refresh-"):
        assert secret.encode() not in stored
    assert "hospital" not in json.dumps({**first.tokens, "application": ""})


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "0" * 64, "0" * 63, "access-1"])
async def test_an_unknown_token_is_nobodys(make: Maker, token: str) -> None:
    credentials = make.opaque()
    await opened(credentials)

    with pytest.raises(UnauthorizedError):
        await credentials.caller(request(f"Bearer {token}"))
    with pytest.raises(UnauthorizedError):
        await credentials.check(request(f"Bearer {token}"))


async def test_a_refresh_token_is_no_access_token(make: Maker) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)

    with pytest.raises(UnauthorizedError):
        await shown(credentials, {"access_token": tokens["refresh_token"]})


async def test_a_token_stays_good_for_its_7200_seconds_and_no_longer(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)

    seen = []
    for _ in range(71):
        clock.let_pass(100)
        seen.append(await shown(credentials, tokens))
    clock.let_pass(99)
    await shown(credentials, tokens)
    clock.let_pass(1)

    with pytest.raises(UnauthorizedError):
        await shown(credentials, tokens)
    assert len(set(seen)) == 24
    assert server.grant_types == ["password", *["refresh_token"] * 24]


async def test_each_renewal_uses_the_refresh_token_of_the_one_before(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)

    for number in (2, 3, 4):
        clock.let_pass(AFTER_ITS_END)
        assert await shown(credentials, tokens) == f"Bearer access-{number}"

    used = [asked.get("refresh_token") for asked in server.asked]
    assert used == [None, "refresh-1", "refresh-2", "refresh-3"]
    assert {asked["client"] for asked in server.asked} == {"hospital-client"}


async def test_a_refresh_token_that_does_not_rotate_is_used_again(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    server.rotates = False
    credentials = make.opaque()
    tokens = await opened(credentials)

    for _ in range(2):
        clock.let_pass(NEAR_ITS_END)
        await shown(credentials, tokens)

    used = [asked.get("refresh_token") for asked in server.asked]
    assert used == [None, "refresh-1", "refresh-1"]


async def test_many_requests_at_once_make_one_renewal(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    """Trap 18."""
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(NEAR_ITS_END)

    seen = await asyncio.gather(*(shown(credentials, tokens) for _ in range(50)))

    assert set(seen) == {"Bearer access-2"}
    assert len(server.asked) == 2


async def test_sessions_are_renewed_each_by_its_own(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.opaque()
    both = [await opened(credentials, uid) for uid in (HOSPITAL, PHARMACY)]
    clock.let_pass(NEAR_ITS_END)

    seen = await asyncio.gather(*(shown(credentials, tokens) for tokens in both * 5))

    assert len(server.asked) == 4
    for tokens, uid in zip(both, ("hospital", "pharmacy"), strict=True):
        number = int(str(await shown(credentials, tokens)).rpartition("-")[2])
        assert server.asked[number - 1]["client"] == f"{uid}-client"
    assert len(set(seen)) == 2


async def test_the_new_pair_is_stored_before_it_is_used(
    make: Maker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(NEAR_ITS_END)

    async def full(session: object) -> None:
        raise StoreError

    with monkeypatch.context() as patching:
        patching.setattr(make.store, "keep_session", full)
        with pytest.raises(StoreError):
            await shown(credentials, tokens)


async def test_a_client_that_gives_up_does_not_lose_the_rotated_token(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(NEAR_ITS_END)
    server.held = asyncio.Event()
    gone = asyncio.create_task(shown(credentials, tokens))
    await server.reached.wait()

    gone.cancel()
    await settled()
    server.held.set()
    await credentials.close()

    assert make.store.kept[-1].tokens["refresh"] == "refresh-2"


async def test_a_renewal_that_fails_is_tried_again_while_the_old_token_serves(
    make: Maker, server: TokenServer, clock: Clock, every_line: io.StringIO
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(NEAR_ITS_END)
    server.failure = httpx.ConnectError("x")

    for _ in range(3):
        assert await shown(credentials, tokens) == "Bearer access-1"
    tried = len(server.asked)
    clock.let_pass(AFTER_ITS_END - NEAR_ITS_END)
    with pytest.raises(UpstreamUnreachableError):
        await shown(credentials, tokens)
    server.failure = None

    assert tried == 2
    assert '"event": "token not renewed"' in every_line.getvalue()
    assert await shown(credentials, tokens) == "Bearer access-4"


async def test_a_session_that_the_new_api_has_ended_is_nobodys_and_not_asked_for_again(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(NEAR_ITS_END)
    server.good.clear()

    for _ in range(3):
        with pytest.raises(UnauthorizedError):
            await shown(credentials, tokens)

    assert len(server.asked) == 2


async def test_another_replica_that_was_faster_is_believed(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    one, other = make.opaque(), make.opaque()
    tokens = await opened(one)
    clock.let_pass(NEAR_ITS_END)
    server.meanwhile = lambda: shown(other, tokens)

    seen = await shown(one, tokens)

    assert seen == await shown(other, tokens) == "Bearer access-3"
    assert [asked.get("refresh_token") for asked in server.asked[1:]] == ["refresh-1"] * 2


async def test_what_another_replica_renewed_while_one_waited_is_not_renewed_again(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    other, one = make.opaque(), make.opaque()
    tokens = await opened(one)
    clock.let_pass(NEAR_ITS_END)
    using: list[asyncio.Task[str | None]] = []

    async def meanwhile() -> None:
        make.store.lookups = asyncio.Queue()
        using.append(asyncio.create_task(shown(one, tokens)))
        await make.store.looked_into()
        await shown(other, tokens)
        server.failure = httpx.ConnectError("x")

    server.meanwhile = meanwhile
    with pytest.raises(UpstreamUnreachableError):
        await refreshed(one, tokens)

    assert await using[0] == "Bearer access-3"
    assert len(server.asked) == 3


async def test_a_token_that_the_new_api_refuses_is_renewed_once(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    callers = [await caller_of(credentials, tokens) for _ in range(5)]

    at_once = await asyncio.gather(*(credentials.again(caller) for caller in callers[:4]))
    late = await credentials.again(callers[4])

    fresh = [it for it in (*at_once, late) if it is not None]
    assert [it.authorization for it in fresh] == ["Bearer access-2"] * 5
    assert {it.identity for it in fresh} == {callers[0].identity}
    assert await credentials.again(fresh[0]) is None
    assert len(server.asked) == 2


async def test_a_token_that_cannot_be_renewed_is_refused_for_good(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.opaque()
    caller = await caller_of(credentials, await opened(credentials))
    server.good.clear()

    assert await credentials.again(caller) is None


async def test_without_a_refresh_token_a_session_ends_with_what_is_behind_it(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    server.refreshes = False
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(AFTER_ITS_END - 1)

    caller = await caller_of(credentials, tokens)

    assert tokens["expires_in"] == 300
    assert caller.authorization == "Bearer access-1"
    assert await credentials.again(caller) is None
    assert (await refreshed(credentials, tokens))["error"] == "invalid_grant"
    clock.let_pass(1)
    with pytest.raises(UnauthorizedError):
        await shown(credentials, tokens)
    assert len(server.asked) == 1


async def test_a_legacy_refresh_gives_a_new_pair_and_ends_the_old_one(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.opaque()
    old = await opened(credentials)

    new = await refreshed(credentials, old)

    assert list(new) == ["access_token", "refresh_token", "token_type", "expires_in"]
    assert new["expires_in"] == 7200
    assert not set(new.values()) & {old["access_token"], old["refresh_token"]}
    assert await shown(credentials, new) == "Bearer access-2"
    assert (await refreshed(credentials, old))["error"] == "invalid_grant"
    with pytest.raises(UnauthorizedError):
        await shown(credentials, old)
    assert len(server.asked) == 2


async def test_a_legacy_refresh_token_outlives_its_access_token(make: Maker, clock: Clock) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(7200)

    assert await shown(credentials, await refreshed(credentials, tokens)) == "Bearer access-2"


async def test_the_same_refresh_at_once_gives_the_same_pair(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.opaque()
    old = await opened(credentials)
    server.held = asyncio.Event()
    waiting = [asyncio.create_task(refreshed(credentials, old)) for _ in range(5)]
    await server.reached.wait()
    await make.store.looked_into(6)
    server.held.set()

    pairs = await asyncio.gather(*waiting)

    assert len({pair.get("access_token") for pair in pairs}) == 1
    assert await shown(credentials, pairs[0]) == "Bearer access-2"
    assert len(server.asked) == 2


async def test_a_refresh_is_shared_only_by_those_who_showed_the_same_secret(
    make: Maker, server: TokenServer
) -> None:
    """Trap 19: where the new API alone knows the secrets, it is asked about each of them."""
    credentials = make(tokens="opaque")
    old = await opened(credentials)
    wrong = "Basic " + base64.b64encode(f"{HOSPITAL}:no".encode()).decode()
    server.held = asyncio.Event()
    again = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
    waiting = [
        asyncio.create_task(signed_in(credentials, key, **again))
        for key in (key_of(HOSPITAL), wrong)
    ]
    await server.reached.wait()
    await make.store.looked_into(3)
    server.held.set()

    answers = await asyncio.gather(*waiting)

    assert sorted(answer.status_code for answer in answers) == [200, 401]


async def test_a_refresh_token_is_its_own_applications_alone(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials, HOSPITAL)

    stolen = await refreshed(credentials, tokens, PHARMACY)
    unknown = await refreshed(credentials, {"refresh_token": "0" * 64})

    assert stolen == unknown
    assert stolen["error"] == "invalid_grant"
    assert len(server.asked) == 1
    assert await shown(credentials, tokens) == "Bearer access-1"


async def test_a_refresh_that_the_new_api_refuses_is_refused(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    server.good.clear()

    assert (await refreshed(credentials, tokens))["error"] == "invalid_grant"


async def test_a_refresh_for_which_the_new_api_has_no_answer_may_be_tried_again(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    server.refuse(500)

    with pytest.raises(UpstreamStatusError):
        await refreshed(credentials, tokens)
    server.refusal = None

    assert await shown(credentials, await refreshed(credentials, tokens)) == "Bearer access-3"


async def test_a_renewal_and_a_refresh_wait_for_each_other(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(NEAR_ITS_END)
    refreshing: list[asyncio.Task[dict[str, Any]]] = []

    async def meanwhile() -> None:
        make.store.lookups = asyncio.Queue()
        refreshing.append(asyncio.create_task(refreshed(credentials, tokens)))
        await make.store.looked_into()

    server.meanwhile = meanwhile
    renewed = await shown(credentials, tokens)
    pair = await refreshing[0]

    assert renewed == "Bearer access-2"
    assert await shown(credentials, pair) == "Bearer access-3"
    assert [asked.get("refresh_token") for asked in server.asked[1:]] == ["refresh-1", "refresh-2"]


async def test_a_session_that_was_ended_in_the_meantime_is_not_renewed(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(NEAR_ITS_END)
    using: list[asyncio.Task[str | None]] = []

    async def meanwhile() -> None:
        make.store.lookups = asyncio.Queue()
        using.append(asyncio.create_task(shown(credentials, tokens)))
        await make.store.looked_into()

    server.meanwhile = meanwhile
    pair = await refreshed(credentials, tokens)

    with pytest.raises(UnauthorizedError):
        await using[0]
    assert await shown(credentials, pair) == "Bearer access-2"


async def test_a_session_that_another_replica_ended_is_not_refreshed(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.opaque()
    tokens = await opened(credentials)
    clock.let_pass(NEAR_ITS_END)
    refreshing: list[asyncio.Task[dict[str, Any]]] = []

    async def meanwhile() -> None:
        make.store.lookups = asyncio.Queue()
        refreshing.append(asyncio.create_task(refreshed(credentials, tokens)))
        await make.store.looked_into()
        await make.store.end_session(digest(tokens["access_token"]))
        server.failure = httpx.ConnectError("x")

    server.meanwhile = meanwhile
    await shown(credentials, tokens)

    assert (await refreshing[0])["error"] == "invalid_grant"
    assert len(server.asked) == 2


async def test_a_session_of_an_application_that_is_gone_is_nobodys(make: Maker) -> None:
    tokens = await opened(make.opaque())

    with pytest.raises(UnauthorizedError):
        await shown(make.opaque(applications=WITHOUT_HOSPITAL), tokens)


async def test_a_session_needs_its_applications_certificate_too(make: Maker) -> None:
    tokens = await opened(make.opaque(), PHARMACY)
    credentials = make.opaque(
        applications=APPLICATIONS + '\ncertificate = "CN=pharmacy"\n',
        certificate_header="X-Subject",
        trusted_peers="192.0.2.7",
    )
    authorization = f"Bearer {tokens['access_token']}"

    caller = await credentials.caller(request(authorization, x_subject="CN=pharmacy"))

    assert caller.authorization == "Bearer access-1"
    with pytest.raises(UnauthorizedError):
        await credentials.caller(request(authorization))


async def test_an_application_that_only_the_new_api_knows_has_its_key_kept_sealed(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make(tokens="opaque")
    tokens = await opened(credentials)
    clock.let_pass(NEAR_ITS_END)

    assert await shown(credentials, tokens) == "Bearer access-2"
    assert {(asked["client"], asked["secret"]) for asked in server.asked} == {
        (HOSPITAL, "hospital-legacy-secret")
    }
    assert (await credentials.caller(request("Basic x"))).authorization == "Basic x"
    await credentials.check(request())
