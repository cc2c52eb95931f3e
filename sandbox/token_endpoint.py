"""The token endpoint, with the answers and the errors of Keycloak."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response

from sandbox.calls import Call, expect_media_type
from sandbox.tokens import CLIENTS, USERS, Tokens

PATH_END: Final = "/protocol/openid-connect/token"
"""How the path of every realm's token endpoint ends."""

_WRONG_CLIENT: Final = "Invalid client or Invalid client credentials"


@dataclass(frozen=True)
class TokenEndpoint:
    """Gives tokens to the clients and users that are known, whatever the realm is called."""

    tokens: Tokens

    def answer(self, call: Call) -> Response:
        """Give tokens, or say why not."""
        expect_media_type(call, "application/x-www-form-urlencoded")
        form = parse_form(call.body)
        if "grant_type" not in form:
            return _refusal(400, "invalid_request", "Missing form parameter: grant_type")
        grant = {
            "client_credentials": self._to_client,
            "password": self._to_user,
            "refresh_token": self._again,
        }.get(form["grant_type"])
        if grant is None:
            return _refusal(400, "unsupported_grant_type", "Unsupported grant_type")
        client, secret = _client_credentials(call.headers, form)
        if client not in CLIENTS:
            return _refusal(401, "invalid_client", _WRONG_CLIENT)
        if secret != CLIENTS[client]:
            return _refusal(401, "unauthorized_client", _WRONG_CLIENT)
        return grant(client, form)

    def _to_client(self, client: str, _form: dict[str, str]) -> Response:
        return _uncached(self.tokens.issue_to_client(client))

    def _to_user(self, client: str, form: dict[str, str]) -> Response:
        user = form.get("username", "")
        if user not in USERS or form.get("password") != USERS[user]:
            return _refusal(401, "invalid_grant", "Invalid user credentials")
        return _uncached(self.tokens.issue_to_user(user, client))

    def _again(self, client: str, form: dict[str, str]) -> Response:
        issued = self.tokens.refresh(form.get("refresh_token", ""), client)
        if issued is None:
            return _refusal(400, "invalid_grant", "Invalid refresh token")
        return _uncached(issued)


def parse_form(body: bytes) -> dict[str, str]:
    """Give the fields of a form; bytes that are no text become marks of themselves."""
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _client_credentials(headers: Headers, form: dict[str, str]) -> tuple[str, str]:
    basic = _basic(headers.get("authorization", ""))
    # As in Keycloak, the form wins over the header.
    return form.get("client_id", basic[0]), form.get("client_secret", basic[1])


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
    except ValueError:
        decoded = ""
    client, _, secret = decoded.partition(":")
    # Both are form-encoded before they are joined (RFC 6749, section 2.3.1).
    return unquote_plus(client), unquote_plus(secret)


def _uncached(document: dict[str, object], status: int = 200) -> Response:
    return JSONResponse(document, status, {"Cache-Control": "no-store", "Pragma": "no-cache"})


def _refusal(status: int, error: str, description: str) -> Response:
    return _uncached({"error": error, "error_description": description}, status)
