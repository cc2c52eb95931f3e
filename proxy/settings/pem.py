"""Certificates, keys and authorities: PEM files that settings name."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from proxy.errors import ConfigurationError
from proxy.settings.remembered import PREFIX

MISMATCHES = frozenset({"KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})
"""What OpenSSL says of a key that is another certificate's: of the same kind, or another."""


@dataclass(frozen=True, slots=True)
class PemFile:
    """A file, and the setting that names it."""

    setting: str
    path: Path

    def wrong(self, reason: str) -> ConfigurationError:
        """What is said of a file that cannot be used."""
        return ConfigurationError(f"{PREFIX}{self.setting}: {self.path}: {reason}")

    def must_hold(self, kind: str) -> None:
        """Raises `ConfigurationError` for a file without anything of a kind."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise self.wrong(f"{error.strerror}; name a file that the gateway can read") from error
        if f"{kind}-----".encode() not in data:
            raise self.wrong(
                f"no {kind.lower()} in it; name a PEM file, which has a line -----BEGIN {kind}-----"
            )


class _EncryptedError(Exception):
    """A password would be needed."""


def _password() -> str:
    # Without this, OpenSSL would ask whoever sits at the terminal, and wait.
    raise _EncryptedError


def load_chain(context: ssl.SSLContext, certificate: PemFile, key: PemFile) -> None:
    """Let a context show a certificate; raises `ConfigurationError`."""
    certificate.must_hold("CERTIFICATE")
    key.must_hold("PRIVATE KEY")
    try:
        context.load_cert_chain(certificate.path, key.path, _password)
    except _EncryptedError:
        raise key.wrong(
            f"the key is encrypted; `openssl pkey -in {key.path} -out FILE` takes that off"
        ) from None
    except OSError as error:
        if getattr(error, "reason", None) in MISMATCHES:
            raise key.wrong(
                f"not the key of {PREFIX}{certificate.setting}; name the one that it was made with"
            ) from error
        damaged = key if _is_whole(certificate) else certificate
        raise damaged.wrong("OpenSSL cannot use it; is it whole, and strong enough?") from error


def load_authorities(context: ssl.SSLContext, authorities: PemFile) -> None:
    """Let a context believe these authorities too; raises `ConfigurationError`."""
    authorities.must_hold("CERTIFICATE")
    try:
        context.load_verify_locations(authorities.path)
    except OSError as error:
        raise authorities.wrong("OpenSSL cannot read it; is it whole?") from error


def _is_whole(certificate: PemFile) -> bool:
    # It takes 7 MB, and is asked only where OpenSSL has refused a file.
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        return bool(x509.load_pem_x509_certificates(certificate.path.read_bytes()))
    except (OSError, ValueError):
        return False
