"""What a request shows: one credential, wherever it stands, and the subject of a certificate."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from proxy.credentials import without_token
from proxy.credentials.shown import (
    TLS_SUBJECT,
    ClientCertificate,
    Key,
    authorization_of,
    bearer_of,
    key_of,
)
from proxy.errors import ConfigurationError, MalformedError, UnauthorizedError
from proxy.settings import Settings
from tests.proxy.conftest import UPSTREAM
from tests.proxy.credentials.conftest import basic, request

HEADER = "X-Client-Subject"
SUBJECT = "CN=hospital"


@pytest.mark.parametrize(
    ("shown", "query", "form_token", "found"),
    [
        ([], "", None, None),
        (["Bearer a"], "", None, "Bearer a"),
        (["Digest x"], "q=1", "", "Digest x"),
        ([], "access_token=a", None, "Bearer a"),
        ([], "q=1&bearer_token=a%2Bb%3D", None, "Bearer a+b="),
        ([], "access_token=", "a", "Bearer a"),
    ],
)
def test_a_token_in_the_query_or_in_a_form_is_moved_to_the_header(
    shown: list[str], query: str, form_token: str | None, found: str | None
) -> None:
    assert authorization_of(request(*shown, query=query), form_token) == found


@pytest.mark.parametrize(
    ("shown", "query", "form_token"),
    [
        (["Bearer a", "Bearer a"], "", None),
        (["Bearer a"], "access_token=a", None),
        (["Basic a"], "", "a"),
        ([], "access_token=a&bearer_token=a", None),
        ([], "access_token=a&access_token=a", None),
        ([], "access_token=a", "a"),
        ([], "&".join(["x=1"] * 101), None),
    ],
)
def test_a_second_credential_makes_a_request_malformed(
    shown: list[str], query: str, form_token: str | None
) -> None:
    with pytest.raises(MalformedError):
        authorization_of(request(*shown, query=query), form_token)


@pytest.mark.parametrize("token", ["a%0D%0AX:1", "a%20b", "%C3%A9", "%FF", "a%00", '"a"'])
def test_a_parameter_that_can_be_no_token_is_nobodys(token: str) -> None:
    with pytest.raises(UnauthorizedError):
        authorization_of(request(query=f"access_token={token}"))


@pytest.mark.parametrize(
    ("form", "rest", "token"),
    [
        ({"a": "1"}, {"a": "1"}, None),
        ({"a": "1", "access_token": "t"}, {"a": "1"}, "t"),
        ({"bearer_token": "t"}, {}, "t"),
        ({"bearer_token": "", "a": "1"}, {"a": "1"}, None),
        ({"access_token": ["t"]}, {"access_token": ["t"]}, None),
    ],
)
def test_the_token_in_a_form_is_split_off(
    form: dict[str, Any], rest: dict[str, Any], token: str | None
) -> None:
    before = dict(form)

    assert without_token(form) == (rest, token)
    assert form == before


def test_two_tokens_in_a_form_make_it_malformed() -> None:
    with pytest.raises(MalformedError):
        without_token({"access_token": "t", "bearer_token": "t"})


@pytest.mark.parametrize(
    ("authorization", "key"),
    [
        (basic("uid", "secret"), Key("uid", "secret")),
        (basic("uid", "a:b"), Key("uid", "a:b")),
        (basic("", ""), Key("", "")),
        ("bAsIc   " + base64.b64encode("é:è".encode()).decode(), Key("é", "è")),
        ("Basic " + base64.b64encode("é:è".encode("latin-1")).decode(), Key("é", "è")),
        ("Basic uid:secret", None),
        ("Basic " + base64.b64encode(b"uid").decode(), None),
        ("Bearer dTpz", None),
        ("Basic", None),
        (None, None),
    ],
)
def test_a_key_is_read_from_http_basic(authorization: str | None, key: Key | None) -> None:
    assert key_of(authorization) == key


def test_a_token_is_read_from_the_bearer_scheme() -> None:
    assert bearer_of("bearer  a") == "a"
    assert bearer_of("Basic a") is None
    assert bearer_of(None) is None


def test_a_secret_is_not_in_what_is_printed_of_a_key() -> None:
    assert repr(Key("uid", "secret")) == "Key(uid='uid')"


def header(peers: str = "192.0.2.0/24, 2001:db8::1") -> ClientCertificate:
    return ClientCertificate.of(
        Settings(upstream_url=UPSTREAM, certificate_header=HEADER, trusted_peers=peers)
    )


@pytest.mark.parametrize("peer", ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.9"])
def test_a_trusted_peer_tells_the_subject_of_a_certificate(peer: str) -> None:
    told = request(peer=peer, x_client_subject=SUBJECT)

    assert header().subject(told) == SUBJECT


@pytest.mark.parametrize("peer", ["192.0.3.7", "2001:db8::2", "::ffff:192.0.3.9", "a name", None])
def test_from_anybody_else_the_header_is_as_good_as_absent(peer: str | None) -> None:
    told = request(peer=peer, x_client_subject=SUBJECT)

    assert header().subject(told) is None


def test_a_subject_that_is_told_twice_is_not_told() -> None:
    told = request(x_client_subject=SUBJECT, X_Client_Subject=SUBJECT)

    assert header().subject(told) is None
    assert header().subject(request()) is None


@pytest.mark.parametrize("written", ["CN=é".encode().decode("latin-1"), "CN=é"])
def test_a_subject_is_read_in_utf_8_or_else_in_latin_1(written: str) -> None:
    assert header().subject(request(x_client_subject=written)) == "CN=é"


def test_without_the_setting_nobody_tells_a_subject() -> None:
    none = ClientCertificate.of(Settings(upstream_url=UPSTREAM))

    assert none.subject(request(x_client_subject=SUBJECT)) is None


def test_the_gateways_own_tls_tells_a_subject_before_any_header_does() -> None:
    told = request(peer="192.0.2.7", x_client_subject="CN=another")
    told.scope["state"] = {TLS_SUBJECT: SUBJECT}

    assert header().subject(told) == SUBJECT
    assert ClientCertificate.of(Settings(upstream_url=UPSTREAM)).subject(told) == SUBJECT


def test_a_header_that_nobody_may_send_is_a_mistake() -> None:
    settings = Settings(upstream_url=UPSTREAM, certificate_header=HEADER)

    with pytest.raises(ConfigurationError, match=r"^PASSERELLE_TRUSTED_PEERS: it must be set"):
        ClientCertificate.of(settings)
