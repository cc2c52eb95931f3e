"""TLS of the gateway itself: its certificate, renewed without a restart, and those of clients."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from proxy.errors import ConfigurationError
from proxy.observe.logs import log
from proxy.settings import PREFIX, FrontSettings
from proxy.settings.pem import PemFile, load_authorities, load_chain

SHUTDOWN_SECONDS = 24 * 60 * 60
"""Never reached: how long an ending connection has is for its `Outlet` to say, as without TLS."""

CHECK_SECONDS = 2.0
"""How often, at most, the files are looked at."""

Clock = Callable[[], float]
State = tuple[tuple[int, int, int] | None, ...]


def server_context(settings: FrontSettings, clock: Clock = time.monotonic) -> ssl.SSLContext | None:
    """The gateway's side of TLS, where a certificate is set; raises `ConfigurationError`."""
    if settings.tls_certificate is not None:
        return _Renewed(ssl.PROTOCOL_TLS_SERVER, settings, settings.tls_certificate, clock)
    for setting, given in (
        ("TLS_KEY", settings.tls_key),
        ("TLS_CLIENT_CA", settings.tls_client_ca),
        ("TLS_CLIENTS=required", settings.tls_clients == "required"),
    ):
        if given:
            raise ConfigurationError(
                f"{PREFIX}TLS_CERTIFICATE: it must be set for {PREFIX}{setting}; name the PEM "
                "file of the gateway's certificate"
            )
    return None


def bounding_handshakes(
    loop: asyncio.AbstractEventLoop, seconds: float
) -> asyncio.AbstractEventLoop:
    """
    The same loop, whose servers give a handshake so long.

    The protocol, which has deadlines of its own, is not there before the handshake is over; loops
    give it a minute, and uvicorn has no setting for it.
    """
    bounded = partial(
        loop.create_server,
        ssl_handshake_timeout=seconds,
        # It counts while the last answer is still taken, and would cut it.
        ssl_shutdown_timeout=SHUTDOWN_SECONDS,
    )
    loop.create_server = bounded  # type: ignore[method-assign]  # uvicorn itself makes the call
    return loop


def subject_of(transport: asyncio.BaseTransport) -> str | None:
    """The subject of the certificate that a client has shown, as RFC 4514 writes it."""
    secured = transport.get_extra_info("ssl_object")
    shown = secured.getpeercert(binary_form=True) if secured is not None else None
    if shown is None:
        return None
    # It takes 7 MB, and is asked only where clients show certificates.
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        return x509.load_der_x509_certificate(shown).subject.rfc4514_string()
    except ValueError:
        # OpenSSL believed it, but its subject cannot be told: then it is nobody's.
        return None


class _Renewed(ssl.SSLContext):
    """
    Begins each connection with what the files hold now.

    All of it: were the context swapped in an SNI callback, the sessions of the old one would stay,
    and with one of them a client comes in whose authority is believed no more.
    """

    def __init__(
        self, protocol: int, settings: FrontSettings, certificate: Path, clock: Clock
    ) -> None:
        self._settings, self._certificate, self._clock = settings, certificate, clock
        files = (certificate, settings.tls_key, settings.tls_client_ca)
        self._files = tuple(path for path in files if path is not None)
        self._checked_at = clock()
        # Before they are read: what is written in between is seen as a change.
        self._state = self._now()
        self._current = _context(settings, certificate)

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """What asyncio and uvloop call for a new connection."""
        if self._clock() - self._checked_at >= CHECK_SECONDS:
            self._renew()
        return self._current.wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def _renew(self) -> None:
        self._checked_at = self._clock()
        state = self._now()
        if state == self._state:
            return
        self._state = state
        try:
            self._current = _context(self._settings, self._certificate)
        except ConfigurationError as error:
            log.warning("certificate not reloaded", reason=str(error))
        else:
            log.info("certificate reloaded")

    def _now(self) -> State:
        return tuple(_state(path) for path in self._files)


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _context(settings: FrontSettings, certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    load_chain(
        context,
        PemFile("TLS_CERTIFICATE", certificate),
        PemFile("TLS_KEY", settings.tls_key or certificate),
    )
    if settings.tls_client_ca is not None:
        load_authorities(context, PemFile("TLS_CLIENT_CA", settings.tls_client_ca))
        required = settings.tls_clients == "required"
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    elif settings.tls_clients == "required":
        raise ConfigurationError(
            f"{PREFIX}TLS_CLIENT_CA: it must be set for {PREFIX}TLS_CLIENTS=required; name the PEM "
            "file of the authorities whose clients are let in"
        )
    return context
