"""Whose request it is, and what the new API is shown instead of the legacy credential."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from proxy.credentials.applications import Client
from proxy.credentials.client_tokens import ClientTokens
from proxy.credentials.clients import Clients
from proxy.credentials.opaque import OpaqueTokens
from proxy.credentials.shown import ClientCertificate, authorization_of, bearer_of, key_of
from proxy.credentials.sign_in import SignIn
from proxy.errors import NotFoundError
from proxy.journey.answers import Answer
from proxy.legacy_request import Fields, LegacyRequest
from proxy.upstream.client import Upstream


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is."""

    identity: str = field(repr=False)
    """What tells this caller from others; the legacy credential itself."""
    authorization: str | None = field(repr=False)
    """The header's value that goes to the new API; none: it is not sent."""
    client: str = ""
    """The uid of the legacy application, where it is one of the operator's list."""
    renew: Callable[[], Awaitable[Caller | None]] | None = field(default=None, repr=False)
    """Makes the same caller with a fresh token, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the settings make of the credentials of legacy applications."""

    certificate: ClientCertificate
    clients: Clients
    upstream: Upstream | None = None
    """The token endpoint's, where one is configured."""
    tokens: ClientTokens | None = None
    """Where keys are exchanged: the tokens of the clients behind them."""
    opaque: OpaqueTokens | None = None
    """Where the gateway gives out tokens of its own."""
    signing_in: SignIn | None = None

    async def caller(self, request: LegacyRequest, form_token: str | None = None) -> Caller:
        """
        Whose request it is; `form_token` is one that came in the body, by `without_token`.

        Raises `UnauthorizedError`, `MalformedError`, and `UpstreamError` where no token can be had.
        """
        shown = authorization_of(request, form_token)
        if self.opaque is None and self.tokens is None:
            return Caller(shown or "", shown)
        bearer, subject = bearer_of(shown), self.certificate.subject(request)
        if bearer is not None and self.opaque is not None:
            client, access = await self.opaque.token(bearer, subject)
            after = partial(self.opaque.after, bearer, subject, access)
        elif bearer is not None or self.tokens is None:
            return Caller(shown or "", shown)
        else:
            client = await self.clients.of(key_of(shown), subject)
            access = await self.tokens.token(client)
            after = partial(self.tokens.after, client, access)
        made = partial(Caller, shown or "", client=self._listed(client))
        return made(f"Bearer {access}", renew=partial(_renewed, made, after))

    def plainly(self, fields: Fields) -> Caller | None:
        """Whose every request with such a head is, where nothing but the head decides it."""
        shown = fields.every(b"authorization")
        if self.opaque is not None or self.tokens is not None or len(shown) > 1:
            return None
        return Caller(*([shown[0]] * 2 if shown else ["", None]))

    async def check(self, request: LegacyRequest) -> str:
        """
        Make sure of the caller where the new API is not asked, and give its `client`; raises as
        `caller` does.

        Where keys are exchanged, a token that only the new API could judge is not enough.
        """
        shown = authorization_of(request)
        bearer, subject = bearer_of(shown), self.certificate.subject(request)
        if bearer is not None and self.opaque is not None:
            return self._listed((await self.opaque.behind(bearer, subject)).client)
        if self.tokens is not None:
            return self._listed(await self.clients.of(key_of(shown), subject))
        return ""

    def _listed(self, client: Client) -> str:
        return client.application if self.clients.checks else ""

    async def again(self, caller: Caller) -> Caller | None:
        """After a 401 of the new API: the caller with a fresh token, once, if there can be one."""
        return None if caller.renew is None else await caller.renew()

    async def sign_in(self, request: LegacyRequest, body: bytes) -> Answer:
        """The old API's token endpoint; raises `NotFoundError` where there is none behind it."""
        if self.signing_in is None:
            raise NotFoundError
        return await self.signing_in.answer(request, body, self.certificate.subject(request))

    async def close(self) -> None:
        """Wait for what is under way, then close the connections."""
        await self.clients.close()
        if self.tokens is not None:
            await self.tokens.close()
        if self.opaque is not None:
            await self.opaque.close()
        if self.upstream is not None:
            await self.upstream.close()


async def _renewed(
    made: Callable[[str], Caller], after: Callable[[], Awaitable[str | None]]
) -> Caller | None:
    token = await after()
    return None if token is None else made(f"Bearer {token}")
