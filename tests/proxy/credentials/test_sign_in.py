"""`POST /oauth/token`: the new API's tokens in the old API's form, and its refusals."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from mappings.core.oauth import SignInError
from mappings.mesvaccins.errors import Language
from mappings.mesvaccins.oauth import SENTENCES, OAuth, oauth_form
from proxy.credentials.errors import GrantRefusedError
from proxy.errors import MalformedError, UpstreamContractError, UpstreamTimeoutError
from tests.proxy.credentials.conftest import (
    APPLICATIONS,
    HOSPITAL,
    PHARMACY,
    SECRETS,
    TOKEN_URL,
    Maker,
    TokenServer,
    basic,
    key_of,
    request,
    sign_in,
    signed_in,
)

PASSWORD = {"grant_type": "password", "username": "anatole", "password": "pass"}
REFRESH = {"grant_type": "refresh_token", "refresh_token": "refresh-1"}


LANGUAGES: tuple[Language, ...] = ("fr", "en")


def told(answer: Response, error: SignInError) -> None:
    """This is how the old API refuses, with this error."""
    document = json.loads(bytes(answer.body))
    assert answer.status_code == 401
    assert list(document.items()) == [
        ("error", error),
        ("error_description", SENTENCES["fr"][error]),
    ]
    assert answer.headers["www-authenticate"].startswith(
        f'Bearer realm="Doorkeeper", error="{error}", error_description="'
    )
    assert answer.headers["www-authenticate"].isascii()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"


@pytest.mark.parametrize("mode", ["passthrough", "exchange"])
async def test_a_password_gives_a_pair_of_tokens_in_the_old_form(
    make: Maker, server: TokenServer, mode: str
) -> None:
    answer = await signed_in(make(credentials=mode), key_of(HOSPITAL), **PASSWORD)

    assert answer.status_code == 200
    assert bytes(answer.body) == (
        b'{"access_token":"access-1","refresh_token":"refresh-1",'
        b'"token_type":"bearer","expires_in":300}'
    )
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert server.urls == {TOKEN_URL}


async def test_a_known_application_signs_in_as_its_own_client(
    make: Maker, server: TokenServer
) -> None:
    credentials = make.exchange(applications=APPLICATIONS + '\nscope = "openid"\n')

    await signed_in(credentials, key_of(PHARMACY), **PASSWORD)

    assert server.asked == [
        {
            "client": "pharmacy-client",
            "secret": "pharmacy-uid-modern-secret",
            **PASSWORD,
            "scope": "openid",
        }
    ]


@pytest.mark.parametrize("mode", ["passthrough", "exchange"])
async def test_a_refresh_token_gives_a_new_pair(
    make: Maker, server: TokenServer, mode: str
) -> None:
    credentials = make(credentials=mode)
    await signed_in(credentials, key_of(HOSPITAL), **PASSWORD)

    answer = await signed_in(credentials, key_of(HOSPITAL), **REFRESH)

    assert json.loads(bytes(answer.body))["refresh_token"] == "refresh-2"
    assert server.asked[1] == {**server.asked[1], **REFRESH}
    assert "scope" not in server.asked[1]


async def test_a_refresh_token_that_stays_good_is_told_again(
    make: Maker, server: TokenServer
) -> None:
    server.rotates = False
    credentials = make()
    await signed_in(credentials, key_of(HOSPITAL), **PASSWORD)

    answer = await signed_in(credentials, key_of(HOSPITAL), **REFRESH)

    assert json.loads(bytes(answer.body))["refresh_token"] == "refresh-1"


async def test_without_a_refresh_token_there_is_none_to_tell(
    make: Maker, server: TokenServer
) -> None:
    server.refreshes = False

    answer = await signed_in(make(), key_of(HOSPITAL), **PASSWORD)

    assert list(json.loads(bytes(answer.body))) == ["access_token", "token_type", "expires_in"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'\xef\xbb\xbf {"grant_type": "password", "username": "\\u00e9",'),
        ("", b'{"grant_type": "password", "username": "\xc3\xa9",'),
        ("application/x-www-form-urlencoded", b"grant_type=password&username=%C3%A9&"),
        (
            "application/x-www-form-urlencoded; charset=ISO-8859-1",
            b"grant_type=password&username=%E9&",
        ),
        ("", b"grant_type=password&username=%C3%A9&"),
    ],
)
async def test_parameters_come_as_json_or_as_a_form(
    make: Maker, server: TokenServer, content_type: str, body: bytes
) -> None:
    body += b'"password": "p"}' if b"{" in body else b"password=p"
    asking = request(key_of(HOSPITAL), content_type=content_type)

    answer = await sign_in(make(), asking, body)

    assert answer.status_code == 200
    assert server.asked[0]["username"] == "é"


@pytest.mark.parametrize("mode", ["passthrough", "exchange"])
async def test_an_applications_key_may_come_in_the_body(
    make: Maker, server: TokenServer, mode: str
) -> None:
    key = {"client_id": HOSPITAL, "client_secret": SECRETS[HOSPITAL]}

    answer = await signed_in(make(credentials=mode), **key, **PASSWORD)
    beside = await signed_in(make(credentials=mode), "Bearer whatever", **key, **PASSWORD)

    assert answer.status_code == beside.status_code == 200
    assert "client_secret" not in server.asked[0]


async def test_a_key_in_the_header_goes_before_one_in_the_body(make: Maker) -> None:
    wrong = {"client_id": PHARMACY, "client_secret": "wrong"}

    answer = await signed_in(make.exchange(), key_of(HOSPITAL), **wrong, **PASSWORD)

    assert answer.status_code == 200


WRONG_KEYS: dict[str, tuple[str | None, dict[str, str]]] = {
    "none": (None, {}),
    "no secret in the body": (None, {"client_id": HOSPITAL}),
    "a wrong secret": (basic(HOSPITAL, "wrong"), {}),
    "an unknown uid": (basic("nobody", "wrong"), {}),
    "a wrong one in the body": (None, {"client_id": HOSPITAL, "client_secret": "wrong"}),
    "another scheme": ("Bearer x", {}),
    "a certificate that is not shown": (key_of(PHARMACY), {}),
}


async def test_wrong_keys_cannot_be_told_apart(make: Maker, server: TokenServer) -> None:
    """Trap 19."""
    credentials = make.exchange(
        applications=APPLICATIONS + '\ncertificate = "CN=pharmacy"\n',
        certificate_header="X-Subject",
        trusted_peers="192.0.2.7",
    )

    answers = [
        await signed_in(credentials, authorization, **parameters, **PASSWORD)
        for authorization, parameters in WRONG_KEYS.values()
    ]

    for answer in answers:
        told(answer, "invalid_client")
    assert len({(answer.body, tuple(answer.raw_headers)) for answer in answers}) == 1
    assert server.asked == []


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": ["password"]}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "anatole"}, "invalid_request"),
        ({"grant_type": "password", "password": "pass"}, "invalid_request"),
        ({"grant_type": "password", "username": 1, "password": "pass"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": None}, "invalid_request"),
    ],
)
async def test_what_is_missing_or_not_offered_is_refused_without_asking(
    make: Maker, server: TokenServer, parameters: dict[str, Any], error: SignInError
) -> None:
    told(await signed_in(make.exchange(), key_of(HOSPITAL), **parameters), error)

    assert server.asked == []


async def test_without_any_key_nobody_is_signed_in(make: Maker, server: TokenServer) -> None:
    for mode in ("passthrough", "exchange"):
        told(await signed_in(make(credentials=mode), **PASSWORD), "invalid_client")

    assert server.asked == []


async def test_an_array_has_no_parameters(make: Maker) -> None:
    told(await sign_in(make(), request(key_of(HOSPITAL)), b"[]"), "invalid_request")
    told(await sign_in(make(), request(key_of(HOSPITAL)), b""), "invalid_request")


@pytest.mark.parametrize("body", [b'{"grant_type": ', b'{"a": 1, "a": 2}', b"a=1&a=2"])
async def test_a_body_that_cannot_be_read_is_malformed(make: Maker, body: bytes) -> None:
    with pytest.raises(MalformedError):
        await sign_in(make(), request(key_of(HOSPITAL)), body)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (OAuth(), "invalid_grant"),
        (OAuth(bad_password_error="invalid_resource_owner"), "invalid_resource_owner"),
    ],
)
async def test_a_wrong_password_is_told_by_the_error_that_the_pack_says(
    make: Maker, server: TokenServer, options: OAuth, error: SignInError
) -> None:
    server.refuse(401, "invalid_grant")

    answer = await signed_in(make.exchange(options=options), key_of(HOSPITAL), **PASSWORD)

    told(answer, error)
    assert b"Hidden5e2b84" not in bytes(answer.body)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (OAuth(), "invalid_grant"),
        (OAuth(unknown_refresh_error="invalid_request"), "invalid_request"),
    ],
)
async def test_an_unknown_refresh_token_is_told_by_the_error_that_the_pack_says(
    make: Maker, options: OAuth, error: SignInError
) -> None:
    answer = await signed_in(make.exchange(options=options), key_of(HOSPITAL), **REFRESH)

    told(answer, error)


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
@pytest.mark.parametrize("parameters", [PASSWORD, REFRESH], ids=["password", "refresh"])
async def test_an_application_that_only_the_new_api_knows_is_refused_by_it(
    make: Maker, server: TokenServer, error: str, parameters: dict[str, str]
) -> None:
    server.refuse(401, error)

    told(await signed_in(make(), key_of(HOSPITAL), **parameters), "invalid_client")


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
@pytest.mark.parametrize("parameters", [PASSWORD, REFRESH], ids=["password", "refresh"])
async def test_a_client_that_was_mapped_wrongly_is_no_fault_of_the_applications(
    make: Maker, server: TokenServer, error: str, parameters: dict[str, str]
) -> None:
    server.refuse(401, error)

    with pytest.raises(GrantRefusedError) as caught:
        await signed_in(make.exchange(), key_of(HOSPITAL), **parameters)

    assert (caught.value.status, str(caught.value)) == (502, "upstream status 401")


@pytest.mark.parametrize(
    ("status", "error", "seen"),
    [(400, "invalid_scope", 502), (400, "Canary", 502), (429, None, 503), (500, None, 502)],
)
async def test_any_other_refusal_is_the_new_apis_fault(
    make: Maker, server: TokenServer, status: int, error: str | None, seen: int
) -> None:
    server.refuse(status, error)

    with pytest.raises(GrantRefusedError) as caught:
        await signed_in(make(), key_of(HOSPITAL), **PASSWORD)

    assert caught.value.status == seen
    assert caught.value.error in ("", "invalid_scope")


async def test_a_token_endpoint_that_does_not_answer_is_told_as_elsewhere(
    make: Maker, server: TokenServer
) -> None:
    server.failure = httpx.ReadTimeout("x")
    with pytest.raises(UpstreamTimeoutError):
        await signed_in(make(), key_of(HOSPITAL), **PASSWORD)
    server.failure, server.refusal = None, httpx.Response(200, content=b"<html>")

    with pytest.raises(UpstreamContractError):
        await signed_in(make(), key_of(HOSPITAL), **PASSWORD)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("error", SENTENCES["fr"])
def test_every_error_has_a_sentence_that_a_header_can_hold(
    language: Language, error: SignInError
) -> None:
    form = oauth_form(OAuth(), language)

    told_in_header = form.headers(error)["WWW-Authenticate"]

    assert form.error(error) == {
        "error": error,
        "error_description": SENTENCES[language][error],
    }
    assert told_in_header.isascii()
    assert told_in_header.count('"') == 6
    assert "\\" not in told_in_header
    assert told_in_header.startswith('Bearer realm="Doorkeeper", error=')
