"""No secret and no token is ever in a line, in the text of an error, or in a refusal."""

from __future__ import annotations

import io
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from proxy.credentials import Credentials
from proxy.credentials.hashes import SecretHash
from proxy.errors import ProxyError
from tests.proxy.credentials.conftest import (
    CHEAP,
    Maker,
    TokenServer,
    basic,
    request,
    signed_in,
)

CANARY = "Canary7f3a91"
HIDDEN = "Hidden5e2b84"
APPLICATION = f"""
[applications.uid]
secret = "{SecretHash.of(CANARY, CHEAP)}"
client_id = "client"
client_secret = "{HIDDEN}"
certificate = "CN={CANARY}"
"""
CERTIFICATE = {"x_subject": f"CN={CANARY}"}
KEY = basic("uid", CANARY)
WRONG = basic("uid", CANARY + "x")

Step = Callable[[Credentials], Awaitable[object]]

STEPS: dict[str, Step] = {
    "a key": lambda it: it.caller(request(KEY, **CERTIFICATE)),
    "a wrong key": lambda it: it.caller(request(WRONG, **CERTIFICATE)),
    "a wrong certificate": lambda it: it.caller(request(KEY, x_subject=CANARY)),
    "a token": lambda it: it.caller(request(f"Bearer {CANARY}")),
    "a token in the query": lambda it: it.caller(request(query=f"access_token={CANARY}")),
    "a token that is none": lambda it: it.caller(request(query=f"access_token={CANARY}%0A")),
    "two tokens": lambda it: it.caller(request(f"Bearer {CANARY}", query=f"access_token={CANARY}")),
    "a password": lambda it: signed_in(
        it, KEY, grant_type="password", username=CANARY, password=CANARY
    ),
    "a wrong key and a password": lambda it: signed_in(
        it, WRONG, grant_type="password", username=CANARY, password=CANARY
    ),
    "a refresh token": lambda it: signed_in(
        it, KEY, grant_type="refresh_token", refresh_token=CANARY
    ),
    "a grant that is none": lambda it: signed_in(it, KEY, grant_type=CANARY),
    "a body that is none": lambda it: it.sign_in(request(KEY), f'{{"a": "{CANARY}'.encode()),
}
SERVERS: dict[str, httpx.Response | Exception | None] = {
    "gives": None,
    "gives what is no token": httpx.Response(200, json={"access_token": HIDDEN, HIDDEN: CANARY}),
    "gives no JSON": httpx.Response(200, content=HIDDEN.encode()),
    "refuses the grant": httpx.Response(
        400, json={"error": "invalid_grant", "error_description": HIDDEN}
    ),
    "refuses the client": httpx.Response(
        401, json={"error": "invalid_client", "error_description": HIDDEN}
    ),
    "refuses in words of its own": httpx.Response(403, json={"error": HIDDEN}),
    "fails": httpx.Response(500, content=HIDDEN.encode()),
    "times out": httpx.ReadTimeout(HIDDEN),
    "is not there": httpx.ConnectError(HIDDEN),
}


@pytest.mark.parametrize(
    "settings",
    [
        {"credentials": mode, "tokens": tokens}
        for mode in ("passthrough", "exchange")
        for tokens in ("upstream", "opaque")
    ],
    ids=lambda settings: "-".join(settings.values()),
)
@pytest.mark.parametrize("answer", SERVERS.values(), ids=SERVERS.keys())
async def test_no_secret_is_in_a_line_or_an_error(
    make: Maker,
    server: TokenServer,
    every_line: io.StringIO,
    settings: dict[str, Any],
    answer: httpx.Response | Exception | None,
) -> None:
    server.failure = answer if isinstance(answer, Exception) else None
    server.refusal = answer if isinstance(answer, httpx.Response) else None
    credentials = make(
        **settings,
        applications=APPLICATION,
        certificate_header="X-Subject",
        trusted_peers="192.0.2.7",
    )

    said = []
    for step in STEPS.values():
        try:
            said.append(repr(await step(credentials)))
        except ProxyError as error:
            said += [str(error), repr(error), str(error.headers)]
            said += traceback.format_exception_only(error)
        make.clock.let_pass(100)

    told = "\n".join([*said, every_line.getvalue()])
    assert CANARY not in told
    assert HIDDEN not in told
    assert "access-" not in told
