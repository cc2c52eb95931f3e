"""The old API's token endpoint: passwords and refresh tokens, carried to the new API's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mappings.core.oauth import OAuthForm
from mappings.core.pack import Pack
from proxy.credentials.applications import Client
from proxy.credentials.clients import Clients
from proxy.credentials.errors import GrantRefusedError, SignInRefusedError
from proxy.credentials.opaque import OpaqueTokens
from proxy.credentials.shown import Key, key_of
from proxy.credentials.token_endpoint import Grant, TokenEndpoint
from proxy.errors import UnauthorizedError
from proxy.journey import answers, legacy_body
from proxy.journey.answers import Answer
from proxy.legacy_request import LegacyRequest

UNCACHED = {"Pragma": "no-cache"}
"""Beside Cache-Control, which every answer has (RFC 6749, section 5.1)."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Signs people in, for legacy applications that may."""

    endpoint: TokenEndpoint
    clients: Clients
    opaque: OpaqueTokens | None
    """Where the gateway gives out tokens of its own."""
    form: OAuthForm
    pack: Pack
    max_depth: int

    async def answer(self, request: LegacyRequest, body: bytes, subject: str | None) -> Answer:
        """The legacy answer, or the legacy refusal; raises what is no fault of the client's."""
        document = legacy_body.parse(
            body, request.fields.get(b"content-type") or "", self.pack.charset, self.max_depth
        )
        said = _texts(document)
        try:
            grant = await self._granted(request, said, subject)
        except SignInRefusedError as refusal:
            told = answers.encode(self.form.error(refusal.error), self.pack)
            headers = {**UNCACHED, **self.form.headers(refusal.error)}
            return answers.answer(refusal.status, told, headers, head=False)
        return answers.answer(200, answers.encode(_told(grant), self.pack), UNCACHED, head=False)

    async def _granted(
        self, request: LegacyRequest, said: Mapping[str, str], subject: str | None
    ) -> Grant:
        grant_type = said.get("grant_type")
        if grant_type is None:
            raise SignInRefusedError("invalid_request")
        if grant_type not in ("password", "refresh_token"):
            raise SignInRefusedError("unsupported_grant_type")
        try:
            client = await self.clients.of(_key(request, said), subject)
        except UnauthorizedError as error:
            raise SignInRefusedError("invalid_client") from error
        try:
            if grant_type == "password":
                return await self._by_password(client, said)
            return await self._by_refresh_token(client, said)
        except GrantRefusedError as error:
            # A client that was found here and is refused there is the operator's to mend.
            if not error.of_client or self.clients.checks:
                raise
            raise SignInRefusedError("invalid_client") from error

    async def _by_password(self, client: Client, said: Mapping[str, str]) -> Grant:
        if "username" not in said or "password" not in said:
            raise SignInRefusedError("invalid_request")
        try:
            grant = await self.endpoint.ask(
                client, "password", username=said["username"], password=said["password"]
            )
        except GrantRefusedError as error:
            if not error.of_grant:
                raise
            raise SignInRefusedError(self.form.bad_password) from error
        return grant if self.opaque is None else await self.opaque.give(client, grant)

    async def _by_refresh_token(self, client: Client, said: Mapping[str, str]) -> Grant:
        token = said.get("refresh_token")
        if token is None:
            raise SignInRefusedError("invalid_request")
        try:
            if self.opaque is not None:
                return await self.opaque.exchange(client, token)
            grant = await self.endpoint.ask(client, "refresh_token", refresh_token=token)
        except UnauthorizedError as error:
            raise SignInRefusedError(self.form.unknown_refresh) from error
        except GrantRefusedError as error:
            if not error.of_grant:
                raise
            raise SignInRefusedError(self.form.unknown_refresh) from error
        # One that does not rotate stays good, and is not always told again (RFC 6749, section 6).
        return Grant(grant.access, grant.refresh or token, grant.seconds)


def _texts(document: Any) -> dict[str, str]:
    """The parameters that say something; anything else is as good as absent."""
    if not isinstance(document, dict):
        return {}
    return {name: value for name, value in document.items() if isinstance(value, str) and value}


def _key(request: LegacyRequest, said: Mapping[str, str]) -> Key | None:
    """The application's key, by HTTP Basic or else in the body."""
    key = key_of(request.fields.get(b"authorization"))
    if key is None and "client_id" in said and "client_secret" in said:
        return Key(said["client_id"], said["client_secret"])
    return key


def _told(grant: Grant) -> dict[str, object]:
    """The pair in the old API's order of keys."""
    told = {
        "access_token": grant.access,
        "refresh_token": grant.refresh,
        "token_type": "bearer",
        "expires_in": grant.seconds,
    }
    return {name: value for name, value in told.items() if value is not None}
