"""The certificates that the gateway shows: whose they are, and how long they last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from proxy.cli.checks.finding import Finding, misconfigured, ok, warning
from proxy.errors import ConfigurationError
from proxy.front.tls import server_context
from proxy.settings import PREFIX, Settings
from proxy.upstream.tls import client_context

if TYPE_CHECKING:
    from cryptography import x509

SOON = timedelta(days=30)
"""A certificate that ends earlier is to be renewed now."""


def own(settings: Settings) -> Sequence[Finding]:
    """The certificate for legacy applications: its key, its dates and its names."""
    try:
        server_context(settings)
    except ConfigurationError as error:
        return [misconfigured("tls", error)]
    if settings.tls_certificate is None:
        return [
            ok("tls", "tls: none of the gateway's own; end TLS before it (docs/operating/tls.md)")
        ]
    chain = _chain(settings.tls_certificate)
    told = _dated("tls", f"{PREFIX}TLS_CERTIFICATE", chain)
    return [told, *_unnamed(settings, names_of(chain[0]))]


def shown(settings: Settings) -> Sequence[Finding]:
    """What the new API is shown, and whom the gateway believes there."""
    if not any(
        url.startswith("https:") for url in (settings.upstream_url, settings.token_url or "")
    ):
        return []
    try:
        client_context(settings)
    except ConfigurationError as error:
        return [misconfigured("upstream tls", error)]
    if settings.upstream_certificate is None:
        return []
    chain = _chain(settings.upstream_certificate)
    return [_dated("upstream tls", f"{PREFIX}UPSTREAM_CERTIFICATE", chain)]


def lasting(check: str, subject: str, ends: datetime, renew: str) -> Finding | None:
    """What is to be said of something that ends so; nothing where that is far."""
    left = ends - datetime.now(UTC)
    if left < SOON:
        return warning(check, f"{subject} ends in {left.days} days, on {ends:%Y-%m-%d}; {renew}")
    return None


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The hosts that a certificate vouches for."""
    # It takes 7 MB, and only this command looks into certificates.
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (
        *found.get_values_for_type(x509.DNSName),
        *map(str, found.get_values_for_type(x509.IPAddress)),
    )


def covers(names: Iterable[str], host: str) -> bool:
    """Whether one of these names is this host's; a star stands for its first part alone."""
    host = host.lower().strip("[]")
    above = host.partition(".")[2]
    return any(name.lower() in (host, f"*.{above}") for name in names)


def _chain(path: Path) -> list[x509.Certificate]:
    """Its certificates, which OpenSSL has taken before."""
    from cryptography import x509  # noqa: PLC0415 - as in names_of

    return x509.load_pem_x509_certificates(path.read_bytes())


def _dated(check: str, setting: str, chain: Sequence[x509.Certificate]) -> Finding:
    now = datetime.now(UTC)
    begins = max(it.not_valid_before_utc for it in chain)
    ends = min(it.not_valid_after_utc for it in chain)
    if now < begins:
        told = f"not valid before {begins:%Y-%m-%d %H:%M} UTC; is the clock of this machine right?"
        return misconfigured(check, f"{setting}: {told}")
    if now > ends:
        return misconfigured(
            check, f"{setting}: it ended on {ends:%Y-%m-%d}; put a renewed one there"
        )
    renew = "put a renewed one in its place"
    names = ", ".join(names_of(chain[0])) or "no host"
    told = f"{check}: certificate of {names}, until {ends:%Y-%m-%d}"
    return lasting(check, f"{setting}: it", ends, renew) or ok(check, told)


def _unnamed(settings: Settings, names: Sequence[str]) -> Iterator[Finding]:
    """The hosts under which legacy applications come that the certificate does not vouch for."""
    public = urlsplit(settings.public_url or "").hostname
    asked = {**dict.fromkeys(settings.hosts, "HOSTS"), **({public: "PUBLIC_URL"} if public else {})}
    for host, setting in asked.items():
        if not covers(names, host):
            told = f"{PREFIX}TLS_CERTIFICATE: it does not name {host} ({PREFIX}{setting})"
            yield warning("tls", f"{told}; applications that come there refuse it")
