"""How the old API's `/oauth/token` said that somebody may not sign in."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from mappings.core.oauth import OAuthForm, SignInError
from mappings.mesvaccins import Options, build

ERRORS = typing.get_args(SignInError)
LANGUAGES = ("fr", "en")


def form_of(**options: Any) -> OAuthForm:
    form = build(Options.model_validate(options)).oauth
    assert form is not None
    return form


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_told_in_the_body_and_in_a_header(error: SignInError, language: str) -> None:
    form = form_of(errors={"language": language})

    body, header = form.error(error), form.headers(error)["WWW-Authenticate"]

    assert list(body) == ["error", "error_description"]
    assert body["error"] == error
    assert body["error_description"] == form.sentences[error]
    assert header.startswith(f'Bearer realm="{form.realm}", error="{error}", error_description="')
    assert header.count('"') == 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_header_holds_ascii_alone(language: str) -> None:
    form = form_of(errors={"language": language})

    for error in ERRORS:
        told = form.headers(error)["WWW-Authenticate"]
        assert told.isascii()
        assert len(told) > len(form.sentences[error])


def test_the_errors_for_a_wrong_password_and_an_unknown_refresh_token_are_options() -> None:
    options = {
        "bad_password_error": "invalid_resource_owner",
        "unknown_refresh_error": "invalid_request",
    }

    form = form_of(oauth=options)

    assert form.bad_password == "invalid_resource_owner"
    assert form.unknown_refresh == "invalid_request"
