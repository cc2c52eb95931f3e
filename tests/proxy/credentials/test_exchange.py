"""Keys of legacy applications, checked here and exchanged for tokens of the new API."""

from __future__ import annotations

import asyncio
import io
import threading
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from proxy.credentials import Caller, Credentials
from proxy.credentials.clients import CHECKS, SCRYPTS, WRONG_AT_MOST, WRONG_SECONDS
from proxy.credentials.hashes import SecretHash
from proxy.errors import (
    OverloadedError,
    ProxyError,
    UnauthorizedError,
    UpstreamContractError,
    UpstreamStatusError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from tests.proxy.credentials.conftest import (
    APPLICATIONS,
    CHEAP,
    HOSPITAL,
    PHARMACY,
    SECRETS,
    TOKEN_URL,
    Clock,
    Maker,
    TokenServer,
    basic,
    key_of,
    request,
    settled,
)

PROXY = "192.0.2.7"
CERTIFIED = APPLICATIONS + '\ncertificate = "CN=pharmacy"\n'


Cost = tuple[int, int, int]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[Cost]:
    """What every run of scrypt was given."""
    seen: list[Cost] = []

    def counted(*, salt: bytes, length: int, n: int, r: int, p: int) -> Scrypt:
        seen.append((n, r, p))
        return Scrypt(salt=salt, length=length, n=n, r=r, p=p)

    monkeypatch.setattr(SCRYPT, counted)
    return seen


SCRYPT = "cryptography.hazmat.primitives.kdf.scrypt.Scrypt"


class SlowScrypt:
    """Takes so long that as many as may run at one time do."""

    def __init__(self) -> None:
        self.most = self.now = 0
        self.threads: set[int] = set()
        self._lock = threading.Lock()
        self._together = threading.Barrier(SCRYPTS)

    def derive(self, secret: bytes) -> bytes:
        with self._lock:
            self.threads.add(threading.get_ident())
            self.now += 1
            self.most = max(self.most, self.now)
        self._together.wait(10)
        with self._lock:
            self.now -= 1
        return bytes(32)


async def caller_of(credentials: Credentials, uid: str = HOSPITAL) -> Caller:
    return await credentials.caller(request(key_of(uid)))


async def outcome(credentials: Credentials, *authorizations: str, **changes: str) -> str:
    """The error with which a request is refused, its text and its status, or the token."""
    try:
        caller = await credentials.caller(request(*authorizations, **changes))
    except ProxyError as error:
        return f"{error.status} {type(error).__name__} {error} {error.headers} {error.reason}"
    return str(caller.authorization)


async def test_operators_are_told_how_many_tokens_are_held(make: Maker) -> None:
    credentials = make.exchange()
    await caller_of(credentials)

    assert credentials.tokens is not None
    assert credentials.tokens.held == 1


async def test_a_key_is_exchanged_for_a_token_of_the_applications_own_client(
    make: Maker, server: TokenServer
) -> None:
    caller = await caller_of(make.exchange())

    assert caller.authorization == "Bearer access-1"
    assert caller.identity == key_of(HOSPITAL)
    assert server.urls == {TOKEN_URL}
    assert server.asked == [
        {
            "client": "hospital-client",
            "secret": "hospital-uid-modern-secret",
            "grant_type": "client_credentials",
        }
    ]


async def test_a_scope_is_asked_for_where_one_is_configured(
    make: Maker, server: TokenServer
) -> None:
    await caller_of(make.exchange(applications=APPLICATIONS + '\nscope = "a b"\n'), PHARMACY)

    assert server.asked[0]["scope"] == "a b"


async def test_a_stampede_makes_one_call_and_one_check(
    make: Maker, server: TokenServer, checks: list[Cost]
) -> None:
    """Trap 18."""
    credentials = make.exchange()
    checks.clear()

    callers = await asyncio.gather(*(caller_of(credentials) for _ in range(50)))

    assert {caller.authorization for caller in callers} == {"Bearer access-1"}
    assert len(server.asked) == 1
    assert checks == [CHEAP]


async def test_no_application_is_ever_given_the_token_of_another(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.exchange()
    of_client: dict[str, set[str]] = {}

    for _ in range(4):
        uids = [HOSPITAL, PHARMACY] * 10
        callers = await asyncio.gather(*(caller_of(credentials, uid) for uid in uids))
        for uid, caller in zip(uids, callers, strict=True):
            of_client.setdefault(uid, set()).add(str(caller.authorization))
        clock.let_pass(300)

    assert len(server.asked) == 8
    for uid, client in ((HOSPITAL, "hospital-client"), (PHARMACY, "pharmacy-client")):
        given = {
            f"Bearer access-{number}"
            for number, asked in enumerate(server.asked, start=1)
            if asked["client"] == client
        }
        assert of_client[uid] == given
        assert len(given) == 4


async def test_a_token_serves_until_it_is_near_its_end(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.exchange()
    await caller_of(credentials)
    clock.let_pass(239)

    assert (await caller_of(credentials)).authorization == "Bearer access-1"
    assert len(server.asked) == 1


async def test_a_token_is_renewed_early_while_the_old_one_serves(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.exchange()
    await caller_of(credentials)
    clock.let_pass(240)
    server.held = asyncio.Event()

    before = [await caller_of(credentials) for _ in range(3)]
    server.held.set()
    await settled()
    after = await caller_of(credentials)

    assert {caller.authorization for caller in before} == {"Bearer access-1"}
    assert after.authorization == "Bearer access-2"
    assert len(server.asked) == 2


async def test_an_early_renewal_that_fails_is_told_and_tried_again_after_a_pause(
    make: Maker, server: TokenServer, clock: Clock, every_line: io.StringIO
) -> None:
    credentials = make.exchange()
    await caller_of(credentials)
    clock.let_pass(240)
    server.failure = httpx.ConnectError("x")

    for _ in range(3):
        assert (await caller_of(credentials)).authorization == "Bearer access-1"
        await settled()
    tried = len(server.asked)
    clock.let_pass(5)
    server.failure = None
    await caller_of(credentials)
    await settled()

    assert tried == 2
    assert '"event": "token not renewed"' in every_line.getvalue()
    assert (await caller_of(credentials)).authorization == "Bearer access-3"


async def test_a_token_that_has_ended_serves_nobody(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    credentials = make.exchange()
    await caller_of(credentials)
    clock.let_pass(300)

    assert (await caller_of(credentials)).authorization == "Bearer access-2"
    server.failure = httpx.ConnectError("x")
    clock.let_pass(300)
    with pytest.raises(UpstreamUnreachableError):
        await caller_of(credentials)


async def test_a_token_that_does_not_say_how_long_it_is_good_is_soon_renewed(
    make: Maker, server: TokenServer, clock: Clock
) -> None:
    server.seconds = None
    credentials = make.exchange()
    await caller_of(credentials)
    clock.let_pass(60)

    assert (await caller_of(credentials)).authorization == "Bearer access-2"


async def test_a_token_that_the_new_api_refuses_is_fetched_again_once(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.exchange()
    caller = await caller_of(credentials)

    fresh = await credentials.again(caller)

    assert fresh is not None
    assert fresh.authorization == "Bearer access-2"
    assert fresh.identity == caller.identity
    assert await credentials.again(fresh) is None
    assert (await caller_of(credentials)).authorization == "Bearer access-2"
    assert len(server.asked) == 2


async def test_only_the_token_that_was_refused_is_discarded(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.exchange()
    callers = [await caller_of(credentials) for _ in range(20)]

    at_once = await asyncio.gather(*(credentials.again(caller) for caller in callers[:19]))
    late = await credentials.again(callers[19])

    told = {fresh.authorization for fresh in (*at_once, late) if fresh is not None}
    assert told == {"Bearer access-2"}
    assert len(server.asked) == 2


async def test_a_token_that_is_the_same_again_is_not_tried_again(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.exchange()
    caller = await caller_of(credentials)
    server.refusal = httpx.Response(200, json={"access_token": "access-1", "token_type": "bearer"})

    assert await credentials.again(caller) is None


async def test_the_401_of_one_application_costs_another_nothing(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.exchange()
    hospital, _ = await caller_of(credentials), await caller_of(credentials, PHARMACY)

    await credentials.again(hospital)

    assert (await caller_of(credentials, PHARMACY)).authorization == "Bearer access-2"
    assert len(server.asked) == 3


@pytest.mark.parametrize(("status", "told"), [(400, 502), (401, 502), (403, 502), (429, 503)])
async def test_a_refusal_of_the_token_endpoint_is_remembered_for_a_while(
    make: Maker, server: TokenServer, clock: Clock, status: int, told: int
) -> None:
    credentials = make.exchange()
    server.refuse(status, "unauthorized_client", retry_after="7")

    for _ in range(3):
        with pytest.raises(UpstreamStatusError) as caught:
            await caller_of(credentials)
    clock.let_pass(10)
    server.refusal = None

    assert (caught.value.status, caught.value.upstream_status) == (told, status)
    assert caught.value.headers == ({"Retry-After": "7"} if told == 503 else {})
    assert len(server.asked) == 1
    assert (await caller_of(credentials)).authorization == "Bearer access-2"


@pytest.mark.parametrize(
    ("failure", "status", "error"),
    [
        (None, 500, UpstreamStatusError),
        (None, 503, UpstreamStatusError),
        (None, 302, UpstreamStatusError),
        (httpx.ReadTimeout("x"), 0, UpstreamTimeoutError),
        (httpx.ConnectError("x"), 0, UpstreamUnreachableError),
    ],
)
async def test_a_token_endpoint_that_fails_is_an_upstream_that_fails_and_asked_again(
    make: Maker,
    server: TokenServer,
    failure: Exception | None,
    status: int,
    error: type[ProxyError],
) -> None:
    credentials = make.exchange()
    server.failure = failure
    server.refuse(status or 200)

    with pytest.raises(error) as caught:
        await caller_of(credentials)
    server.failure = server.refusal = None

    assert caught.value.status == {503: 503, 0: caught.value.status}.get(status, 502)
    assert (await caller_of(credentials)).authorization == "Bearer access-2"


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ({}, ["/access_token: invalid", "/token_type: invalid"]),
        ({"access_token": "a b", "token_type": "MAC"}, ["/access_token: ", "/token_type: "]),
        ({"access_token": "a\r\n", "token_type": 1}, ["/access_token: ", "/token_type: "]),
        ({"access_token": "a", "token_type": "bearer", "expires_in": 0}, ["/expires_in: "]),
        ({"access_token": "a", "token_type": "bearer", "expires_in": 10**400}, ["/expires_in: "]),
        ({"access_token": "a", "token_type": "bearer", "expires_in": True}, ["/expires_in: "]),
        ({"access_token": "a", "token_type": "bearer", "expires_in": "9"}, ["/expires_in: "]),
        ({"access_token": "a", "token_type": "bearer", "refresh_token": 1}, ["/refresh_token: "]),
        ([], ["(the whole document): not_an_object"]),
        (b"<html>", ["(the whole document): not_json"]),
    ],
)
async def test_an_answer_that_is_no_token_is_told_by_its_places(
    make: Maker, server: TokenServer, document: Any, places: list[str]
) -> None:
    raw = {"content": document} if isinstance(document, bytes) else {"json": document}
    server.refusal = httpx.Response(200, **raw)

    with pytest.raises(UpstreamContractError) as caught:
        await caller_of(make.exchange())

    found = [str(problem) for problem in caught.value.problems]
    assert len(found) == len(places)
    assert all(it.startswith(place) for it, place in zip(found, places, strict=True))


async def test_a_refusal_that_is_no_json_is_a_refusal_all_the_same(
    make: Maker, server: TokenServer
) -> None:
    server.refusal = httpx.Response(403, content=b"<html>")

    with pytest.raises(UpstreamStatusError) as caught:
        await caller_of(make.exchange())

    assert caught.value.upstream_status == 403


WRONG = {
    "a wrong secret": basic(HOSPITAL, "wrong"),
    "no secret": basic(HOSPITAL, ""),
    "an unknown uid": basic("nobody", "wrong"),
    "another's secret": basic(HOSPITAL, SECRETS[PHARMACY]),
    "no uid": basic("", ""),
    "no base64": "Basic !",
    "another scheme": "Digest x",
    "a certificate that is not shown": key_of(PHARMACY),
}


@pytest.mark.parametrize("authorization", WRONG.values(), ids=WRONG.keys())
async def test_wrong_credentials_cannot_be_told_apart(
    make: Maker, server: TokenServer, authorization: str
) -> None:
    """Trap 19."""
    credentials = make.exchange(
        applications=CERTIFIED, certificate_header="X-Subject", trusted_peers=PROXY
    )

    told = [await outcome(credentials, authorization) for _ in range(2)]

    assert set(told) == {await outcome(credentials)} == {"401 UnauthorizedError  {} "}
    assert server.asked == []


@pytest.mark.parametrize(
    "key", [basic(HOSPITAL, "wrong"), basic("nobody", "wrong")], ids=["known", "unknown"]
)
async def test_a_wrong_key_costs_one_check_for_a_while_whoever_it_names(
    make: Maker, clock: Clock, checks: list[Cost], key: str
) -> None:
    credentials = make.exchange()
    checks.clear()

    await asyncio.gather(*(outcome(credentials, key) for _ in range(20)))
    once = list(checks)
    clock.let_pass(WRONG_SECONDS)
    await outcome(credentials, key)

    assert once == [CHEAP]
    assert checks == [CHEAP, CHEAP]


async def test_somebody_unknown_is_checked_at_the_cost_of_the_dearest(
    make: Maker, checks: list[Cost]
) -> None:
    dear = SecretHash.of(SECRETS[HOSPITAL], (32, 8, 1))
    applications = APPLICATIONS.replace(APPLICATIONS.split('"')[1], str(dear))
    credentials = make.exchange(applications=applications)
    checks.clear()

    await outcome(credentials, basic("nobody", "wrong"))

    assert checks == [dear.cost]


async def test_a_right_key_is_checked_once_in_a_process(
    make: Maker, clock: Clock, checks: list[Cost]
) -> None:
    credentials = make.exchange()
    checks.clear()

    for _ in range(3):
        await caller_of(credentials)
        clock.let_pass(100_000)

    assert checks == [CHEAP]


async def test_wrong_keys_are_remembered_within_bounds(make: Maker, checks: list[Cost]) -> None:
    credentials = make.exchange()
    checks.clear()
    keys = [basic("nobody", str(number)) for number in range(WRONG_AT_MOST + 1)]
    for key in keys:
        await outcome(credentials, key)

    await outcome(credentials, keys[-1])
    remembered = len(checks)
    await outcome(credentials, keys[0])

    assert remembered == WRONG_AT_MOST + 1
    assert len(checks) == WRONG_AT_MOST + 2


async def test_who_guesses_and_leaves_keeps_nobody_out_for_long(
    make: Maker, checks: list[Cost]
) -> None:
    """A check goes on when who asked for it is gone: so no more than a few may wait."""
    credentials = make.exchange()
    checks.clear()
    guesses = [
        asyncio.create_task(credentials.caller(request(basic(HOSPITAL, f"wrong {number}"))))
        for number in range(100)
    ]
    await settled()

    for guess in guesses:
        guess.cancel()
    ended = await asyncio.gather(*guesses, return_exceptions=True)

    refused = [error for error in ended if isinstance(error, OverloadedError)]
    assert len(refused) == 100 - CHECKS
    assert refused[0].headers == {"Retry-After": "1"}
    await credentials.clients.close()
    assert len(checks) == CHECKS
    assert await credentials.caller(request(key_of(HOSPITAL)))


async def test_few_secrets_are_checked_at_one_time_and_none_on_the_loop(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = make.exchange()
    slow = SlowScrypt()
    monkeypatch.setattr(SCRYPT, lambda **given: slow)

    await asyncio.gather(
        *(outcome(credentials, basic("nobody", str(number))) for number in range(4 * SCRYPTS))
    )

    assert slow.most == SCRYPTS
    assert threading.get_ident() not in slow.threads


async def test_a_certificate_must_be_the_applications_own_and_told_by_a_trusted_peer(
    make: Maker,
) -> None:
    credentials = make.exchange(
        applications=CERTIFIED, certificate_header="X-Subject", trusted_peers=PROXY
    )
    refused = await outcome(credentials, "Basic !")

    right = await outcome(credentials, key_of(PHARMACY), x_subject="CN=pharmacy")
    another = await outcome(credentials, key_of(PHARMACY), x_subject="CN=hospital")
    untrusted = await outcome(
        credentials, key_of(PHARMACY), x_subject="CN=pharmacy", peer="192.0.2.8"
    )

    assert right == "Bearer access-1"
    assert another == untrusted == refused
    # An application that has none needs none, and may show one.
    assert await outcome(credentials, key_of(HOSPITAL), x_subject="x") == "Bearer access-2"


async def test_a_persons_token_goes_on_as_it_is(make: Maker, server: TokenServer) -> None:
    credentials = make.exchange()

    in_header = await credentials.caller(request("Bearer of-a-person"))
    in_query = await credentials.caller(request(query="access_token=of-a-person"))

    assert in_header.authorization == in_query.authorization == "Bearer of-a-person"
    assert in_header.identity == in_query.identity
    assert await credentials.again(in_header) is None
    assert server.asked == []


async def test_where_the_new_api_is_not_asked_a_key_is_checked_and_no_token_fetched(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.exchange()

    await credentials.check(request(key_of(HOSPITAL)))
    for shown in ([basic(HOSPITAL, "wrong")], [], ["Bearer whatever"]):
        with pytest.raises(UnauthorizedError):
            await credentials.check(request(*shown))

    assert server.asked == []


async def test_a_client_that_gives_up_takes_the_token_from_nobody(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.exchange()
    server.held = asyncio.Event()
    gone, waiting = (asyncio.create_task(caller_of(credentials)) for _ in range(2))
    await server.reached.wait()

    gone.cancel()
    server.held.set()

    assert (await waiting).authorization == "Bearer access-1"
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_closing_waits_for_what_is_under_way(make: Maker, server: TokenServer) -> None:
    credentials = make.exchange()
    server.held = asyncio.Event()
    asking = asyncio.create_task(caller_of(credentials))
    await server.reached.wait()

    closing = asyncio.create_task(credentials.close())
    await settled()
    assert not closing.done()
    server.held.set()
    await closing

    assert (await asking).authorization == "Bearer access-1"
