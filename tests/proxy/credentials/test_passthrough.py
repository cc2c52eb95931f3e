"""Credentials that go on as they are."""

from __future__ import annotations

import pytest

from proxy.credentials import Caller
from proxy.errors import MalformedError, NotFoundError
from tests.proxy.credentials.conftest import (
    HOSPITAL,
    Maker,
    TokenServer,
    basic,
    key_of,
    request,
    signed_in,
)


@pytest.mark.parametrize("authorization", ["Bearer a", "Basic uid:secret", "Digest é"])
async def test_the_header_goes_on_as_it_came(make: Maker, authorization: str) -> None:
    caller = await make().caller(request(authorization))

    assert caller.authorization == authorization
    assert caller.identity == authorization


async def test_without_a_credential_none_is_sent(make: Maker) -> None:
    caller = await make().caller(request())

    assert caller.authorization is None
    assert caller.identity == ""


async def test_a_token_of_a_form_goes_on_in_the_header(make: Maker) -> None:
    caller = await make().caller(request(), "from-a-form")

    assert caller.authorization == "Bearer from-a-form"


async def test_a_401_is_the_clients_own(make: Maker, server: TokenServer) -> None:
    credentials = make()
    caller = await credentials.caller(request("Bearer a"))

    assert await credentials.again(caller) is None
    assert server.asked == []


async def test_what_the_new_api_is_not_asked_for_needs_no_credential(make: Maker) -> None:
    credentials = make()

    await credentials.check(request())
    await credentials.check(request("Basic whatever"))
    with pytest.raises(MalformedError):
        await credentials.check(request("Bearer a", query="access_token=a"))


async def test_nothing_is_needed_but_the_new_api(make: Maker) -> None:
    credentials = make(token_url=None, keys=None)

    assert (await credentials.caller(request("Bearer a"))).authorization == "Bearer a"
    with pytest.raises(NotFoundError):
        await signed_in(credentials, key_of(HOSPITAL), grant_type="password")


async def test_an_application_signs_people_in_with_its_own_key(
    make: Maker, server: TokenServer
) -> None:
    answer = await signed_in(
        make(),
        basic("its own uid", "sécret+"),
        grant_type="password",
        username="anatole",
        password="mot de passe é",
    )

    assert answer.status_code == 200
    assert server.asked == [
        {
            "client": "its own uid",
            "secret": "sécret+",
            "grant_type": "password",
            "username": "anatole",
            "password": "mot de passe é",
        }
    ]


def test_a_credential_is_not_in_what_is_printed_of_a_caller() -> None:
    assert repr(Caller("Bearer secret", "Bearer secret")) == "Caller(client='')"
