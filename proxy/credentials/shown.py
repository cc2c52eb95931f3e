"""What a request shows of who sends it: a key, a token, the subject of a certificate."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import parse_qsl

from proxy.errors import ConfigurationError, MalformedError, UnauthorizedError
from proxy.legacy_request import LegacyRequest
from proxy.settings import PREFIX, Networks, Settings

TLS_SUBJECT = "passerelle.subject"
"""Under this name the state of a request may hold the subject of its client's certificate."""

PARAMETERS = ("access_token", "bearer_token")
"""By these names a token may come in the query or in a form, where no header has one."""

MAX_PARAMETERS = 100
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
"""What may stand behind Bearer (RFC 6750, section 2.1)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A legacy application's key: uid and secret."""

    uid: str
    secret: str = field(repr=False)


def authorization_of(request: LegacyRequest, form_token: str | None = None) -> str | None:
    """
    The one credential of a request, as an Authorization header has it.

    Raises `MalformedError` for more than one: two readers of the request could take different ones.
    """
    tokens = _tokens_in(request.query) if request.query else []
    tokens += [form_token] if form_token else []
    headers = request.fields.every(b"authorization")
    if len(headers) + len(tokens) > 1:
        raise MalformedError
    if not tokens:
        return headers[0] if headers else None
    if not TOKEN.fullmatch(tokens[0]):
        raise UnauthorizedError
    return f"Bearer {tokens[0]}"


def _tokens_in(query: bytes) -> list[str]:
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:
        raise MalformedError from error
    return [value for name, value in pairs if name in PARAMETERS and value]


def without_token(form: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """A form without the token in it, and that token; raises `MalformedError` for two of them."""
    if form.keys().isdisjoint(PARAMETERS):
        return form, None
    tokens = [form[name] for name in PARAMETERS if isinstance(form.get(name), str)]
    if len(tokens) > 1:
        raise MalformedError
    rest = {
        name: value
        for name, value in form.items()
        if name not in PARAMETERS or not isinstance(value, str)
    }
    return rest, (tokens[0] if tokens else None) or None


def bearer_of(authorization: str | None) -> str | None:
    """The token in an Authorization header, if it has one."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def key_of(authorization: str | None) -> Key | None:
    """The key in an Authorization header, if it has one."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        return None
    uid, colon, secret = _text(pair).partition(":")
    return Key(uid, secret) if colon else None


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Who tells the subject of a client certificate: our own TLS, or a proxy in front."""

    name: str | None
    peers: Networks

    @classmethod
    def of(cls, settings: Settings) -> ClientCertificate:
        """As the settings say; raises `ConfigurationError` for a header that nobody may send."""
        if settings.certificate_header is not None and not settings.trusted_peers:
            raise ConfigurationError(
                f"{PREFIX}TRUSTED_PEERS: it must be set, or nobody's "
                f"{settings.certificate_header} is believed"
            )
        return cls(settings.certificate_header, settings.trusted_peers)

    def subject(self, request: LegacyRequest) -> str | None:
        """That of our own TLS, else the one that a trusted peer tells, where it is just one."""
        own: str | None = request.scope.get("state", {}).get(TLS_SUBJECT)
        if own is not None:
            return own
        if self.name is None or not self._trusts(request):
            return None
        told = request.fields.every(self.name.lower().encode("latin-1"))
        return _text(told[0].encode("latin-1")) if len(told) == 1 else None

    def _trusts(self, request: LegacyRequest) -> bool:
        client = request.scope.get("client")
        try:
            address = ip_address(client[0] if client else "")
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self.peers)


def _text(raw: bytes) -> str:
    """What old software wrote, in UTF-8 or else in Latin-1."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
