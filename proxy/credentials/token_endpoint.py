"""The new API's token endpoint (OAuth 2.0, RFC 6749): asked for tokens, by a client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from mappings.core.errors import Problem
from proxy import strict_json
from proxy.credentials.applications import Client
from proxy.credentials.errors import GrantRefusedError
from proxy.errors import UpstreamContractError
from proxy.observe.logs import log
from proxy.upstream.client import Reply, Upstream

UNTOLD_SECONDS = 60
"""How long a token is taken to be good that does not say it."""

EARLY = 0.8
"""From this part of its life on a token is renewed, while it still serves."""

ERRORS = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
LONGEST_SECONDS = 10 * 366 * 24 * 60 * 60
"""A life that is longer is no life of a token."""

TEXT = re.compile(r"[\x21-\x7e]+", re.ASCII)
MAX_DEPTH = 16
OPERATION = "POST token"


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token endpoint gives."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    seconds: int
    """How long the access token is good."""


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where the new API gives out tokens."""

    upstream: Upstream

    async def ask(self, client: Client, grant_type: str, **parameters: str) -> Grant:
        """
        Tokens for this client.

        Raises `GrantRefusedError`, `UpstreamContractError`, `UpstreamTimeoutError`,
        `UpstreamUnreachableError`.
        """
        form = {"grant_type": grant_type, **parameters}
        if client.scope and grant_type != "refresh_token":
            form["scope"] = client.scope
        headers = [
            ("authorization", client.authorization),
            ("content-type", "application/x-www-form-urlencoded"),
        ]
        reply = await self.upstream.ask(
            "POST",
            "",
            headers,
            urlencode(form).encode(),
            operation=OPERATION,
            caller=client.authorization,
        )
        if reply.status != 200:
            raise _refusal(reply)
        return _grant(_document(reply))


def _refusal(reply: Reply) -> GrantRefusedError:
    """The error that it told. A grant that is not valid is a person's own affair; no other is."""
    try:
        told = _document(reply).get("error")
    except UpstreamContractError:
        told = None
    error = told if isinstance(told, str) and told in ERRORS else ""
    refusal = GrantRefusedError(reply.status, error, reply.retry_after)
    if not refusal.of_grant:
        log.warning("token endpoint refused", error=error, upstream_status=reply.status)
    return refusal


def _document(reply: Reply) -> Mapping[str, Any]:
    try:
        document = strict_json.parse(reply.body, MAX_DEPTH)
    except strict_json.NotStrictJsonError as error:
        raise UpstreamContractError([Problem("", "not_json")]) from error
    if not isinstance(document, dict):
        raise UpstreamContractError([Problem("", "not_an_object")])
    return document


def _grant(document: Mapping[str, Any]) -> Grant:
    access, refresh = document.get("access_token"), document.get("refresh_token")
    kind, seconds = document.get("token_type"), document.get("expires_in", UNTOLD_SECONDS)
    fits = {
        "access_token": _is_token(access),
        "refresh_token": refresh is None or _is_token(refresh),
        "token_type": isinstance(kind, str) and kind.lower() == "bearer",
        "expires_in": type(seconds) is int and 0 < seconds <= LONGEST_SECONDS,
    }
    if not all(fits.values()):
        wrong = [Problem(f"/{name}", "invalid") for name, good in fits.items() if not good]
        raise UpstreamContractError(wrong)
    return Grant(str(access), refresh, seconds)


def _is_token(value: object) -> bool:
    return isinstance(value, str) and TEXT.fullmatch(value) is not None
