"""TLS towards the new API: it is verified, always; no setting turns that off."""

from __future__ import annotations

import ssl

import httpx

from proxy.errors import ConfigurationError
from proxy.settings import PREFIX, BehindSettings
from proxy.settings.pem import PemFile, load_authorities, load_chain


def client_context(settings: BehindSettings) -> ssl.SSLContext:
    """
    What a server must show, and what it is shown; raises `ConfigurationError`.

    With authorities of its own, the gateway believes those and no others.
    """
    if settings.upstream_ca is None:
        # As httpx does it, but for the variables of OpenSSL: only settings change whom we believe.
        context = httpx.create_ssl_context(trust_env=False)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        load_authorities(context, PemFile("UPSTREAM_CA", settings.upstream_ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A name in the subject is none that a certificate vouches for (RFC 9525, section 2).
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    certificate = settings.upstream_certificate
    if certificate is not None:
        load_chain(
            context,
            PemFile("UPSTREAM_CERTIFICATE", certificate),
            PemFile("UPSTREAM_KEY", settings.upstream_key or certificate),
        )
    elif settings.upstream_key is not None:
        raise ConfigurationError(
            f"{PREFIX}UPSTREAM_CERTIFICATE: it must be set for {PREFIX}UPSTREAM_KEY; name the PEM "
            "file of the certificate that it was made with"
        )
    return context
