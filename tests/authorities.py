"""Throw-away authorities, and the certificates that they and nobody else would give out."""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PURPOSES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}
DAY = timedelta(days=1)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, password: str | None = None) -> bytes:
        """The key, encrypted where there is a password."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode())
            if password
            else serialization.NoEncryption(),
        )

    def write(self, path: Path) -> Path:
        """Both into one file, at once: a reader finds the old file or the new one."""
        beside = path.with_suffix(".new")
        beside.write_bytes(self.pem + self.key_pem())
        os.replace(beside, path)
        return path


@dataclass(frozen=True)
class Authority:
    """Somebody who vouches, for those who believe it."""

    name: str = "Throw-away authority"

    @cached_property
    def itself(self) -> Issued:
        """Its own certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Issued(_signed(_name(self.name), _name(self.name), key, key, authority=True), key)

    def issue(
        self,
        name: str = "localhost",
        *,
        names: tuple[str, ...] = ("localhost", "127.0.0.1"),
        purpose: Literal["server", "client"] = "server",
        begins: timedelta = -DAY,
        ends: timedelta = DAY,
        key: Key | None = None,
    ) -> Issued:
        """A certificate of this authority; its life is told from now."""
        own = key or ec.generate_private_key(ec.SECP256R1())
        issuer = self.itself
        extensions: list[x509.ExtensionType] = [x509.ExtendedKeyUsage([PURPOSES[purpose]])]
        if names:
            extensions.append(x509.SubjectAlternativeName([_alternative(it) for it in names]))
        signed = _signed(
            _name(name),
            issuer.certificate.subject,
            own,
            issuer.key,
            begins=begins,
            ends=ends,
            extensions=extensions,
        )
        return Issued(signed, own)

    def write(self, path: Path) -> Path:
        """Its certificate, for those who believe it."""
        path.write_bytes(self.itself.pem)
        return path

    def server_context(self, folder: Path, issued: Issued | None = None) -> ssl.SSLContext:
        """A server that shows a certificate of this authority, or the one given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain((issued or self.issue()).write(folder / "served.pem"))
        return context

    def client_context(self, folder: Path, issued: Issued | None = None) -> ssl.SSLContext:
        """A client that believes this authority, and shows the certificate given."""
        context = ssl.create_default_context(cadata=self.itself.pem.decode())
        if issued is not None:
            context.load_cert_chain(issued.write(folder / "shown.pem"))
        return context


def self_signed(name: str = "localhost") -> Issued:
    """A certificate for which nobody vouches but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([_alternative(it) for it in (name, "127.0.0.1")])
    return Issued(_signed(_name(name), _name(name), key, key, extensions=[names]), key)


def handshake(
    client: ssl.SSLContext,
    server: ssl.SSLContext,
    *,
    name: str = "localhost",
    session: ssl.SSLSession | None = None,
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Both sides, once they have come to terms in memory; raises `ssl.SSLError` if they do not."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(down, up, server_hostname=name, session=session)
    answering = server.wrap_bio(up, down, server_side=True)
    waiting = [asking, answering]
    while waiting:
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
    return asking, answering


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Éditeur inventé"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    own: Key,
    signing: Key,
    *,
    begins: timedelta = -DAY,
    ends: timedelta = DAY,
    extensions: Sequence[x509.ExtensionType] = (),
    authority: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=authority,
                crl_sign=authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(signing, hashes.SHA256())
