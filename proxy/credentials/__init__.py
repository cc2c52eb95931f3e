"""Sign-in: whose request it is, and the credential that the new API is shown for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mappings.core.pack import Pack
from proxy.credentials.applications import SOURCE, read_applications
from proxy.credentials.client_tokens import ClientTokens
from proxy.credentials.clients import Clients, MappedClients, OwnClients
from proxy.credentials.credentials import Caller, Credentials
from proxy.credentials.opaque import OpaqueTokens
from proxy.credentials.shown import PARAMETERS, ClientCertificate, without_token
from proxy.credentials.sign_in import SignIn
from proxy.credentials.token_endpoint import TokenEndpoint
from proxy.errors import ConfigurationError
from proxy.settings import PREFIX, Settings
from proxy.store.store import Store
from proxy.upstream.client import Carrier, Upstream
from proxy.upstream.counting import Count, uncounted

__all__ = ["PARAMETERS", "Caller", "Credentials", "make_credentials", "without_token"]


def make_credentials(
    settings: Settings,
    store: Store,
    pack: Pack,
    clock: Callable[[], datetime],
    *,
    transport: Carrier | None = None,
    count: Count = uncounted,
) -> Credentials:
    """
    The credentials as the settings ask for them; `transport` is under the calls of the token
    endpoint, for tests. Raises `ConfigurationError`.
    """
    certificate = ClientCertificate.of(settings)
    clients = _clients(settings, certificate, clock)
    if settings.token_url is None:
        _refuse_without_token_url(settings)
        return Credentials(certificate=certificate, clients=clients)
    endpoint_settings = settings.model_copy(update={"upstream_url": settings.token_url})
    upstream = Upstream(endpoint_settings, transport, count)
    endpoint = TokenEndpoint(upstream)
    opaque = None
    if settings.tokens == "opaque":
        opaque = _opaque(store, pack, endpoint, clients, clock)
    signing_in = None
    if pack.oauth is not None:
        signing_in = SignIn(endpoint, clients, opaque, pack.oauth, pack, settings.max_depth)
    return Credentials(
        certificate=certificate,
        clients=clients,
        upstream=upstream,
        tokens=ClientTokens(endpoint, clock) if settings.credentials == "exchange" else None,
        opaque=opaque,
        signing_in=signing_in,
    )


def _clients(
    settings: Settings, certificate: ClientCertificate, clock: Callable[[], datetime]
) -> Clients:
    if settings.credentials == "passthrough":
        return OwnClients()
    if settings.applications is None:
        raise ConfigurationError(f"{SOURCE}: it must be set for {PREFIX}CREDENTIALS=exchange")
    applications = read_applications(settings.applications)
    told = certificate.name is not None or settings.tls_client_ca is not None
    if not told and any(it.certificate for it in applications.values()):
        raise ConfigurationError(
            f"{PREFIX}TLS_CLIENT_CA: it must be set, or {PREFIX}CERTIFICATE_HEADER, for an "
            "application has a certificate"
        )
    return MappedClients(applications, clock)


def _opaque(
    store: Store,
    pack: Pack,
    endpoint: TokenEndpoint,
    clients: Clients,
    clock: Callable[[], datetime],
) -> OpaqueTokens:
    if pack.oauth is None:
        raise ConfigurationError(f"{PREFIX}TOKENS: opaque: pack {pack.name} signs nobody in")
    if not store.keeps:
        raise ConfigurationError(
            f"{PREFIX}KEYS_FILE: no key to seal the tokens behind the gateway's own; "
            "`passerelle store new-key` makes one"
        )
    return OpaqueTokens(store, endpoint, clients, pack.oauth.lifetime_seconds, clock)


def _refuse_without_token_url(settings: Settings) -> None:
    for name, needs in (("credentials", "exchange"), ("tokens", "opaque")):
        if getattr(settings, name) == needs:
            raise ConfigurationError(
                f"{PREFIX}TOKEN_URL: it must be set for {PREFIX}{name.upper()}={needs}"
            )
